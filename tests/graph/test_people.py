"""An incident in people's hands: it stays open, the duties go on, and what people do is taken in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from graph.duties import DutyKind, agenda
from graph.events import apply_event
from incidents.action import ActionState, Verdict
from incidents.errors import ActionRefused
from incidents.events import EVENT, Event
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.reports import Task
from incidents.severity import HeldBy, PublicStatus, Severity, Status, Step
from incidents.verification import Recovery
from tests.graph.harness import RUNBOOK, Bench, ScriptedEngine, Speaks, alert, bench, incident
from tests.graph.test_incidents import decide
from tests.graph.worlds import ALERT


def after(minutes: float) -> datetime:
    return ALERT + timedelta(minutes=minutes)


def says(kind: str, by: str = "dana", **words: Any) -> Speaks:
    """What a person does at the moment they are asked."""

    def speak(now_incident: Incident, now: datetime) -> Event:
        identity = f"{kind}:{now_incident.turn}"
        body = {"id": identity, "incident": "INC-1", "at": now, "kind": kind, "by": by, **words}
        return EVENT.validate_python(body | ({"when": now} if kind == "changed" else {}))

    return speak


def said(kind: str, **words: Any) -> Event:
    """That at the alert's moment, before anything else."""
    event = says(kind, **words)(incident(), ALERT)
    assert event is not None
    return event


def handed_over(severity: Severity = Severity.P0, hours: float = 4, **world: Any) -> Bench:
    """A bench whose agents find no cause; people stay for some hours."""
    at = bench(ScriptedEngine(severity=severity, knows=False), **world)
    at.people.until = after(60 * hours)
    return at


async def test_what_the_agents_hand_over_stays_open_and_is_told_escalated_and_paged() -> None:
    at = handed_over(hours=2)
    left = await at.run(incident())
    assert (left.status, left.held_by, left.ended_at) == (Status.HANDED_OVER, HeldBy.PEOPLE, None)
    assert not left.closed
    handed = left.handed_over_at
    assert handed is not None
    assert left.as_of is not None
    moments = [*(update.at for update in left.updates if update.at >= handed), left.as_of]
    assert all(later - earlier <= timedelta(minutes=15) for earlier, later in pairwise(moments))
    assert [(one.row, one.at) for one in left.escalations] == [("p0_open_30m", after(30))]
    pages = [key for key in at.heard.pages if key.endswith(":still-open")]
    assert len(pages) == (left.as_of - handed) // RUNBOOK.bounds.held_reminder[Severity.P0]
    assert "nobody has taken it" in at.heard.pages[pages[-1]]
    assert [key for key in at.heard.pages if key.startswith("handed-over:")], "and at once"


async def test_a_person_resolves_it_and_the_post_mortem_follows() -> None:
    at = handed_over()
    at.people.events = [(after(20), says("take")), (after(50), says("resolve", note="the vendor is back"))]
    ended = await at.run(incident())
    assert (ended.status, ended.ended_at) == (Status.RESOLVED, after(50))
    assert ended.end_reason == "resolved by dana: the vendor is back"
    assert ended.held_by is HeldBy.PEOPLE
    assert ended.closed
    assert ended.post_mortem == "post-mortem.md"
    assert len(await at.store.backlog("INC-1")) == 1
    assert at.heard.updates[-1].status is PublicStatus.RESOLVED


async def test_who_takes_it_while_the_agents_wait_revokes_what_they_proposed() -> None:
    at = bench()
    at.people.events = [(after(2), says("take"))]
    left = await at.run(incident())
    assert (left.status, left.holder) == (Status.HANDED_OVER, "dana")
    assert [p.state for p in left.proposals] == [ActionState.REVOKED]
    assert at.world.calls == []
    assert not [key for key in at.heard.pages if key.startswith("handed-over:")], "dana knows"


async def test_another_person_takes_it_over() -> None:
    at = handed_over(hours=1)
    at.people.events = [(after(5), says("take")), (after(10), says("take", by="kim"))]
    left = await at.run(incident())
    assert left.holder == "kim"
    (last, *_) = [text for key, text in at.heard.pages.items() if key.endswith(":still-open")][::-1]
    assert "kim has it" in last


