"""A storm of alerts is one incident, two faults are two."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.alert import Alert, AlertStatus
from incidents.catalogue import Catalogue, Service
from incidents.correlate import home_of, with_known_starts
from incidents.incident import Incident
from incidents.severity import Status

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
CATALOGUE = Catalogue(
    services=(
        Service(name="web", depends_on=("checkout",)),
        Service(name="checkout", depends_on=("database",)),
        Service(name="search", depends_on=("database",)),
        Service(name="database"),
        Service(name="mail"),
    )
)


def alert(service: str | None, fingerprint: str = "f") -> Alert:
    return Alert(
        source="alertmanager", title="t", service=service, starts_at=NOW, received_at=NOW,
        fingerprint=fingerprint,
    )  # fmt: skip


def incident(service: str, minutes_ago: float = 5, status: Status = Status.OPEN) -> Incident:
    at = NOW - timedelta(minutes=minutes_ago)
    return Incident(
        id=f"INC-{service}", title="t", engine="playbook", opened_at=at, step_since=at, status=status,
        alerts=(alert(service, f"of {service}"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("service", "open_one", "joins"),
    [
        ("checkout", incident("checkout"), True),
        ("web", incident("database"), True),  # it needs what is broken, over two calls
        ("database", incident("web"), True),  # what is broken needs it
        ("search", incident("checkout"), False),  # both only need the same
        ("mail", incident("checkout"), False),
        (None, incident("checkout"), False),
        ("checkout", incident("checkout", minutes_ago=16), False),
        ("checkout", incident("checkout", status=Status.RESOLVED), False),
    ],
)
def test_an_alert_joins_a_young_open_incident_that_it_is_connected_with(
    service: str | None, open_one: Incident, joins: bool
) -> None:
    home = home_of([alert(service)], [open_one], CATALOGUE, NOW, timedelta(minutes=15))
    assert (home is not None) == joins


def test_a_known_condition_stays_with_its_incident_however_old() -> None:
    old = incident("mail", minutes_ago=600)
    assert home_of([alert(None, "of mail")], [old], CATALOGUE, NOW, timedelta(minutes=15)) == old


def test_the_youngest_of_several_is_joined() -> None:
    young, older = incident("database", 2), incident("checkout", 9)
    assert home_of([alert("checkout")], [older, young], CATALOGUE, NOW, timedelta(minutes=15)) == young


def unset(minute: int, status: AlertStatus = AlertStatus.FIRING) -> Alert:
    """An alert without a start, received at a minute: it counts from then."""
    at = NOW + timedelta(minutes=minute)
    update = {"starts_at": at, "received_at": at, "start_sent": False, "status": status}
    return alert("web").model_copy(update=update)


def test_an_alert_without_a_start_repeats_or_ends_the_firing_that_is_known() -> None:
    first, over = unset(0), unset(5, AlertStatus.RESOLVED)
    (repeated,) = with_known_starts([unset(1)], [first])
    assert repeated.identity == first.identity
    (ended,) = with_known_starts([over], [first])
    assert (ended.starts_at, ended.firing) == (first.starts_at, False)
    (ended_again,) = with_known_starts([unset(6, AlertStatus.RESOLVED)], [first, ended])
    assert ended_again.identity == ended.identity


def test_an_alert_without_a_start_that_fires_after_its_end_is_a_new_firing() -> None:
    over = unset(5, AlertStatus.RESOLVED)
    (again,) = with_known_starts([unset(9)], [unset(0), over])
    assert again.starts_at == NOW + timedelta(minutes=9)
    sent = alert("web")
    assert with_known_starts([sent], [unset(0)]) == (sent,), "a start that was sent stands"


@pytest.mark.parametrize("year", ["0001", "1970", "2199", "9999"])
def test_a_stored_alert_whose_times_no_arithmetic_can_use_counts_from_its_receipt(year: str) -> None:
    kept = alert("web").model_dump(mode="json")
    absurd = dict.fromkeys(("starts_at", "ends_at"), f"{year}-01-01T00:00:00Z")
    read = Alert.model_validate(kept | absurd)
    assert (read.starts_at, read.ends_at, read.since) == (NOW, NOW, NOW)
