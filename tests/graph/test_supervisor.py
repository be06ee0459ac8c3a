"""What happens next: one pure function, asked about every kind of state."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.events import apply_time
from graph.supervisor import CHECK_BOX, Move, MoveKind, check_time, next_move
from incidents.action import ActionState
from incidents.findings import Category, Confidence, Diagnosis, Window
from incidents.incident import Incident, Watch
from incidents.notes import OutsideChange
from incidents.severity import Severity, Status, Step
from incidents.verification import Recovery, Verification
from tests.graph.harness import RUNBOOK, incident
from tests.graph.test_duties import asked, held, minutes, told, triaged
from tests.graph.worlds import ALERT

FOUND = Diagnosis(
    service="checkout", category=Category.DEPLOYMENT, confidence=Confidence.HIGH, summary="a release",
    evidence=("E-1",),
)  # fmt: skip
WATCH = Watch(action="C1", started_at=ALERT, until=ALERT + RUNBOOK.watch.lasts)
SETTLE, EVERY = RUNBOOK.watch.settle, RUNBOOK.watch.every


def move(now: Incident, at: datetime = ALERT) -> Move:
    return next_move(now, at, RUNBOOK, None)


def quiet(now: Incident) -> Incident:
    """The same, with every status update told."""
    return told(now, ALERT).evolve(spoken_brief=told(now, ALERT).spoken_status, briefs=())


def checked(*verdicts: Recovery, at: datetime = ALERT) -> Watch:
    checks = tuple(
        Verification(at=at, verdict=one, readings=(), window=Window(start=ALERT, end=at), summary="")
        for one in verdicts
    )
    return WATCH.model_copy(update={"checks": checks})


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (incident(), MoveKind.TRIAGE),
        (quiet(triaged(Severity.P1)), MoveKind.INVESTIGATION),
        (quiet(triaged(Severity.P1, step=Step.MITIGATION, diagnosis=FOUND)), MoveKind.MITIGATION),
        (quiet(triaged(Severity.P1, proposals=(asked("A1", 0, ActionState.APPROVED),))), MoveKind.EXECUTE),
        (quiet(triaged(Severity.P1, proposals=(asked("A1", 0, ActionState.UNKNOWN),))), MoveKind.EXECUTE),
        (quiet(triaged(Severity.P1, recheck=True)), MoveKind.TRIAGE),
        (triaged(Severity.P1), MoveKind.COMMUNICATIONS),
        (triaged(Severity.P3, step=Step.POST_MORTEM), MoveKind.POST_MORTEM),
    ],
)
def test_the_agents_go_on_where_the_incident_stands(now: Incident, kind: MoveKind) -> None:
    assert move(now).kind is kind


@pytest.mark.parametrize(
    "stands",
    [
        {},
        {"step": Step.TRIAGE, "triaged_at": None},
        {"step": Step.MITIGATION, "diagnosis": FOUND},
        {"recheck": True},
        {"ask_again": "A1"},
        {"calm_since": ALERT},
        {"proposals": (asked("A1", 0, ActionState.EXECUTING),)},
        {"proposals": (asked("A1", 0, ActionState.UNKNOWN),)},
        {"investigations": 3},
    ],
)
def test_in_peoples_hands_nothing_is_looked_for_proposed_or_done(stands: dict[str, Any]) -> None:
    now = quiet(held(Severity.P1, **stands))
    waits = move(now)
    assert waits.kind is MoveKind.WAIT
    assert waits.until == ALERT + timedelta(minutes=15)  # the next update; the reminder comes later


def test_in_peoples_hands_the_duties_go_on() -> None:
    now = quiet(held(Severity.P1))
    assert move(now, minutes(15)).kind is MoveKind.COMMUNICATIONS
    assert move(now, minutes(15) - timedelta(seconds=1)).kind is MoveKind.WAIT
    later = told(now, minutes(119)).evolve(reminded_at=minutes(119))
    assert move(later, minutes(120) - timedelta(seconds=1)).kind is MoveKind.WAIT
    assert move(later, minutes(120)).kind is MoveKind.ESCALATION


def test_in_peoples_hands_code_watches_what_was_changed() -> None:
    now = quiet(held(Severity.P1, watch=WATCH))
    first = move(now)
    assert (first.kind, first.until) == (MoveKind.WAIT, ALERT + SETTLE)
    assert move(now, ALERT + SETTLE).kind is MoveKind.VERIFICATION


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        (checked(), ALERT + SETTLE),
        (checked(Recovery.UNCHANGED, at=ALERT + SETTLE), ALERT + SETTLE + EVERY),
        (checked(Recovery.RECOVERED, at=WATCH.until - EVERY / 2), WATCH.until),
        (checked(Recovery.UNKNOWN, at=WATCH.until), WATCH.until + EVERY),
    ],
)
def test_checks_come_every_so_often_and_last_at_the_end_of_the_watch(
    checks: Watch, expected: datetime
) -> None:
    assert check_time(triaged(watch=checks), RUNBOOK) == expected


@pytest.mark.parametrize(("count", "kind"), [(2, MoveKind.INVESTIGATION), (3, MoveKind.HAND_OVER)])
def test_investigations_are_bounded(count: int, kind: MoveKind) -> None:
    assert RUNBOOK.bounds.investigations == 3
    assert move(quiet(triaged(Severity.P1, investigations=count))).kind is kind


@pytest.mark.parametrize(("count", "kind"), [(2, MoveKind.MITIGATION), (3, MoveKind.HAND_OVER)])
def test_mitigations_are_bounded_and_asking_again_is_none(count: int, kind: MoveKind) -> None:
    now = quiet(triaged(Severity.P1, step=Step.MITIGATION, diagnosis=FOUND, mitigations=count))
    assert RUNBOOK.bounds.mitigations == 3
    assert move(now).kind is kind
    expired = now.evolve(proposals=(asked("A1", -30, ActionState.EXPIRED),), ask_again="A1")
    assert move(expired).kind is MoveKind.MITIGATION


def test_a_proposal_is_waited_for_until_its_expiry_at_most() -> None:
    waits = move(quiet(triaged(Severity.P2, step=Step.MITIGATION, proposals=(asked("A1", 0, lasts=9),))))
    assert (waits.kind, waits.until, waits.targets) == (MoveKind.WAIT, minutes(9), ("A1",))


@pytest.mark.parametrize(
    ("status", "more", "kind"),
    [
        (Status.RESOLVED, {}, MoveKind.POST_MORTEM),
        (Status.RESOLVED, {"post_mortem": "p.md"}, MoveKind.POST_MORTEM),
        (Status.RESOLVED, {"reminders": ("post_mortem_unwritten",)}, MoveKind.END),
        (Status.FALSE_ALARM, {}, MoveKind.POST_MORTEM),
        (Status.HANDED_OVER, {}, MoveKind.END),  # as 0.1.0 left it
        (Status.BACKLOG, {}, MoveKind.END),
    ],
)
def test_what_has_ended_owes_its_report_and_its_tasks(
    status: Status, more: dict[str, Any], kind: MoveKind
) -> None:
    over = quiet(triaged(Severity.P2, status=status, ended_at=ALERT, **more))
    assert move(over.evolve(spoken_status=f"{over.public_status} {status}")).kind is kind


def test_a_status_update_is_given_before_a_step_could_make_it_late() -> None:
    now = quiet(triaged(Severity.P1))
    box = RUNBOOK.bounds.step_box[Severity.P1]
    due = ALERT + timedelta(minutes=15)
    assert move(now, due - box).kind is MoveKind.COMMUNICATIONS
    assert move(now, due - box - timedelta(seconds=1)).kind is MoveKind.INVESTIGATION
    watched = quiet(triaged(Severity.P1, step=Step.VERIFICATION, watch=checked(Recovery.UNCHANGED)))
    assert move(watched, due - CHECK_BOX).kind is MoveKind.COMMUNICATIONS
    assert move(watched, due - CHECK_BOX - timedelta(seconds=1)).kind is MoveKind.VERIFICATION


STATES = st.fixed_dictionaries(
    {
        "severity": st.none() | st.sampled_from(Severity),
        "status": st.sampled_from([Status.OPEN, Status.HANDED_OVER]),
        "step": st.sampled_from(Step),
        "watch": st.none() | st.just(WATCH) | st.just(checked(Recovery.WORSE)),
        "diagnosis": st.none() | st.just(FOUND),
        "investigations": st.integers(0, 4),
        "mitigations": st.integers(0, 4),
        "proposals": st.lists(
            st.builds(asked, st.just("A1"), st.integers(-60, 0), st.sampled_from(ActionState)), max_size=1
        ),
        "calm_since": st.none() | st.just(ALERT),
        "recheck": st.booleans(),
        "triaged_at": st.none() | st.just(ALERT),
        "outside_changes": st.sampled_from(
            [(), (OutsideChange(id="C1", service="web", what="restarted", at=ALERT, by="ana"),)]
        ),
    }
)


@given(STATES, st.integers(0, 400))
def test_every_state_gets_a_move_and_people_are_never_left_without_a_wake(
    state: dict[str, object], after: int
) -> None:
    since = {"severity_at": ALERT if state["severity"] else None}
    people = {"handed_over_at": ALERT} if state["status"] is Status.HANDED_OVER else {}
    at = minutes(after)
    now = apply_time(incident().evolve(**state, **since, **people), at, RUNBOOK, None).incident
    found = move(now, at)
    if found.kind is MoveKind.WAIT:
        assert found.until is not None
        assert found.until > at or now.in_peoples_hands
    if now.in_peoples_hands:
        allowed = {MoveKind.WAIT, MoveKind.VERIFICATION, MoveKind.COMMUNICATIONS, MoveKind.ESCALATION}
        assert found.kind in allowed
    else:
        assert found.kind is not MoveKind.END
