"""When it happened, from the state alone; what is not known stays unknown."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.incident import Incident
from incidents.milestones import milestones
from incidents.reports import Impact
from incidents.severity import Status
from tests.nexus import sample
from tests.nexus.sample import at


def test_a_resolved_incident_has_all_its_times() -> None:
    times = milestones(sample.resolved())
    assert times.introduced == at(-1.9)
    assert times.detected == at(0)
    assert times.acknowledged == at(1.2)
    assert times.taken is None, "the agents began; no person said that they have it"
    assert (times.mitigated, times.resolved) == (at(16), at(47))
    assert times.impact_seconds == pytest.approx(17.9 * 60)


def test_what_is_not_known_is_none_and_not_zero() -> None:
    times = milestones(sample.opened())
    assert (times.introduced, times.acknowledged, times.mitigated, times.resolved) == (None,) * 4
    assert times.detected == at(0)
    assert times.impact_seconds is None


def affected(customers: bool | None, **changes: object) -> Incident:
    return sample.resolved().evolve(impact=Impact(customers_affected=customers), **changes)


def test_users_that_were_not_affected_lost_no_time() -> None:
    assert milestones(affected(False)).impact_seconds == 0
    assert milestones(affected(None)).impact_seconds is None


def test_without_an_onset_the_alerts_own_start_counts() -> None:
    assert milestones(affected(True, diagnosis=None)).impact_seconds == 18 * 60


def test_an_incident_that_ended_by_itself_lasted_until_its_end() -> None:
    assert milestones(affected(True, mitigated_at=None)).impact_seconds == pytest.approx(48.9 * 60)


def test_handed_over_is_not_resolved() -> None:
    times = milestones(affected(True, status=Status.HANDED_OVER, mitigated_at=None))
    assert (times.resolved, times.impact_seconds) == (None, None)


@given(st.integers(-10_000, 10_000), st.integers(-10_000, 10_000))
def test_an_impact_is_never_negative(onset: int, mitigated: int) -> None:
    incident = sample.resolved()
    assert incident.diagnosis is not None
    diagnosis = incident.diagnosis.model_copy(update={"onset": at(0) + timedelta(seconds=onset)})
    found = milestones(affected(True, diagnosis=diagnosis, mitigated_at=at(0) + timedelta(seconds=mitigated)))
    # The sample's watch judged what was from its minute 17 on.
    assert found.impact_seconds == max(min(mitigated, 17 * 60) - onset, 0)
