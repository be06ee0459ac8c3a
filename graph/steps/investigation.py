"""Step 2, investigation: the roles look in parallel; their reports become one diagnosis or "unknown"."""

from agents.engine import Assignment
from agents.role import RELEVANT_DEVELOPER
from graph.classify import classify
from graph.entries import Told, entry
from graph.facts import measured
from graph.merge import merge
from graph.state import Deps, Done
from graph.step import StepSpec, assignment, begin
from graph.supervisor import worth_acting_on
from incidents.facts import Facts
from incidents.findings import Diagnosis
from incidents.incident import Incident
from incidents.reports import InvestigationReport, Task
from incidents.runbook import Runbook
from incidents.severity import Severity, Step
from incidents.timeline import Entry, EntryKind
from tools.box import SUSPECTS
from tools.box.arguments import NoArgs


async def prepare(deps: Deps, incident: Incident) -> Told:
    """Measure again, and rank the suspects by code, whatever the engine."""
    after = await measured(deps, begin(deps, incident, Step.INVESTIGATION))
    answer = await deps.kit(after, "nexus", (SUSPECTS.name,)).ask(SUSPECTS, NoArgs())
    suspects = answer.data.suspects if answer.data is not None else ()
    return Told(after.evolve(suspects=suspects, investigations=after.investigations + 1))


def developer(deps: Deps, incident: Incident) -> str:
    """The developer role that owns the component which fails as far as is known."""
    blamed = incident.diagnosis.service if incident.diagnosis else None
    suspect = incident.suspects[0].service if incident.suspects else None
    hit = incident.services[0] if incident.services else None
    return deps.roster.developer_of(blamed or suspect or hit, deps.world.catalogue).slug


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """The roles of the step for this severity; the Relevant Developer is resolved to the owner's role."""
    severity = incident.severity or Severity.P0
    rows = deps.runbook.step_roles(Step.INVESTIGATION, severity, incident.impact)
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
                question=incident.question,
                acting_as=acting,
            )
        )
    return tuple(work)


async def conclude(deps: Deps, incident: Incident, done: tuple[Done, ...]) -> Told:
    """Merge the reports; act on a known cause, look again while it is weak, leave the rest to people."""
    now = deps.clock.now()
    kept = {item.id: item for item in await deps.evidence.evidence(incident.id)}
    reports = {
        deps.roster.get(item.assignment.role).name: report
        for item in done
        if (report := item.report(InvestigationReport)) is not None
    }
    found = merge(reports, kept, deps.world.catalogue.names)
    proposed = tuple(report.severity for report in reports.values() if report.severity is not None)
    after, told = _reclassified(deps, incident.evolve(diagnosis=found, question=None), proposed)
    entries = [_diagnosed(deps, after, found), *told]
    gaps = dict.fromkeys(gap for report in reports.values() for gap in report.gaps)
    entries += [
        entry(after, now, EntryKind.GAP, gap, f"gap:{number}") for number, gap in enumerate(gaps, start=1)
    ]
    if worth_acting_on(after):
        after = after.evolve(step=Step.MITIGATION, step_since=now, not_before=None)
    else:
        after = after.evolve(not_before=now + deps.runbook.watch.every)
    return Told(after, tuple(entries))


def _diagnosed(deps: Deps, incident: Incident, found: Diagnosis) -> Entry:
    where = f"{found.category} in {found.service}" if found.known else "cause unknown"
    text = f"{where} ({found.confidence} confidence): {found.summary}"
    if found.disagreement:
        text += f" — {found.disagreement}"
    return entry(incident, deps.clock.now(), EntryKind.DIAGNOSIS, text, "diagnosis", evidence=found.evidence)


def _reclassified(
    deps: Deps, incident: Incident, proposed: tuple[Severity, ...]
) -> tuple[Incident, tuple[Entry, ...]]:
    """The severity after new facts, up or down."""
    now = deps.clock.now()
    facts = incident.facts or Facts(at=now)
    found = classify(incident, facts, incident.impact, proposed, deps.runbook)
    if found.severity is incident.severity:
        return incident, ()
    after = incident.evolve(severity=found.severity, severity_at=now)
    text = f"severity {incident.severity} → {found.severity}: {found.reason}"
    return after, (entry(after, now, EntryKind.ROUTING, text, "reclassified"),)


def spec(runbook: Runbook) -> StepSpec:
    """The step as the runbook staffs it."""
    roles = tuple(dict.fromkeys(role.role for role in runbook.steps[Step.INVESTIGATION].roles))
    return StepSpec("investigation", roles, prepare, assign, conclude)
