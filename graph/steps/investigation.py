"""Step 2, investigation: the roles look in parallel; their reports become one diagnosis or "unknown"."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from agents.engine import Assignment
from agents.role import RELEVANT_DEVELOPER
from graph.diagnosis import channels, disputed, merge, missed, ranked_in
from graph.measurement import (
    changed_service_is_healthy,
    report_silent_channels,
    with_cause_applied,
    with_measurement,
)
from graph.remembered import refuted_by, remembering, was_answered
from graph.rounds import heard, is_idle, look_of, said_idle
from graph.seen_before import seen_before
from graph.self_recovery import has_changed_anything, seems_over
from graph.severity import classify, reclassified
from graph.state import Deps, RoleResult
from graph.step import StepSpec, assignment, begin
from graph.supervisor import worth_acting_on
from graph.timeline import Update, entry
from incidents.facts import Facts
from incidents.findings import Channel, Diagnosis, Evidence
from incidents.incident import Incident
from incidents.incident_path import path_of
from incidents.reports import Dispute, InvestigationReport, Task
from incidents.runbook import Runbook
from incidents.severity import Severity, Step
from incidents.timeline import Entry, EntryKind
from tools.telemetry.observe import ranking
from tools.toolbox import CHANGES, METRICS, SUSPECTS
from tools.toolbox.arguments import ChangesArgs, MetricsArgs, NoArgs

#: The engine that is never asked to think again.
PLAYBOOK = "playbook"


async def prepare(deps: Deps, incident: Incident) -> Update:
    """Measure again, and rank the suspects by code, whatever the engine."""
    begun = begin(deps, incident, Step.INVESTIGATION)
    # Both rest on one look; the ranking takes longest, and a thread of its own.
    measured, (seen, _) = await asyncio.gather(with_measurement(deps, begun), ranking(deps.sources(begun)))
    after, told = await report_silent_channels(deps, measured)
    toolset = deps.toolset(after, "nexus", (SUSPECTS.name, CHANGES.name, METRICS.name))
    answer = await toolset.ask(SUSPECTS, NoArgs())
    suspects = answer.data.suspects if answer.data is not None else ()
    after = after.evolve(suspects=suspects, investigations=after.investigations + 1)
    now = look_of(after, seen.recent.end, (change.id for change in seen.changes))
    if is_idle(after, now):
        return Update(after.evolve(idle_looks=after.idle_looks + 1), told)
    # What every role would ask first: asked once, it stands in everybody's brief.
    await toolset.ask(CHANGES, ChangesArgs())
    for suspect in suspects[:1]:
        await toolset.ask(METRICS, MetricsArgs(service=suspect.service))
    return Update(after.evolve(looked=now, idle_looks=0), told)


def developer(deps: Deps, incident: Incident) -> str:
    """The developer role that owns the component which fails as far as is known."""
    blamed = incident.diagnosis.service if incident.diagnosis else None
    suspect = incident.suspects[0].service if incident.suspects else None
    hit = incident.services[0] if incident.services else None
    return deps.roster.developer_of(blamed or suspect or hit, deps.world.catalogue).slug


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """The roles of the step for this severity; the Relevant Developer is resolved to the owner's role.

    Nobody is asked where nothing is new.
    """
    if incident.idle_looks:
        return ()
    severity = incident.severity or Severity.P0
    rows = deps.runbook.step_roles(Step.INVESTIGATION, severity, incident.impact)
    if incident.dispute is not None:
        rows = tuple(row for row in rows if row.role == incident.dispute.role)
    named = {row.role for row in rows}
    work: list[Assignment] = []
    for row in rows:
        acting = developer(deps, incident) if row.role == RELEVANT_DEVELOPER else None
        if acting in named - {RELEVANT_DEVELOPER}:
            continue  # the owner's role is in the team already and looks for itself
        work.append(
            assignment(
                deps,
                incident,
                row.role,
                Task.INVESTIGATE,
                does=incident.question or "investigate",
                checks=row.checks,
                question=incident.question or _round(incident),
                acting_as=acting,
            )
        )
    return tuple(work)


def _round(incident: Incident) -> str | None:
    """Why a later round looks again and what it should settle, where nothing else was asked."""
    found = incident.diagnosis
    if incident.investigations < 2 or found is None:
        return None
    return (
        f"Round {incident.investigations}, because the last one found no cause that is safe to act on "
        f"({found.confidence} confidence: {found.summary}) Settle what it left open with what has been "
        "recorded since, or say what is still missing."
    )


async def conclude(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> Update:
    """Merge the reports; act on a known cause, look again while it is weak, leave the rest to people."""
    now = deps.clock.now()
    kept = {item.id: item for item in await deps.evidence.evidence(incident.id)}
    if incident.idle_looks:
        return await _nothing_new(deps, incident, kept)
    fresh = {
        deps.roster.get(item.assignment.role).name: report
        for item in done
        if (report := item.report(InvestigationReport)) is not None
    }
    reports = {**(incident.dispute.reports if incident.dispute else {}), **fresh}
    path = path_of(incident.alerts, deps.world.catalogue)
    merged = merge(reports, kept, deps.world.catalogue.names, incident.suspects, path)
    before = None if was_answered(incident) else incident.diagnosis
    found = remembering(before, merged, refuted_by(reports.values(), kept))
    incident = incident.evolve(
        looked=heard(incident.looked, (item.assignment.role for item in done if item.performed is None))
    )
    if (question := _to_settle(deps, incident, reports, found, done)) is not None:
        return _asked(deps, incident.evolve(diagnosis=found), question)
    proposed = tuple(report.severity for report in reports.values() if report.severity is not None)
    after = incident.evolve(diagnosis=found, question=None, dispute=None)
    entries = [_diagnosed(deps, after, found), *await seen_before(deps, after)]
    if found.known and (missing := missed(reports.values())):
        entries.append(entry(after, now, EntryKind.GAP, f"Not known: {missing}", "gaps"))
    return await _goes_on(deps, after, kept, proposed, entries)


async def _nothing_new(deps: Deps, incident: Incident, evidence: Mapping[str, Evidence]) -> Update:
    """Nobody was asked: what is known stands; it is acted on if it only had to wait, else it is waited."""
    if incident.mitigations and worth_acting_on(incident):
        after = incident.evolve(not_before=deps.clock.now() + deps.runbook.watch.every)
        return Update(after, (_idle(deps, after),))
    update = await _goes_on(deps, incident, evidence, (), [])
    return Update(update.incident, (_idle(deps, update.incident), *update.entries))


async def _goes_on(
    deps: Deps,
    incident: Incident,
    evidence: Mapping[str, Evidence],
    proposed: tuple[Severity, ...],
    entries: list[Entry],
) -> Update:
    """Where an incident goes with its diagnosis: to the mitigation, to another look later, to the backlog."""
    now = deps.clock.now()
    facts = incident.facts or Facts(at=now)
    found = classify(incident, facts, incident.impact, proposed, deps.runbook)
    after, told = reclassified(incident, found, now)
    entries = [*entries[:1], *told, *entries[1:]]
    early = await _too_early(deps, after, evidence)
    if worth_acting_on(after) and early is None:
        after = (await with_cause_applied(deps, after)).evolve(
            step=Step.MITIGATION, step_since=now, not_before=None
        )
    if after.severity is Severity.P3 and not has_changed_anything(after):
        after = after.evolve(step=Step.POST_MORTEM, step_since=now, not_before=None)
    elif early is not None:
        after = after.evolve(not_before=now + deps.world.spans.recent)
        entries.append(_waits(after, early, now))
    elif not worth_acting_on(after):
        after = after.evolve(not_before=now + deps.runbook.watch.every)
    return Update(after.evolve(recheck=after.recheck or seems_over(after)), tuple(entries))


def _idle(deps: Deps, incident: Incident) -> Entry:
    text = f"nobody is asked again: {said_idle(incident, deps.runbook)}"
    return entry(incident, deps.clock.now(), EntryKind.ROUTING, text, "idle")


async def _too_early(deps: Deps, incident: Incident, evidence: Mapping[str, Evidence]) -> str | None:
    """Why the first look should not yet act on the change that it blames; None if it may.

    So early the telemetry may not show what is really wrong, and an innocent change is often near.
    """
    found = incident.diagnosis
    if found is None or not worth_acting_on(incident) or incident.investigations > 1:
        return None
    off = incident.facts.affected if incident.facts is not None else ()
    behind = channels(found.evidence, evidence, ranked_in(found.service, incident.suspects))
    if found.service not in off and behind <= {str(Channel.CHANGES)}:
        return "only its time speaks for that change, and no signal of its service deviates"
    if found.change and found.service and await changed_service_is_healthy(deps, incident, found.service):
        return f"{found.service} answers as ever by now, while requests of users go on failing"
    return None


def _waits(incident: Incident, why: str, now: datetime) -> Entry:
    text = f"{why}: another look at {incident.not_before:%H:%M:%S} UTC"
    return entry(incident, now, EntryKind.ROUTING, text, "too-early")


def _to_settle(
    deps: Deps,
    incident: Incident,
    reports: dict[str, InvestigationReport],
    found: Diagnosis,
    done: tuple[RoleResult, ...],
) -> Dispute | None:
    """One more round with a question to one role, where a model's report blames another cause first.

    Only once in a row, and only within the bound of investigations. Code that is asked the same again says
    the same again, so the playbook is never asked.
    """
    if incident.dispute is not None or incident.investigations >= deps.runbook.bounds.investigations:
        return None
    for item in done:
        name = deps.roster.get(item.assignment.role).name
        thought = item.performed is not None and item.performed.engine != PLAYBOOK
        if thought and name in reports and (rival := disputed(found, reports[name])) is not None:
            question = (
                f"The team leans to {found.category} in {found.service}: {found.summary} "
                f"You named {rival.category} in {rival.service} first. What in the evidence decides between "
                "the two? Rule one of them out, or say what is missing to tell."
            )
            return Dispute(role=item.assignment.role, question=question, reports=reports)
    return None


def _asked(deps: Deps, incident: Incident, dispute: Dispute) -> Update:
    name = deps.roster.get(dispute.role).name
    after = incident.evolve(dispute=dispute, question=dispute.question, not_before=None)
    text = f"the roles disagree; one question to {name}: {dispute.question}"
    return Update(after, (entry(after, deps.clock.now(), EntryKind.ROUTING, text, "dispute"),))


def _diagnosed(deps: Deps, incident: Incident, found: Diagnosis) -> Entry:
    where = f"{found.category} in {found.service}" if found.known else "cause unknown"
    text = f"{where} ({found.confidence} confidence): {found.summary}"
    if found.disagreement:
        text += f" — {found.disagreement}"
    return entry(incident, deps.clock.now(), EntryKind.DIAGNOSIS, text, "diagnosis", evidence=found.evidence)


def spec(runbook: Runbook) -> StepSpec:
    """The step as the runbook staffs it."""
    roles = tuple(dict.fromkeys(role.role for role in runbook.steps[Step.INVESTIGATION].roles))
    return StepSpec("investigation", roles, prepare, assign, conclude)