@pytest.mark.parametrize("kind", ["take", "stop"])
def test_taken_before_triage_it_has_the_senders_severity_and_its_duties(kind: str) -> None:
    event = said(kind, **({"reason": "smoke"} if kind == "stop" else {}))
    taken = apply_event(incident(), event, ApprovalPolicy(), RUNBOOK, after(1)).incident
    assert (taken.severity, taken.severity_at, taken.triaged_at) == (Severity.P1, after(1), None)
    owed = {duty.kind for duty in agenda(taken, RUNBOOK, None)}
    assert owed == {DutyKind.STATUS_UPDATE, DutyKind.ESCALATION, DutyKind.HELD_REMINDER}
    back = apply_event(taken, said("give_back", note="n"), ApprovalPolicy(), RUNBOOK, after(2)).incident
    assert (back.step, back.status) == (Step.TRIAGE, Status.OPEN)


async def test_given_back_the_agents_look_again_with_the_note_and_may_propose_the_same() -> None:
    at = bench()
    at.people.events = [(after(2), says("take")), (after(5), says("give_back", note="I cannot find it"))]
    at.people.decides = decide(Verdict.APPROVE, only="A2")
    ended = await at.run(incident())
    assert [p.state for p in ended.proposals] == [ActionState.REVOKED, ActionState.DONE]
    assert ended.proposals[0].action == ended.proposals[1].action
    asked = [a.question for a in at.engine.asked if a.task is Task.INVESTIGATE]
    assert "dana gave it back: I cannot find it" in asked
    assert [note.text for note in ended.notes] == ["I cannot find it"]
    assert (ended.status, ended.held_by) == (Status.RESOLVED, HeldBy.AGENTS)


async def test_given_back_the_agents_have_all_their_attempts_again() -> None:
    at = handed_over(hours=1)
    at.people.events = [(after(40), says("give_back", note="try again"))]
    left = await at.run(incident())
    rounds = [text for text in await at.told() if text.startswith("→ investigation")]
    assert len(rounds) == 2 * RUNBOOK.bounds.investigations
    assert left.status is Status.HANDED_OVER
    assert len([key for key in at.heard.pages if key.startswith("handed-over:")]) == 2


async def test_what_people_changed_is_evidence_and_is_watched_for_them() -> None:
    at = handed_over(turns=(timedelta(minutes=22), "fine"))
    at.people.events = [(after(22), says("changed", service="checkout", what="restarted the pool"))]
    left = await at.run(incident())
    (change,) = left.outside_changes
    assert (change.id, change.at, change.by) == ("C1", after(22), "dana")
    kept = {one.id: one for one in await at.store.evidence("INC-1")}
    (told,) = [one for one in await at.store.entries("INC-1") if one.text.startswith("C1, outside of Nexus")]
    assert "restarted the pool" in kept[told.evidence[0]].summary
    checks = [one for one in await at.store.entries("INC-1") if one.text.startswith("recovered:")]
    assert checks[0].at - after(22) == RUNBOOK.watch.settle
    assert left.open, "people say when it is over"
    assert left.watch is None
    assert left.public_status is PublicStatus.MONITORING
    assert "nexus resolve INC-1" in at.heard.pages["watched:C1:recovered"]
    assert not [a for a in at.engine.asked if a.task is Task.VERIFY]


async def test_a_change_of_theirs_that_made_it_worse_is_told_at_once() -> None:
    at = handed_over(turns=(timedelta(minutes=22), "worse"))
    at.people.events = [(after(22), says("changed", service="checkout", what="scaled it down"))]
    left = await at.run(incident())
    assert "got worse after: scaled it down (checkout, by dana)" in at.heard.pages["watched:C1:worse"]
    assert left.public_status is PublicStatus.INVESTIGATING


async def test_a_change_of_theirs_while_the_agents_have_it_is_watched_by_them_to_the_end() -> None:
    at = bench(turns=(timedelta(minutes=5), "fine"))
    at.people.events = [(after(5), says("changed", service="checkout", what="rolled it back by hand"))]
    ended = await at.run(incident())
    assert [p.state for p in ended.proposals] == [ActionState.REVOKED]
    assert ended.status is Status.RESOLVED
    assert "rolled it back by hand (checkout, by dana)" in ended.end_reason
    assert ended.verification is not None
    assert (ended.verification.verdict, ended.verification.action) == (Recovery.RECOVERED, "C1")
    assert at.world.calls == []


