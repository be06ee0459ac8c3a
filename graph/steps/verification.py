"""Step 4, verification: code compares the signals before and after; the roles confirm."""

from datetime import datetime
from typing import TypeVar

from agents.engine import Assignment
from agents.role import RELEVANT_DEVELOPER
from graph import autonomous
from graph.measurement import report_silent_channels, with_measurement
from graph.paging import say
from graph.people import hand_over
from graph.severity import escalated_severity, reclassified
from graph.state import Deps, RoleResult
from graph.step import StepSpec, assignment, begin
from graph.steps.investigation import developer
from graph.steps.mitigation import propose_undo
from graph.timeline import Update, entry
from incidents.deeds import planned
from incidents.findings import Window
from incidents.incident import Incident, Watch
from incidents.language import Language
from incidents.milestones import over_at
from incidents.reports import Task, VerificationReport
from incidents.runbook import Runbook
from incidents.severity import Severity, Status, Step
from incidents.texts import forms_of
from incidents.timeline import Entry, EntryKind
from incidents.verification import Recovery, Verification
from tools.pictures.recovery_chart import chart
from tools.pictures.screenshots import screenshots
from tools.plainly import plainly
from tools.toolbox import ENDPOINTS, RECOVERY
from tools.toolbox.arguments import EndpointsArgs, RecoveryArgs

Settling = TypeVar("Settling", RecoveryArgs, EndpointsArgs)

#: Good checks in a row before the roles are asked: one good sample of a minute proves little.
STEADY = 2

#: Checks without an answer (no data) or without an effect after which the watch is given up.
CHECKS_IN_VAIN = 3


async def prepare(deps: Deps, incident: Incident) -> Update:
    """One check of the watch, by code."""
    after = begin(deps, incident, Step.VERIFICATION)
    watch = after.watch
    if watch is None:
        return Update(after)
    now = deps.clock.now()
    answer = await deps.toolset(after, "nexus", (RECOVERY.name,)).ask(
        RECOVERY, _settled(RecoveryArgs, deps.runbook)
    )
    found = answer.data or Verification(
        at=now,
        verdict=Recovery.UNKNOWN,
        readings=(),
        window=Window(start=watch.started_at, end=now),
        summary=f"the signals could not be read: {answer.evidence.summary}",
    )
    found = found.model_copy(update={"at": now, "action": watch.action, "evidence": (answer.id,)})
    after = after.evolve(
        verification=found, watch=watch.model_copy(update={"checks": (*watch.checks, found)})
    )
    if (change := after.proposal(watch.action)) is not None:
        after = after.with_proposal(change.model_copy(update={"seen": found.verdict}))
    if found.verdict is Recovery.RECOVERED and after.mitigated_at is None:
        after = after.evolve(mitigated_at=now)
    after, gaps = await report_silent_channels(deps, after)
    told = entry(after, now, EntryKind.VERIFICATION, _read(found), "check", evidence=found.evidence)
    after, worse = await _worse_than_known(deps, after)
    if "traces" not in deps.world.lacks and assign(deps, after):
        # What every role that confirms would ask first: asked once, it stands in everybody's brief.
        await deps.toolset(after, "nexus", (ENDPOINTS.name,)).ask(
            ENDPOINTS, _settled(EndpointsArgs, deps.runbook)
        )
    return Update(after, (*gaps, told, *worse))


async def _worse_than_known(deps: Deps, incident: Incident) -> Update:
    """The incident at a higher level where what is measured now asks for it; else as it was at its worst.

    The series are those of now: charts show the recovery.
    """
    seen = await with_measurement(deps, incident)
    found = escalated_severity(incident, seen, deps.runbook)
    if found is not None:
        return reclassified(seen, found, deps.clock.now())
    if incident.facts is None or seen.facts is None:
        return Update(incident)
    drawn = incident.facts.model_copy(update={"series": seen.facts.series})
    return Update(incident.evolve(facts=drawn))


def _read(found: Verification) -> str:
    """A verdict as people read it in the timeline."""
    if found.verdict is not Recovery.RECOVERED:
        return plainly(found.summary)
    judged = sum(one.signal.must_recover for one in found.readings)
    every = {1: "the signal is", 2: "both signals are"}.get(judged, f"all {judged} signals are")
    since, until = found.window.start, found.window.end
    return f"recovered: {every} as usual since {since:%H:%M:%S} UTC, judged until {until:%H:%M:%S} UTC"


