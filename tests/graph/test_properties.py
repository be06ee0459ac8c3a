"""What must hold for any sequence of events, any answers of the roles and any effect of the change."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.duties import escalation_time
from incidents.action import ActionState, Approval, Verdict
from incidents.errors import ApprovalRefused
from incidents.events import EVENT, AlertsArrived, DecisionMade, Event, NoteAdded, SeveritySet
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy, permit
from incidents.reports import Task
from incidents.severity import Severity
from tests.graph.harness import RUNBOOK, Bench, ScriptedEngine, alert, bench, incident
from tests.graph.worlds import ALERT

#: What people do with an incident, and what they say with it.
HANDLING: dict[str, dict[str, str]] = {
    "acknowledge": {},
    "silence_ended": {"source": "Alertmanager"},
    "hand_over": {"to": "ben", "note": "my shift ends"},
    "take": {},
    "give_back": {"note": "look at payment"},
    "changed": {"service": "web", "what": "restarted it"},
    "mitigated": {},
    "stop": {"reason": "enough"},
    "resolve": {},
    "false_alarm": {},
}
ENDS = ("stop", "resolve", "false_alarm")
KINDS = ("approve", "reject", "note", "severity", *HANDLING, "over", "again")

#: Until when an incident that people hold is followed.
WATCHED = ALERT + timedelta(hours=4)


@dataclass(frozen=True)
class Happening:
    """One thing that people or the monitoring do, some minutes after the alert."""

    minute: int
    kind: str
    by: str
    severity: Severity

    def speak(self, now_incident: Incident, now: datetime) -> Event | None:
        common: dict[str, Any] = {
            "id": f"{self.kind}:{self.minute}:{self.by}", "incident": "INC-1", "at": now,
        }  # fmt: skip
        match self.kind:
            case "approve" | "reject":
                for proposal in now_incident.pending:
                    verdict = Verdict.APPROVE if self.kind == "approve" else Verdict.REJECT
                    approval = Approval(
                        action=proposal.id, digest=proposal.digest, verdict=verdict, by=self.by, at=now
                    )
                    return DecisionMade(**common, approval=approval)
                return None
            case "note":
                return NoteAdded(**common, by=self.by, text="a hint")
            case "severity":
                return SeveritySet(**common, by=self.by, severity=self.severity)
            case kind if kind in HANDLING:
                when = {"when": now} if kind == "changed" else {}
                said = {**common, "by": self.by, **HANDLING[kind], **when}
                return EVENT.validate_python({"kind": kind, **said})
            case "over":
                return AlertsArrived(**common, alerts=(alert("resolved", now),))
            case _:
                fresh = alert("firing", now).model_copy(
                    update={"starts_at": now, "fingerprint": f"f{self.minute}"}
                )
                return AlertsArrived(**common, alerts=(fresh,))


HAPPENINGS = st.lists(
    st.builds(
        Happening,
        minute=st.integers(0, 150),
        kind=st.sampled_from([one for one in KINDS if one not in ENDS] * 2 + list(ENDS)),  # ends are rarer
        by=st.sampled_from(("ana", "ben")),
        severity=st.sampled_from(Severity),
    ),
    max_size=6,
    unique_by=lambda happening: happening.minute,
)
ENGINES = st.builds(
    ScriptedEngine,
    severity=st.sampled_from((Severity.P0, Severity.P0, Severity.P1, Severity.P2, Severity.P3)),
    knows=st.sampled_from((True, True, False)),
    proposes=st.sampled_from((True, True, False)),
    breach=st.booleans(),
    customers=st.sampled_from((True, None)),
    false_alarm=st.booleans(),
    failing=st.frozensets(st.sampled_from(Task), max_size=2),
)


@dataclass(frozen=True)
class Story:
    """A drawn run, finished."""

    bench: Bench
    ended: Incident
    minutes: int


def run(engine: ScriptedEngine, happenings: list[Happening], minutes: int, effect: Any, people: int) -> Story:
    at = bench(
        engine,
        minutes=minutes,
        effect=effect,
        policy=ApprovalPolicy.model_validate({"approvers": {"rollback": people}}),
    )
    at.people.events = [
        (ALERT + timedelta(minutes=h.minute), h.speak) for h in sorted(happenings, key=lambda h: h.minute)
    ]
    at.people.until = WATCHED
    try:
        ended = asyncio.run(at.run(incident()))
    except (
        ApprovalRefused
    ):  # one person spoke twice: refused at the door, and the incident goes on without it
        return run(
            engine,
            [h for h in happenings if h.kind != "approve" or h.by == "ana"][:1],
            minutes,
            effect,
            people,
        )
    return Story(at, ended, minutes)


STORIES = {
    "engine": ENGINES,
    "happenings": HAPPENINGS,
    "minutes": st.integers(0, 5),
    "effect": st.sampled_from(("recovers", "recovers", "nothing", "worse", "silent")),
    "people": st.integers(1, 2),
}


@settings(max_examples=10)
@given(**STORIES)
def test_every_story_keeps_the_rules(
    engine: ScriptedEngine, happenings: list[Happening], minutes: int, effect: Any, people: int
) -> None:
    story = run(engine, happenings, minutes, effect, people)
    _it_ended_or_people_hold_it(story)
    _people_are_reminded_of_what_they_hold(story)
    _nothing_is_pending_that_people_hold(story)
    _customers_of_a_p0_are_told_every_15_minutes(story)
    _nothing_ran_without_a_valid_approval(story)
    _escalation_rows_fired_when_due_and_once(story)


def _it_ended_or_people_hold_it(story: Story) -> None:
    ended = story.ended
    assert ended.end_reason
    assert ended.in_peoples_hands == (ended.ended_at is None)
    assert ended.closed == (ended.ended_at is not None)
    assert ended.in_peoples_hands or not ended.open


def _end(ended: Incident) -> datetime:
    """When it ended, or was left to the people who hold it."""
    end = ended.ended_at or ended.as_of
    assert end is not None
    return end


def _people_are_reminded_of_what_they_hold(story: Story) -> None:
    ended = story.ended
    if not ended.in_peoples_hands or ended.handed_over_at is None or ended.severity is None:
        return
    every = RUNBOOK.bounds.held_reminder[ended.severity]
    assert _end(ended) - (ended.reminded_at or ended.handed_over_at) <= every


def _nothing_is_pending_that_people_hold(story: Story) -> None:
    if story.ended.in_peoples_hands:
        assert not any(proposal.waits for proposal in story.ended.proposals)


def _customers_of_a_p0_are_told_every_15_minutes(story: Story) -> None:
    ended = story.ended
    if ended.severity is not Severity.P0 or ended.severity_at is None:
        return
    if ended.impact.customers_affected is False:
        return
    moments = [update.at for update in ended.updates]
    open_since = [ended.severity_at, *[m for m in moments if ended.severity_at <= m <= _end(ended)]]
    for earlier, later in zip(open_since, [*open_since[1:], _end(ended)], strict=True):
        assert later - earlier <= timedelta(minutes=15), f"silent from {earlier} to {later}"


def _nothing_ran_without_a_valid_approval(story: Story) -> None:
    ran = set(story.bench.world.deeds)
    done = [p for p in story.ended.proposals if p.state is ActionState.DONE]
    assert ran == {p.execution_key for p in done}
    assert len(story.bench.world.calls) == len(set(story.bench.world.calls))
    for proposal in done:
        assert proposal.outcome is not None
        permit(
            proposal.model_copy(update={"state": ActionState.APPROVED}),
            story.bench.deps.policy,
            proposal.outcome.at,
        )


def _escalation_rows_fired_when_due_and_once(story: Story) -> None:
    fired = story.ended.escalations
    assert len({row.row for row in fired}) == len(fired)
    slack = timedelta(minutes=story.minutes)  # a step that runs when a row falls due is finished first
    rows = {row.id: row for row in RUNBOOK.escalations}
    for escalation in fired:
        row = rows[escalation.row]
        if row.severity is not None and row.unresolved_for is not None:
            due = story.ended.opened_at + row.unresolved_for
            assert escalation.at >= due
        if story.ended.severity is row.severity:
            exactly = escalation_time(row, story.ended, None)
            assert exactly is not None
            if story.ended.severity_by is None:
                assert escalation.at - exactly <= slack
    for row in rows.values():
        when = escalation_time(row, story.ended, None)
        if when is not None and when < _end(story.ended):
            assert row.id in {escalation.row for escalation in fired}