async def test_a_change_of_theirs_that_did_nothing_sends_the_agents_back() -> None:
    at = bench()
    at.people.events = [(after(5), says("changed", service="checkout", what="restarted it"))]
    at.people.decides = decide(Verdict.APPROVE, only="A2")
    ended = await at.run(incident())
    asked = [a.question or "" for a in at.engine.asked if a.task is Task.INVESTIGATE]
    assert any("'restarted it (checkout, by dana)' changed nothing" in question for question in asked)
    assert [p.state for p in ended.proposals] == [ActionState.REVOKED, ActionState.DONE]


async def test_mitigated_is_told_to_users_and_it_stays_open() -> None:
    at = handed_over(hours=1)
    at.people.events = [(after(20), says("mitigated", note="traffic goes to the other region"))]
    left = await at.run(incident())
    assert left.open
    assert left.mitigated_at == after(20)
    assert at.heard.updates[-1].status is PublicStatus.MONITORING
    first = next(update for update in at.heard.updates if update.status is PublicStatus.MONITORING)
    assert first.at == after(20)


async def test_a_false_alarm_by_a_persons_word_is_a_task_about_itself() -> None:
    at = handed_over()
    at.people.events = [(after(20), says("false_alarm", note="a load test"))]
    ended = await at.run(incident())
    assert (ended.status, ended.end_reason) == (
        Status.FALSE_ALARM,
        "called a false alarm by dana: a load test",
    )
    assert ended.post_mortem is None
    assert len(ended.backlog) == 1


async def test_what_has_ended_is_opened_again_and_has_a_second_report_and_tasks_of_its_own() -> None:
    at = handed_over()
    at.people.events = [(after(20), says("resolve"))]
    ended = await at.run(incident())
    assert ended.closed
    await at.store.add_event(said("reopen", note="it is back"))
    at.world.clock.advance_to(after(40))
    at.people.events = [(after(60), says("resolve", note="now it is"))]
    again = await at.go_on()
    assert (again.status, again.reopened) == (Status.RESOLVED, 1)
    assert again.end_reason == "resolved by dana: now it is"
    assert [a.task for a in at.engine.asked].count(Task.TRIAGE) == 2
    assert [a.task for a in at.engine.asked].count(Task.POST_MORTEM) == 2
    assert [task.id for task in await at.store.backlog("INC-1")] == ["INC-1-T1", "INC-1-R1-T1"]
    assert await at.store.events("INC-1") == ()


async def test_once_stopped_no_role_speaks_and_users_are_told_all_the_same() -> None:
    at = bench(ScriptedEngine(severity=Severity.P0))
    at.people.until = after(70)
    at.people.events = [(after(2), says("stop", reason="the model raves"))]
    left = await at.run(incident())
    stopped = left.handed_over_at
    assert stopped is not None
    assert left.stopped
    told = [update for update in left.updates if update.at >= stopped]
    assert {update.engine for update in told} == {"code"}
    assert all(b.at - a.at <= timedelta(minutes=15) for a, b in pairwise(told))
    assert [brief.engine for brief in left.briefs if brief.at > after(2)][:1] == ["code"]
    (row,) = left.escalations
    assert (row.row, row.engine, row.text) == ("p0_open_30m", "code", "")
    assert not [a for a in at.engine.asked if a.deadline > stopped + RUNBOOK.bounds.step_box[Severity.P0]]


async def test_an_alert_joins_what_people_hold_and_its_end_is_told() -> None:
    def over(_: Incident, now: datetime) -> Event:
        body = {"id": "over", "incident": "INC-1", "at": now, "kind": "alerts"}
        return EVENT.validate_python(body | {"alerts": (alert("resolved", now),)})

    at = handed_over(hours=1)
    at.people.events = [(after(20), over)]
    left = await at.run(incident())
    assert left.open
    assert any(
        text == "every alert has ended; if it is over: `nexus resolve INC-1`" for text in await at.told()
    )


