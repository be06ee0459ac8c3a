"""Whole incidents through the real graph: every way that one can end."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from agents.engine import Assignment
from graph.duties import DutyKind, agenda
from incidents.action import ActionState, Approval, Verdict
from incidents.errors import ApprovalRefused
from incidents.events import AlertsArrived, DecisionMade, Event, NoteAdded, SeveritySet, Stopped
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.reports import InvestigationReport, Report, Task
from incidents.series import WatchedSeries
from incidents.severity import PublicStatus, Severity, Status, Step
from incidents.verification import Recovery
from tests.graph.harness import RUNBOOK, Bench, ScriptedEngine, Speaks, alert, bench, incident
from tests.graph.worlds import ALERT


def decide(verdict: Verdict, by: str = "ana", note: str = "", only: str | None = None) -> Speaks:
    def speak(now_incident: Incident, now: datetime) -> Event | None:
        for proposal in now_incident.pending:
            if only is None or proposal.id == only:
                approval = Approval(
                    action=proposal.id, digest=proposal.digest, verdict=verdict, by=by, at=now, note=note
                )
                return DecisionMade(
                    id=f"{verdict}:{proposal.id}:{by}", incident="INC-1", at=now, approval=approval
                )
        return None

    return speak


def after(minutes: float) -> datetime:
    return ALERT + timedelta(minutes=minutes)


def approved() -> tuple[Bench, Incident]:
    """An incident whose rollback is approved, run to its end."""
    at = bench(minutes=1)
    at.people.decides = decide(Verdict.APPROVE)
    return at, asyncio.run(at.run(incident()))


@pytest.fixture(scope="module")
def mended() -> tuple[Bench, Incident]:
    """That incident, run once for all that is said of it."""
    return approved()


async def test_an_approved_rollback_is_executed_watched_and_written_up(
    mended: tuple[Bench, Incident],
) -> None:
    at, ended = mended
    assert ended.status is Status.RESOLVED
    assert [p.state for p in ended.proposals] == [ActionState.DONE]
    assert at.world.calls == [ended.proposals[0].execution_key]
    assert ended.verification is not None
    assert ended.verification.verdict is Recovery.RECOVERED
    assert ended.watch is not None
    assert ended.ended_at is not None
    assert ended.ended_at - ended.watch.started_at >= RUNBOOK.watch.lasts
    assert ended.post_mortem == "post-mortem.md"
    assert [task.title for task in await at.store.backlog("INC-1")] == ["test it"]
    assert at.heard.updates[-1].status is PublicStatus.RESOLVED


async def test_the_roles_of_each_step_come_from_the_runbook_and_the_severity() -> None:
    at = bench(ScriptedEngine(severity=Severity.P0))
    at.people.decides = decide(Verdict.APPROVE)
    await at.run(incident())
    looked = {a.role for a in at.engine.asked if a.task is Task.INVESTIGATE}
    assert looked == {
        "infrastructure_maintainer", "backend_architect", "devops_automator", "frontend_developer",
    }  # fmt: skip
    confirmed = {a.role for a in at.engine.asked if a.task is Task.VERIFY}
    assert {"evidence_collector", "infrastructure_maintainer"} <= confirmed


async def test_a_p2_is_investigated_by_the_developer_who_owns_the_component() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2), fault="fine")
    at.people.decides = decide(Verdict.APPROVE)
    await at.run(incident().evolve(alerts=(alert().model_copy(update={"service": "checkout"}),)))
    (looked,) = {(a.role, a.acting_as) for a in at.engine.asked if a.task is Task.INVESTIGATE}
    assert looked == ("relevant_developer", "backend_architect")


async def test_nothing_runs_that_nobody_approved() -> None:
    at = bench()
    ended = await at.run(incident())
    assert at.world.calls == []
    assert ended.status is Status.HANDED_OVER
    assert {p.state for p in ended.proposals} == {ActionState.EXPIRED}


async def test_a_rejection_sends_the_agents_back_with_the_reason_and_is_not_proposed_again() -> None:
    at = bench()
    at.people.decides = decide(Verdict.REJECT, note="the schema has moved on")
    ended = await at.run(incident())
    asked = [a.question for a in at.engine.asked if a.task is Task.INVESTIGATE]
    assert any("the schema has moved on" in (question or "") for question in asked)
    assert len(ended.proposals) == 1
    assert at.world.calls == []
    assert ended.status is Status.HANDED_OVER


async def test_two_people_are_needed_where_the_policy_says_so() -> None:
    at = bench(policy=ApprovalPolicy.model_validate({"approvers": {"rollback": 2}}))
    first, second = decide(Verdict.APPROVE, by="ana"), decide(Verdict.APPROVE, by="ben")

    def one_after_the_other(now_incident: Incident, now: datetime) -> Event | None:
        signed = now_incident.proposals[-1].approvals if now_incident.proposals else ()
        return (second if signed else first)(now_incident, now)

    at.people.decides = one_after_the_other
    ended = await at.run(incident())
    assert [a.by for a in ended.proposals[0].approvals] == ["ana", "ben"]
    assert len(at.world.calls) == 1


async def test_one_person_is_not_two() -> None:
    at = bench(policy=ApprovalPolicy.model_validate({"approvers": {"rollback": 2}}))
    names = iter(("Ana", "ana "))

    def twice(now_incident: Incident, now: datetime) -> Event | None:
        return decide(Verdict.APPROVE, by=next(names))(now_incident, now) if now_incident.pending else None

    at.people.decides = twice
    with pytest.raises(ApprovalRefused, match="already decided"):
        await at.run(incident())
    assert at.world.calls == []


async def test_an_undo_is_offered_at_once_when_the_signals_get_worse() -> None:
    at = bench(effect="worse")
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    undo = next(p for p in ended.proposals if p.undo_of == "A1")
    assert undo.action.arguments.version == "2.0"
    assert undo.state is ActionState.DONE
    assert len(at.world.calls) == 2
    changed = ended.proposal("A1")
    assert changed is not None
    assert (changed.seen, undo.seen is None) == (Recovery.WORSE, False)


async def test_a_change_without_effect_leads_to_another_look_and_then_to_people() -> None:
    at = bench(effect="nothing")
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert any("changed nothing" in (a.question or "") for a in at.engine.asked)
    assert ended.status is Status.HANDED_OVER
    assert len(at.world.calls) == 1


async def test_no_data_after_the_change_is_never_called_recovered() -> None:
    at = bench(effect="silent")
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert ended.status is Status.HANDED_OVER
    assert ended.verification is not None
    assert ended.verification.verdict is Recovery.UNKNOWN


async def test_a_target_that_changed_after_approval_is_not_touched() -> None:
    at = bench(drifts=True)
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert not at.world.deeds
    assert {p.state for p in ended.proposals} == {ActionState.DRIFTED}


async def test_an_unknown_cause_leads_to_people_not_to_an_action() -> None:
    at = bench(ScriptedEngine(knows=False))
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert ended.investigations == RUNBOOK.bounds.investigations
    assert ended.status is Status.HANDED_OVER
    assert ended.proposals == ()
    assert [key for key in at.heard.pages if key.startswith("handed-over:")]


async def test_a_false_alarm_ends_as_one() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, knows=False), fault="fine")
    resolved = alert("resolved", after(6))
    at.people.events = [
        (after(6), lambda _i, now: AlertsArrived(id="over", incident="INC-1", at=now, alerts=(resolved,)))
    ]
    ended = await at.run(incident())
    assert ended.status is Status.FALSE_ALARM
    assert ended.proposals == ()


async def test_a_p3_goes_to_the_backlog_without_a_team() -> None:
    minor = incident().evolve(alerts=(alert().model_copy(update={"severity": "info"}),))
    at = bench(ScriptedEngine(severity=Severity.P3), fault="fine")
    ended = await at.run(minor)
    assert ended.status is Status.BACKLOG
    assert {a.role for a in at.engine.asked} == {"infrastructure_maintainer", "sprint_prioritizer"}
    assert len(ended.backlog) == 1


async def test_a_severity_set_by_a_person_stands() -> None:
    at = bench(ScriptedEngine(knows=False))
    at.people.events = [
        (
            after(1),
            lambda _i, now: SeveritySet(id="s", incident="INC-1", at=now, by="ana", severity=Severity.P0),
        )
    ]
    ended = await at.run(incident())
    assert (ended.severity, ended.severity_by) == (Severity.P0, "ana")
    assert at.heard.briefs, "a P0 is briefed"


async def test_stop_revokes_what_is_pending() -> None:
    at = bench()
    at.people.events = [
        (after(2), lambda _i, now: Stopped(id="x", incident="INC-1", at=now, by="ana", reason="I have it"))
    ]
    ended = await at.run(incident())
    assert [p.state for p in ended.proposals] == [ActionState.REVOKED]
    assert ended.status is Status.HANDED_OVER


async def test_a_note_is_seen_by_the_next_assignment() -> None:
    at = bench(ScriptedEngine(knows=False))
    at.people.events = [
        (
            after(1),
            lambda _i, now: NoteAdded(id="n", incident="INC-1", at=now, by="ana", text="look at payment"),
        )
    ]
    ended = await at.run(incident())
    assert [note.text for note in ended.notes] == ["look at payment"]
    (heard,) = [text for text in await at.told() if "only a hint" in text]
    assert heard.startswith("This note is only a hint: it rules out no kind of change")


@pytest.mark.parametrize("task", list(Task))
async def test_a_role_that_fails_takes_nobody_down(task: Task) -> None:
    at = bench(ScriptedEngine(failing=frozenset({task})))
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert not ended.open or ended.in_peoples_hands
    if any(a.task is task for a in at.engine.asked):
        assert any("told to fail" in text for text in await at.told())


async def test_a_dead_backend_is_named_and_leads_to_people() -> None:
    at = bench(ScriptedEngine(knows=False), broken_backends=True)
    ended = await at.run(incident())
    assert ended.status is Status.HANDED_OVER
    assert ended.facts is not None
    assert ended.facts.quiet is None


async def test_a_data_breach_is_a_p0_and_calls_legal_once() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, breach=True))
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert ended.severity is Severity.P0
    rows = [row for row in RUNBOOK.escalations if row.data_breach]
    assert [e.row for e in at.heard.escalations].count(rows[0].id) == 1


async def test_escalation_rows_of_time_fire_when_due() -> None:
    at = bench(ScriptedEngine(severity=Severity.P0, knows=False))
    await at.run(incident())
    timed = next(row for row in RUNBOOK.escalations if row.severity is Severity.P0)
    fired = [e for e in at.heard.escalations if e.row == timed.id]
    if fired:
        assert timed.unresolved_for is not None
        assert fired[0].at == ALERT + timed.unresolved_for


async def test_the_agenda_of_a_fresh_incident_holds_the_response_time() -> None:
    duties = agenda(incident(), RUNBOOK, None)
    assert [duty.kind for duty in duties] == [DutyKind.RESPONSE_BREACH]
    assert incident().step is Step.TRIAGE


def test_a_second_run_of_the_same_bench_is_the_same(mended: tuple[Bench, Incident]) -> None:
    first, (second, _) = mended[0], approved()
    assert asyncio.run(first.told()) == asyncio.run(second.told())


async def test_a_lost_answer_is_looked_up_and_not_done_again() -> None:
    at = bench(lost="answer")
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert len(at.world.calls) == 1
    assert ended.status is Status.RESOLVED


async def test_a_lost_request_is_a_failure_and_not_tried_again() -> None:
    at = bench(lost="request")
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert len(at.world.calls) == 1
    assert [p.state for p in ended.proposals] == [ActionState.FAILED]


async def test_where_nobody_can_say_whether_it_was_done_people_look() -> None:
    at = bench(lost="contact")
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert len(at.world.calls) == 1
    assert [p.state for p in ended.proposals] == [ActionState.UNKNOWN]
    assert ended.status is Status.HANDED_OVER
    assert "not known whether" in ended.end_reason


async def test_the_severity_rises_when_the_facts_get_worse() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, knows=False), turns=(timedelta(minutes=4), "down"))
    ended = await at.run(incident().evolve(alerts=(alert().model_copy(update={"severity": "warning"}),)))
    assert ended.severity in {Severity.P0, Severity.P1}
    assert any(text.startswith("severity P2 →") for text in await at.told())


async def test_the_severity_falls_when_the_facts_allow_it_and_a_role_asks() -> None:
    class Calm(ScriptedEngine):
        def _report(self, assignment: Assignment, now: Incident, ids: tuple[str, ...]) -> Report:
            report = super()._report(assignment, now, ids)
            asks = isinstance(report, InvestigationReport)
            return report.model_copy(update={"severity": Severity.P2}) if asks else report

    at = bench(Calm(severity=Severity.P1, knows=False), turns=(timedelta(minutes=4), "fine"))
    ended = await at.run(incident())
    assert ended.severity is Severity.P2
    assert any(text.startswith("severity P1 → P2") for text in await at.told())


async def test_a_role_that_sees_another_cause_is_asked_once_what_decides() -> None:
    made = bench(ScriptedEngine(contrary="backend_architect"))
    ended = await made.run(incident())
    asked = [a for a in made.engine.asked if a.task is Task.INVESTIGATE and a.question is not None]
    assert [a.role for a in asked] == ["backend_architect"]
    assert "deployment in checkout" in (asked[0].question or "")
    assert ended.diagnosis is not None
    assert ended.diagnosis.service == "checkout"
    assert ended.diagnosis.disagreement is None
    assert [(a.service, a.ruled_out_by) for a in ended.diagnosis.alternatives] == [
        ("web", "its own spans are as usual")
    ]
    assert any(text.startswith("the roles disagree; one question to") for text in await made.told())


async def test_roles_that_agree_are_not_asked_again() -> None:
    made = bench()
    await made.run(incident())
    assert not [a for a in made.engine.asked if a.task is Task.INVESTIGATE and a.question is not None]


def test_an_update_without_news_is_short_and_asks_no_role(mended: tuple[Bench, Incident]) -> None:
    at, ended = mended
    asked = [a for a in at.engine.asked if a.task is Task.STATUS_UPDATE]
    fixed = [update for update in ended.updates if "the work goes on." in update.current_action]
    assert len(asked) + len(fixed) == len(ended.updates)
    assert fixed
    assert {update.engine for update in fixed} == {"code"}
    pairs = [(earlier.at, later.at) for earlier, later in pairwise(ended.updates) if later in fixed]
    assert all(later - earlier > timedelta(minutes=10) for earlier, later in pairs)


async def test_an_update_without_news_tells_what_users_notice_by_then() -> None:
    long = {"approval_expiry": timedelta(hours=2), "decision_wait": timedelta(hours=2)}
    patient = RUNBOOK.model_copy(update={"bounds": RUNBOOK.bounds.model_copy(update=long)})
    at = bench(runbook=patient, turns=(timedelta(minutes=50), "worse"))
    ended = await at.run(incident())
    said = [(update.impact, update.current_action) for update in ended.updates if update.engine == "code"]
    first, *_, last = (impact.removeprefix("Up to ") for impact, _ in said)
    assert (first[:1], last[:1]) == ("3", "9")
    assert " % of requests fail at the moment." in last
    for (before, _), (after, action) in pairwise(said):
        same = "Nothing has changed since" if before == after else "Otherwise nothing has changed since"
        assert same in action


async def test_nothing_is_over_before_the_diagnosed_service_is_back(mended: tuple[Bench, Incident]) -> None:
    _, ended = mended
    assert {s.service for s in ended.signals if s.deviated} == {"web", "checkout"}
    assert {"web", "checkout"} <= set(ended.services)
    unmoved = bench(minutes=1, effect="nothing")
    unmoved.people.decides = decide(Verdict.APPROVE)
    assert (await unmoved.run(incident())).status is Status.HANDED_OVER


async def test_a_second_round_is_told_why_and_what_it_should_settle() -> None:
    at = bench(ScriptedEngine(knows=False))
    at.people.events = [
        (
            after(1),
            lambda _i, now: NoteAdded(id="n", incident="INC-1", at=now, by="ana", text="look at payment"),
        )
    ]
    await at.run(incident())
    questions = [a.question for a in at.engine.asked if a.task is Task.INVESTIGATE]
    assert questions[0] is None
    assert any("Round 2, because" in (question or "") for question in questions)


async def test_a_change_that_only_fits_in_time_is_blamed_after_another_look() -> None:
    at = bench(fault="fine")
    ended = await at.run(incident())
    told = await at.told()
    (waited,) = [text for text in told if "only its time speaks" in text]
    again = ALERT + at.deps.world.spans.recent
    assert f"{again:%H:%M:%S}" in waited
    assert ended.proposals[0].proposed_at >= again
    assert ended.investigations == 2


async def test_where_a_signal_deviates_a_change_is_blamed_at_once() -> None:
    at = bench()
    ended = await at.run(incident())
    assert not any("only its time speaks" in text for text in await at.told())
    assert ended.proposals[0].proposed_at == ALERT
    assert ended.investigations == 1


async def test_it_is_raised_where_the_watch_measures_more() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2), minutes=4, effect="worse")
    at.people.decides = decide(Verdict.APPROVE)
    await at.run(incident().evolve(alerts=(alert().model_copy(update={"severity": "ticket"}),)))
    assert any("severity P2 → P1: half of the requests" in text for text in await at.told())


async def test_who_is_hit_is_known_as_soon_as_it_is_measured() -> None:
    at = bench(minutes=2, fault="fine", turns=(timedelta(minutes=3), "fault"))
    ended = await at.run(incident())
    assert ended.impact.customers_affected is True


async def test_a_measurement_keeps_what_charts_draw_and_an_incident_its_worst_moment() -> None:
    at = bench(ScriptedEngine(severity=Severity.P1))
    at.people.decides = decide(Verdict.APPROVE)
    ended = await at.run(incident())
    assert ended.facts is not None
    assert ended.peak is not None
    assert not ended.facts.worse_than(ended.peak)
    kept = {one.id: one for one in await at.store.evidence(ended.id)}
    assert ended.facts.series is not None
    assert kept[ended.facts.series].tool == "watched_series"
    body = await at.store.body(ended.id, ended.facts.series)
    assert body is not None
    drawn = WatchedSeries.from_stored(body)
    assert drawn.series
    assert all(len(one.seconds) == len(one.values) for one in drawn.series)
