"""What alerts say of times: starts that nobody sent, ends that overtake their beginning."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.alert import Alert, AlertStatus
from incidents.correlate import with_known_starts
from incidents.incident import Incident

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


def alert(service: str | None, fingerprint: str = "f") -> Alert:
    return Alert(
        source="alertmanager", title="t", service=service, starts_at=NOW, received_at=NOW,
        fingerprint=fingerprint,
    )  # fmt: skip


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


def test_of_one_firing_the_end_is_the_last_word_whichever_came_first() -> None:
    over = alert("web").model_copy(update={"status": AlertStatus.RESOLVED, "ends_at": NOW})
    fires, anew = alert("web"), alert("web").model_copy(update={"starts_at": NOW + timedelta(minutes=5)})
    working_on = Incident.opened("INC-1", (fires,), NOW, "playbook", None)
    for told in ((fires,), (over, anew), (fires, over, anew)):
        assert working_on.evolve(alerts=told).firing
    for told in ((fires, over), (over, fires)):
        assert not working_on.evolve(alerts=told).firing
