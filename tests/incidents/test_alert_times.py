"""What alerts say of times: starts that nobody sent, ends that overtake their beginning."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.alert import Alert, AlertStatus
from incidents.incident import Incident

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


def alert(service: str | None, fingerprint: str = "f") -> Alert:
    return Alert(
        source="alertmanager", title="t", service=service, starts_at=NOW, received_at=NOW,
        fingerprint=fingerprint,
    )  # fmt: skip


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