async def test_without_an_answer_it_is_planned_anew_and_asked_again_louder_then_left_to_people() -> None:
    at = bench()
    at.people.until = after(150)
    left = await at.run(incident())
    asked = RUNBOOK.bounds.decision_wait // RUNBOOK.bounds.approval_expiry
    first = left.proposals[0]
    assert [p.state for p in left.proposals] == [ActionState.EXPIRED] * asked
    assert {p.action for p in left.proposals} == {first.action}
    assert len({p.digest for p in left.proposals}) == asked
    assert left.proposals[-1].expires_at == first.proposed_at + RUNBOOK.bounds.decision_wait
    assert left.mitigations == 1, "asking again is no attempt"
    reminders = [text for key, text in at.heard.pages.items() if ":reminder:" in key]
    assert [text.split(":")[0] for text in reminders] == ["reminder", "urgent", "urgent", "last call"]
    assert "asked 3 times since" in reminders[2]
    assert left.end_reason == "nobody decided in time on roll back checkout to 1.0, asked 4 times"
    assert [key for key in at.heard.pages if key.endswith(":still-open")], "and paging goes on"


async def test_the_last_asking_ends_when_the_runbook_says() -> None:
    bounds = RUNBOOK.bounds.model_copy(update={"decision_wait": timedelta(minutes=45)})
    at = bench(runbook=RUNBOOK.model_copy(update={"bounds": bounds}))
    left = await at.run(incident())
    begun = left.proposals[0].proposed_at
    assert [p.expires_at - begun for p in left.proposals] == [timedelta(minutes=30), timedelta(minutes=45)]


async def test_an_answer_to_a_later_asking_counts_for_the_state_as_it_is_then() -> None:
    at = bench()
    at.people.decides = decide(Verdict.APPROVE, only="A3")
    ended = await at.run(incident())
    assert [p.state for p in ended.proposals] == [
        ActionState.EXPIRED, ActionState.EXPIRED, ActionState.DONE,
    ]  # fmt: skip
    assert ended.status is Status.RESOLVED


async def test_what_can_no_longer_be_planned_is_left_to_the_roles() -> None:
    at = bench()
    plan = at.world.plan
    at.world.plan = _refused_after(plan, after(25), at)  # type: ignore[method-assign]
    left = await at.run(incident())
    assert any(text.startswith("cannot plan to roll back checkout to 1.0") for text in await at.told())
    assert len(left.proposals) == 1
    assert left.status is Status.HANDED_OVER


def _refused_after(plan: Callable[..., Any], moment: datetime, at: Bench) -> Callable[..., Any]:
    async def planned(action: Any) -> Any:
        if at.world.clock.now() >= moment:
            raise ActionRefused("checkout runs 1.0 already")
        return await plan(action)

    return planned


async def test_an_undo_that_nobody_answers_is_asked_again_too() -> None:
    at = bench(effect="worse")
    at.people.decides = lambda now_incident, now: (
        decide(Verdict.APPROVE)(now_incident, now)
        if now_incident.pending and now_incident.pending[0].id in {"A1", "A3"}
        else None
    )
    ended = await at.run(incident())
    assert [(p.undo_of, p.state) for p in ended.proposals[:3]] == [
        (None, ActionState.DONE), ("A1", ActionState.EXPIRED), ("A1", ActionState.DONE),
    ]  # fmt: skip


async def test_a_report_that_no_role_can_write_leaves_what_is_over_over() -> None:
    at = handed_over()
    at.engine.failing = frozenset({Task.POST_MORTEM})
    at.people.events = [(after(20), says("resolve"))]
    ended = await at.run(incident())
    assert (ended.status, ended.ended_at, ended.closed) == (Status.RESOLVED, after(20), True)
    assert any("could not be written" in text for text in at.heard.pages.values())


@pytest.mark.parametrize("kind", ["take", "give_back", "changed", "mitigated", "resolve", "false_alarm"])
async def test_late_and_repeated_words_change_nothing(kind: str) -> None:
    words = {"note": "n"} if kind == "give_back" else {}
    words |= {"service": "web", "what": "w"} if kind == "changed" else {}
    event = said(kind, **words)
    over = incident().evolve(status=Status.RESOLVED, ended_at=ALERT, end_reason="over", step=Step.POST_MORTEM)
    heard = apply_event(over, event, ApprovalPolicy(), RUNBOOK, ALERT)
    assert heard.entries == ()
    assert heard.incident == over.evolve(handled_events=(event.id,))
    once = apply_event(incident(), event, ApprovalPolicy(), RUNBOOK, ALERT).incident
    assert apply_event(once, event, ApprovalPolicy(), RUNBOOK, after(9)) == (once, ())
