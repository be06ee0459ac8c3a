"""What an incident owes and when, from its state alone: each moment is met exactly."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from graph.duties import DutyKind, agenda, due, last_asking, next_wake, public_state
from incidents.action import ActionState, Proposal
from incidents.communications import Escalation, StatusUpdate
from incidents.incident import Incident
from incidents.reports import Impact
from incidents.severity import PublicStatus, Severity, Status, Step
from tests.agents.stage import proposal, rollback
from tests.graph.harness import RUNBOOK, incident
from tests.graph.worlds import ALERT

SECOND = timedelta(seconds=1)
BOUNDS = RUNBOOK.bounds


def minutes(count: float) -> datetime:
    return ALERT + timedelta(minutes=count)


def triaged(severity: Severity = Severity.P0, **changes: object) -> Incident:
    """Classified when it was opened; customers notice."""
    known = {
        "severity": severity, "severity_at": ALERT, "triaged_at": ALERT, "step": Step.INVESTIGATION,
        "impact": Impact(customers_affected=True),
    }  # fmt: skip
    return incident().evolve(**known | changes)


def held(severity: Severity = Severity.P0, since: float = 0, **changes: object) -> Incident:
    """In people's hands."""
    return triaged(severity, status=Status.HANDED_OVER, handed_over_at=minutes(since), **changes)


def update(at: datetime) -> StatusUpdate:
    return StatusUpdate(
        at=at, service="web", status=PublicStatus.INVESTIGATING, impact="", current_action="",
        next_update=None, text="", engine="code",
    )  # fmt: skip


def told(incident_now: Incident, at: datetime) -> Incident:
    """The same with a status update of that moment that tells how it stands."""
    return incident_now.evolve(
        updates=(*incident_now.updates, update(at)), spoken_status=public_state(incident_now)
    )


def asked(identity: str, at: float, state: ActionState = ActionState.PROPOSED, lasts: float = 30) -> Proposal:
    """A proposal that was made some minutes after the alert."""
    made = proposal(rollback("checkout", "1.0"), state, identity=identity)
    times = {"proposed_at": minutes(at), "expires_at": minutes(at + lasts), "approvals": ()}
    return made.model_copy(update=times)


def when(incident_now: Incident, kind: DutyKind, revenue: float | None = None) -> list[datetime]:
    return [duty.at for duty in agenda(incident_now, RUNBOOK, revenue) if duty.kind is kind]


def test_a_duty_is_due_at_its_moment_and_not_before() -> None:
    duties = agenda(triaged(), RUNBOOK, None)
    (row,) = (duty for duty in duties if duty.kind is DutyKind.ESCALATION)
    assert due(duties, row.at - SECOND, DutyKind.ESCALATION) == ()
    assert due(duties, row.at, DutyKind.ESCALATION) == (row,)
    assert next_wake(duties, row.at) is None
    assert next_wake(duties, row.at - SECOND) == row.at


@pytest.mark.parametrize(("severity", "owed"), [("P0", 1), ("P1", 1), ("P2", 1), ("P3", 0)])
@pytest.mark.parametrize("hands", [triaged, held])
def test_updates_come_every_15_minutes_whoever_works_on_it(
    severity: str, owed: int, hands: Callable[[Severity], Incident]
) -> None:
    now = hands(Severity(severity))
    assert when(now, DutyKind.STATUS_UPDATE) == [ALERT] * owed
    assert when(told(now, minutes(3)), DutyKind.STATUS_UPDATE) == [minutes(18)] * owed


def test_nobody_is_updated_about_what_customers_do_not_notice() -> None:
    unhurt = triaged(impact=Impact(customers_affected=False))
    assert when(unhurt, DutyKind.STATUS_UPDATE) == []
    assert when(triaged(impact=Impact(customers_affected=None)), DutyKind.STATUS_UPDATE) == [ALERT]


def test_a_change_of_the_public_status_and_of_hands_is_told_at_once() -> None:
    said = told(triaged(), minutes(3))
    taken = said.evolve(status=Status.HANDED_OVER, handed_over_at=minutes(5))
    assert when(taken, DutyKind.STATUS_UPDATE) == [minutes(3)]
    assert when(told(taken, minutes(5)), DutyKind.STATUS_UPDATE) == [minutes(20)]
    back = told(taken, minutes(5)).evolve(mitigated_at=minutes(6))
    assert back.public_status is PublicStatus.MONITORING
    assert when(back, DutyKind.STATUS_UPDATE) == [minutes(5)]


