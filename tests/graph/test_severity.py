"""Severity: facts set the floor."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from graph.events import apply_event
from graph.severity import classify, escalated_severity
from incidents.action import ActionState
from incidents.events import AlertsArrived
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.reports import Impact
from incidents.severity import Severity, Step
from incidents.severity_floor import floor_of
from tests.agents.stage import proposal, rollback
from tests.graph.harness import RUNBOOK, alert, incident

NOW = datetime(2026, 3, 12, tzinfo=UTC)
FACTS = st.builds(
    Facts,
    at=st.just(NOW),
    error_ratio=st.none() | st.floats(0, 1),
    latency_times=st.none() | st.floats(0, 100),
    down=st.sampled_from([(), ("web",)]),
    quiet=st.sampled_from([True, False, None]),
)
SEVERITIES = st.lists(st.sampled_from(Severity), max_size=3).map(tuple)


@given(FACTS, st.booleans(), SEVERITIES)
def test_no_role_can_go_below_the_floor_of_the_facts(
    facts: Facts, breach: bool, said: tuple[Severity, ...]
) -> None:
    impact = Impact(data_breach_suspected=breach)
    floor = floor_of(facts, impact, RUNBOOK)
    found = classify(incident(), facts, impact, said, RUNBOOK).severity
    if floor is not None:
        assert found.rank <= floor.severity.rank
    assert all(found.rank <= one.rank for one in said)


@given(FACTS, SEVERITIES)
def test_a_persons_word_stands(facts: Facts, said: tuple[Severity, ...]) -> None:
    pinned = incident().evolve(severity=Severity.P3, severity_by="ana")
    assert classify(pinned, facts, Impact(), said, RUNBOOK).severity is Severity.P3


def test_the_examples_of_the_runbook_hold() -> None:
    def level(breach: bool = False, **facts: object) -> Severity | None:
        measured = Facts.model_validate({"at": NOW, **facts})
        found = floor_of(measured, Impact(data_breach_suspected=breach), RUNBOOK)
        return found.severity if found else None

    assert level(down=("web",)) is Severity.P0
    assert level(breach=True) is Severity.P0
    assert level(error_ratio=0.5) is Severity.P1
    assert level(latency_times=10) is Severity.P1
    assert level(error_ratio=0.001, latency_times=1.1) is None


def test_it_is_lowered_only_when_a_role_asks_and_the_facts_allow() -> None:
    calm = Facts(at=NOW, error_ratio=0.0, quiet=False)
    high = incident().evolve(severity=Severity.P1)
    assert classify(high, calm, Impact(), (), RUNBOOK).severity is Severity.P1
    assert classify(high, calm, Impact(), (Severity.P2,), RUNBOOK).severity is Severity.P2
    burning = Facts(at=NOW, error_ratio=0.6)
    assert classify(high, burning, Impact(), (Severity.P2,), RUNBOOK).severity is Severity.P1


def test_it_is_not_lowered_while_a_change_waits() -> None:
    silent = Facts(at=NOW, quiet=True)
    changes = {state: proposal(rollback("web", "1"), state) for state in ActionState}
    waiting = incident().evolve(severity=Severity.P1, proposals=(changes[ActionState.APPROVED],))
    assert classify(waiting, silent, Impact(), (Severity.P3,), RUNBOOK).severity is Severity.P1
    over = waiting.evolve(proposals=(changes[ActionState.REVOKED], changes[ActionState.DONE]))
    assert classify(over, silent, Impact(), (Severity.P3,), RUNBOOK).severity is Severity.P3


def test_what_nobody_speaks_to_again_stays_as_it_was_found() -> None:
    quiet = Facts(at=NOW, quiet=True)
    found = incident().evolve(severity=Severity.P2)  # its alert is critical; a role knew better
    assert classify(found, quiet, Impact(), (), RUNBOOK).severity is Severity.P2
    assert classify(incident(), quiet, Impact(), (), RUNBOOK).severity is Severity.P1


def test_before_anything_can_be_measured_the_alert_is_the_floor() -> None:
    early = Facts(at=NOW, error_ratio=0.0)
    assert classify(incident(), early, Impact(), (Severity.P3,), RUNBOOK).severity is Severity.P1


def told(*levels: str) -> Incident:
    """A P3 by these alerts."""
    sent = tuple(
        alert().model_copy(update={"severity": level, "fingerprint": f"{number}"})
        for number, level in enumerate(levels)
    )
    return incident().evolve(alerts=sent, severity=Severity.P3)


def test_an_alert_that_is_more_severe_than_those_before_raises_it() -> None:
    def level(before: Incident, after: Incident) -> Severity | None:
        found = escalated_severity(before, after, RUNBOOK)
        return found.severity if found else None

    assert level(told("ticket"), told("ticket", "page")) is Severity.P1
    assert level(told("ticket"), told("ticket", "ticket")) is None  # it was weighed at the triage
    assert level(told("page"), told("page", "ticket")) is None
    assert level(told("ticket"), told("ticket", "")) is None
    pinned = told("ticket").evolve(severity_by="ana")
    assert level(pinned, pinned.evolve(alerts=told("page").alerts)) is None


def test_what_is_measured_later_raises_it_and_never_lowers_it() -> None:
    before = told("ticket")
    outage = escalated_severity(before, before.evolve(facts=Facts(at=NOW, down=("web",))), RUNBOOK)
    assert outage is not None
    assert outage.severity is Severity.P0
    calm = Facts(at=NOW, error_ratio=0.0, quiet=True)
    assert escalated_severity(before.evolve(severity=Severity.P0), before.evolve(facts=calm), RUNBOOK) is None


def test_the_event_that_brings_it_says_so() -> None:
    page = alert().model_copy(update={"fingerprint": "f2"})
    event = AlertsArrived(id="e1", incident="INC-1", at=NOW, alerts=(page,))
    unhurt = Impact(customers_affected=False)
    on_its_way_to_the_backlog = told("ticket").evolve(step=Step.POST_MORTEM, impact=unhurt)
    after = apply_event(on_its_way_to_the_backlog, event, ApprovalPolicy(), RUNBOOK, NOW)
    assert after.incident.severity is Severity.P1
    assert after.incident.step is Step.INVESTIGATION
    assert after.incident.impact.customers_affected is None
    assert after.incident.severity_at == NOW
    assert any("severity P3 → P1" in line.text for line in after.entries)