def _settled(args: type[Settling], runbook: Runbook) -> Settling:
    """How much after a change is skipped: a third of the time until the first check, a minute at most."""
    third = runbook.watch.settle.total_seconds() / 60 / 3
    return args(settle_minutes=min(args().settle_minutes, third))


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """The roles of the step, once, after two good checks in a row: they confirm, and look for new issues."""
    watch = incident.watch
    if (
        incident.in_peoples_hands
        or incident.verified
        or watch is None
        or _in_a_row(watch, Recovery.RECOVERED) < STEADY
    ):
        return ()
    rows = deps.runbook.step_roles(Step.VERIFICATION, incident.severity or Severity.P0, incident.impact)
    return tuple(
        assignment(
            deps,
            incident,
            row.role,
            Task.VERIFY,
            does="confirm the recovery",
            checks=row.checks,
            acting_as=developer(deps, incident) if row.role == RELEVANT_DEVELOPER else None,
        )
        for row in rows
    )


async def conclude(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> Update:
    """Resolve at the end of a good watch, offer the undo when worse, look again when nothing changed."""
    now = deps.clock.now()
    told = _concerns(incident, done, now)
    watch, found = incident.watch, incident.verification
    if watch is None or found is None:
        return hand_over(incident, say(incident, "why.no_watch"), now, told)
    if done:
        told = (*told, *await _charted(deps, incident), *await _pictured(deps, incident))
        incident = incident.evolve(verified=True)
    incident, wrong = await _called_wrong(deps, incident, watch, found.verdict)
    told = (*told, *wrong)
    if incident.in_peoples_hands:
        after, entries = await _for_people(deps, incident, watch, found.verdict)
        return Update(after, (*told, *entries))
    match found.verdict:
        case Recovery.RECOVERED:
            after, entries = _recovered(incident, watch, now)
        case Recovery.WORSE:
            after, entries = await _worse(deps, incident, watch)
        case Recovery.UNCHANGED:
            after, entries = _unchanged(incident, watch, now)
        case Recovery.UNKNOWN:
            after, entries = _unknown(incident, watch, now)
    return Update(after, (*told, *entries))


async def _called_wrong(deps: Deps, incident: Incident, watch: Watch, verdict: Recovery) -> Update:
    """A change that nobody signed and that made nothing better takes the permission of its kind with it."""
    change = incident.proposal(watch.action)
    if verdict is Recovery.WORSE:
        return await autonomous.called_wrong(deps, incident, change, autonomous.WORSE)
    if verdict is Recovery.UNCHANGED and _is_in_vain(watch, deps.clock.now()):
        return await autonomous.called_wrong(deps, incident, change, autonomous.UNCHANGED)
    return Update(incident)


async def _charted(deps: Deps, incident: Incident) -> tuple[Entry, ...]:
    """The picture of the recovery, as evidence and as a file that people can open."""
    collector = deps.runbook.steps[Step.VERIFICATION].roles[0].role
    made = await chart(deps.toolset(incident, collector, ()), incident.signals)
    if made is None:
        return ()
    path = await deps.files.write(incident.id, "charts/recovery.png", made.body)
    await deps.files.write(incident.id, "charts/recovery.svg", made.svg)
    return (
        entry(
            incident,
            deps.clock.now(),
            EntryKind.VERIFICATION,
            f"{made.caption} ({path})",
            "chart",
            role=deps.roster.get(collector).name,
            evidence=(made.evidence.id,),
        ),
    )


async def _pictured(deps: Deps, incident: Incident) -> tuple[Entry, ...]:
    """The configured pages as they look now, as evidence and as files; what does not open is a gap."""
    collector = deps.runbook.steps[Step.VERIFICATION].roles[0].role
    taken = await screenshots(deps.toolset(incident, collector, ()))
    now, role = deps.clock.now(), deps.roster.get(collector).name
    for one in taken.kept:
        await deps.files.write(incident.id, f"screens/{one.shot.page}.png", one.shot.png)
    gaps = tuple(
        entry(incident, now, EntryKind.GAP, gap, f"screens:{number}", role=role)
        for number, gap in enumerate(taken.gaps, start=1)
    )
    if not taken.kept:
        return gaps
    said = "; ".join(f"{one.shot.page} ({one.shot.said})" for one in taken.kept)
    ids = tuple(one.evidence.id for one in taken.kept)
    text = f"pictures of {len(ids)} pages are kept in screens/: {said}"
    return (
        entry(incident, now, EntryKind.VERIFICATION, text, "screens", role=role, evidence=ids),
        *gaps,
    )


def _concerns(incident: Incident, done: tuple[RoleResult, ...], now: datetime) -> tuple[Entry, ...]:
    """New issues that the roles saw: told to people, judged by code at the next check."""
    reports = [report for item in done if (report := item.report(VerificationReport)) is not None]
    issues = dict.fromkeys(claim for report in reports for claim in report.new_issues)
    return tuple(
        entry(incident, now, EntryKind.GAP, f"new issue? {claim.text}", f"issue:{n}", evidence=claim.evidence)
        for n, claim in enumerate(issues, start=1)
    )


def _recovered(incident: Incident, watch: Watch, now: datetime) -> Update:
    if now < watch.until:
        return Update(incident)
    over = over_at(incident) or watch.started_at
    since, did = forms_of(incident.language).second(over), incident.change_done(watch.action)
    reason = say(incident, "why.resolved", since=since, did=did)
    after = incident.evolve(status=Status.RESOLVED, ended_at=now, end_reason=reason)
    return Update(after, (entry(after, now, EntryKind.END, f"resolved: {reason}", "resolved"),))


async def _worse(deps: Deps, incident: Incident, watch: Watch) -> Update:
    """The watched signals got worse: the undo is offered at once; without one, people take over.

    Where what was amiss is mended, and something else got worse, a person weighs the two.
    """
    change = incident.proposal(watch.action)
    if change is not None and change.undo_of is None and not _undo_answered(incident, watch.action):
        why = f"the watched signals got worse after {change.id}: {incident.verification_summary}"
        mended = bool(watch.checks) and watch.checks[-1].mended
        offered = await propose_undo(deps, incident, change, why, by_itself=not mended)
        if offered.incident.pending:
            return offered
    question = f"The last change made things worse ({incident.verification_summary}). What is really broken?"
    return _again(incident, question, deps.clock.now())


async def _for_people(deps: Deps, incident: Incident, watch: Watch, verdict: Recovery) -> Update:
    """The end of a watch over what people hold: they hear how it went, and decide."""
    now, ours = deps.clock.now(), incident.proposal(watch.action)
    undo = ours.plan.undo if ours is not None and verdict is Recovery.WORSE else None
    told = say(
        incident,
        f"watched.{verdict}_undo" if undo is not None else f"watched.{verdict}",
        change=incident.change_title(watch.action),
        since=forms_of(incident.language).moment(watch.started_at),
        seen=_seen(incident),
        undo=planned(undo, incident.language) if undo is not None else "",
        incident=incident.id,
    )
    in_vain = verdict is not Recovery.RECOVERED and _in_a_row(watch, verdict) >= CHECKS_IN_VAIN
    if now < watch.until and not in_vain and verdict is not Recovery.WORSE:
        return Update(incident)
    mitigated = incident.mitigated_at if verdict is Recovery.RECOVERED else None
    await deps.comms.page(incident, told, key=f"watched:{watch.action}:{verdict}")
    line = entry(incident, now, EntryKind.VERIFICATION, told, f"watched:{watch.action}")
    return Update(incident.evolve(watch=None, mitigated_at=mitigated), (line,))


def _seen(incident: Incident) -> str:
    """How the signals stand, as people are told; the English record says how that was judged, too."""
    found = incident.verification
    if found is None or incident.language is Language.EN:
        return incident.verification_summary
    watched = [one for one in found.readings if one.signal.must_recover]
    if not watched:
        return say(incident, "seen.unread")
    good = sum(one.verdict is Recovery.RECOVERED for one in watched)
    return say(incident, "seen.signals", count=len(watched), good=str(good), n=str(len(watched)))


def _undo_answered(incident: Incident, action: str) -> bool:
    return any(p.undo_of == action for p in incident.proposals)


def _unchanged(incident: Incident, watch: Watch, now: datetime) -> Update:
    if not _is_in_vain(watch, now):
        return Update(incident)
    did = incident.change_title(watch.action)
    return _again(incident, f"'{did}' changed nothing. What else explains the symptoms?", now)


def _is_in_vain(watch: Watch, now: datetime) -> bool:
    return _in_a_row(watch, Recovery.UNCHANGED) >= CHECKS_IN_VAIN or now >= watch.until


def _unknown(incident: Incident, watch: Watch, now: datetime) -> Update:
    if _in_a_row(watch, Recovery.UNKNOWN) < CHECKS_IN_VAIN:
        return Update(incident)  # also at the end of the watch: an outage of the metrics prolongs it
    reason = say(incident, "why.unconfirmed", seen=_seen(incident))
    return hand_over(incident, reason, now)


def _in_a_row(watch: Watch, verdict: Recovery) -> int:
    count = 0
    for check in reversed(watch.checks):
        if check.verdict is not verdict:
            break
        count += 1
    return count


def _again(incident: Incident, question: str, now: datetime) -> Update:
    after = incident.evolve(
        step=Step.INVESTIGATION,
        step_since=now,
        question=question,
        not_before=None,
        watch=None,
        mitigated_at=None,
        verified=False,
    )
    return Update(after, (entry(after, now, EntryKind.ROUTING, question, "again"),))


def spec(runbook: Runbook) -> StepSpec:
    """The step as the runbook staffs it."""
    roles = tuple(dict.fromkeys(role.role for role in runbook.steps[Step.VERIFICATION].roles))
    return StepSpec("verification", roles, prepare, assign, conclude)