@pytest.mark.parametrize(("severity", "row", "after"), [("P0", "p0_open_30m", 30), ("P1", "p1_open_2h", 120)])
@pytest.mark.parametrize("people", [False, True])
def test_an_escalation_is_due_by_the_clock_whoever_works_on_it(
    severity: str, row: str, after: float, people: bool
) -> None:
    now = held(Severity(severity), 2) if people else triaged(Severity(severity))
    duties = [duty for duty in agenda(now, RUNBOOK, None) if duty.kind is DutyKind.ESCALATION]
    assert [(duty.key, duty.at) for duty in duties] == [(row, minutes(after))]
    fired = Escalation(row=row, at=minutes(after), roles=(), condition="", action="")
    assert when(now.evolve(escalations=(fired,)), DutyKind.ESCALATION) == []


def test_a_row_of_another_severity_is_due_from_the_change_of_severity_on() -> None:
    raised = triaged(severity_at=minutes(50))
    assert when(raised, DutyKind.ESCALATION) == [minutes(50)]


@pytest.mark.parametrize(("lost", "threshold", "fires"), [(100, 100, 0), (100.01, 100, 1), (100.01, None, 0)])
def test_revenue_is_escalated_beyond_its_threshold(lost: float, threshold: float | None, fires: int) -> None:
    now = triaged(Severity.P2, revenue_impact=lost)
    assert len(when(now, DutyKind.ESCALATION, threshold)) == fires


def test_an_unanswered_proposal_is_reminded_of_once_and_expires() -> None:
    now = triaged(proposals=(asked("A1", 1),))
    assert when(now, DutyKind.REMINDER) == [minutes(11)]
    assert when(now, DutyKind.EXPIRY) == [minutes(31)]
    assert when(now.evolve(reminders=("reminder:A1",)), DutyKind.REMINDER) == []
    short = triaged(proposals=(asked("A1", 1, lasts=10),))
    assert when(short, DutyKind.REMINDER) == [], "not at its expiry"


@pytest.mark.parametrize(("lasts", "last"), [(29.99, False), (30, True), (30.01, True)])
def test_it_is_the_last_asking_that_ends_when_people_were_asked_long_enough(lasts: float, last: bool) -> None:
    before = [asked(f"A{n + 1}", 30 * n, ActionState.EXPIRED) for n in range(3)]
    now = triaged(proposals=(*before, asked("A4", 90, lasts=lasts)))
    assert BOUNDS.decision_wait == timedelta(hours=2)
    assert last_asking(now.pending[0], now, RUNBOOK) is last
    answered = now.evolve(
        proposals=(before[0], asked("A2", 30, ActionState.REJECTED), before[2], *now.pending)
    )
    assert not last_asking(now.pending[0], answered, RUNBOOK), "an answer begins the time anew"


@pytest.mark.parametrize(("severity", "every"), BOUNDS.held_reminder.items())
def test_people_are_reminded_of_what_they_hold_until_it_is_over(severity: Severity, every: timedelta) -> None:
    assert when(triaged(severity), DutyKind.HELD_REMINDER) == []
    assert when(held(severity, 3), DutyKind.HELD_REMINDER) == [minutes(3) + every]
    again = held(severity, 3, reminded_at=minutes(40))
    assert when(again, DutyKind.HELD_REMINDER) == [minutes(40) + every]
    over = again.evolve(status=Status.RESOLVED, ended_at=minutes(50))
    assert when(over, DutyKind.HELD_REMINDER) == []


def test_a_late_response_is_that_of_the_agents() -> None:
    fresh = incident()
    assert when(fresh, DutyKind.RESPONSE_BREACH) == [
        ALERT + (RUNBOOK.severities[Severity.P0].within or SECOND)
    ]
    taken = fresh.evolve(status=Status.HANDED_OVER, handed_over_at=ALERT)
    assert when(taken, DutyKind.RESPONSE_BREACH) == []
    assert when(triaged(), DutyKind.RESPONSE_BREACH) == []


def test_the_post_mortem_is_late_after_its_time_unless_people_write_it() -> None:
    over = triaged(status=Status.RESOLVED, ended_at=minutes(60))
    late = minutes(60) + RUNBOOK.post_mortem.within
    assert when(over, DutyKind.POST_MORTEM_LATE) == [late]
    assert when(over.evolve(post_mortem="post-mortem.md"), DutyKind.POST_MORTEM_LATE) == []
    assert when(over.evolve(reminders=("post_mortem_unwritten",)), DutyKind.POST_MORTEM_LATE) == []


def test_what_0_1_0_handed_over_has_ended_and_owes_nothing() -> None:
    old = triaged(status=Status.HANDED_OVER, ended_at=minutes(5), closed=True)
    assert (old.open, old.in_peoples_hands, old.held_by) == (False, False, "people")
    spoken = told(old, minutes(4))
    assert agenda(spoken, RUNBOOK, None) == ()
