"""Step 1, detection and triage: acknowledge, measure, classify, activate the team, open the channel."""

from agents.engine import Assignment
from graph.classify import Classified, classify
from graph.entries import Told, entry
from graph.facts import measured
from graph.state import Deps, Done
from graph.step import StepSpec, assignment, begin
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.reports import Impact, Task, TriageReport
from incidents.runbook import Runbook
from incidents.severity import Severity, Status, Step
from incidents.timeline import Entry, EntryKind


async def prepare(deps: Deps, incident: Incident) -> Told:
    """Acknowledge, open the channel, measure."""
    now = deps.clock.now()
    acknowledged = entry(
        incident,
        now,
        EntryKind.ALERT,
        f"acknowledged: {incident.title}",
        "acknowledged",
        role=deps.roster.get(_commander(deps.runbook)).name,
    )
    channel = incident.channel or await deps.comms.open_channel(incident)
    after = incident.evolve(channel=channel, acknowledged_at=incident.acknowledged_at or now)
    if not incident.recheck:
        after = begin(deps, after, Step.TRIAGE)
    return Told(await measured(deps, after), (acknowledged,))


def _commander(runbook: Runbook) -> str:
    return runbook.steps[Step.TRIAGE].roles[0].role


def assign(deps: Deps, incident: Incident) -> tuple[Assignment, ...]:
    """The roles of the step; before the first classification nobody is left out."""
    severity = incident.severity or Severity.P0
    return tuple(
        assignment(deps, incident, role.role, Task.TRIAGE, does="triage the incident", checks=role.checks)
        for role in deps.runbook.step_roles(Step.TRIAGE, severity, incident.impact)
    )


def merged_impact(facts: Facts, reports: tuple[TriageReport, ...], known: tuple[str, ...]) -> Impact:
    """What was measured, completed by what roles say; a measurement wins over an opinion."""
    said = reports[0].impact if reports else Impact()
    customers = facts.customers_affected
    services = tuple(dict.fromkeys((*facts.affected, *(s for s in said.services if s in known))))
    return said.model_copy(
        update={
            "customers_affected": said.customers_affected if customers is None else customers,
            "api_affected": facts.api_affected or said.api_affected,
            "services": services,
            "data_breach_suspected": any(r.impact.data_breach_suspected for r in reports),
            "user_data_affected": any(r.impact.user_data_affected for r in reports),
        }
    )


async def conclude(deps: Deps, incident: Incident, done: tuple[Done, ...]) -> Told:
    """Classify and route: a false alarm ends here, a P3 goes to the backlog, the rest is investigated."""
    now = deps.clock.now()
    facts = incident.facts or Facts(at=now)
    reports = tuple(report for item in done if (report := item.report(TriageReport)) is not None)
    impact = merged_impact(facts, reports, deps.world.catalogue.names)
    found = classify(incident, facts, impact, tuple(report.severity for report in reports), deps.runbook)
    after = incident.evolve(
        impact=impact,
        summary=reports[0].summary if reports else incident.summary,
        summary_evidence=_stands_on(reports, facts) if reports else incident.summary_evidence,
        severity=found.severity,
        severity_at=incident.severity_at if incident.severity is found.severity else now,
        triaged_at=incident.triaged_at or now,
        recheck=False,
    )
    told = [_classified(deps, incident, after, found)]
    ended = _over_by_itself(after, facts, reports)
    if ended is not None:
        after = after.evolve(status=ended[0], ended_at=now, end_reason=ended[1], mitigated_at=None)
        told.append(
            entry(after, now, EntryKind.END, f"{ended[0].value.replace('_', ' ')}: {ended[1]}", "ended")
        )
    elif after.step is Step.TRIAGE:
        after = after.evolve(
            step=Step.POST_MORTEM if found.severity is Severity.P3 else Step.INVESTIGATION, step_since=now
        )
    return Told(after, tuple(told))


def _stands_on(reports: tuple[TriageReport, ...], facts: Facts) -> tuple[str, ...]:
    """The evidence of the summary: what the role cited, and the measurement of the moment."""
    cited = (identity for claim in reports[0].claims for identity in claim.evidence)
    return tuple(dict.fromkeys((*cited, *facts.evidence)))


def _classified(deps: Deps, before: Incident, after: Incident, found: Classified) -> Entry:
    team = deps.runbook.teams[found.severity]
    names = ", ".join(deps.roster.get(member.role).name for member in team)
    changed = f" (was {before.severity})" if before.severity not in {None, found.severity} else ""
    text = f"{found.severity}{changed}: {found.reason}. Response team: {names}"
    return entry(
        after, deps.clock.now(), EntryKind.ROUTING, text, "classified", evidence=after.facts_evidence
    )


def _over_by_itself(
    incident: Incident, facts: Facts, reports: tuple[TriageReport, ...]
) -> tuple[Status, str] | None:
    """An end without a change: nothing was ever wrong, or it went by itself; never while an alert fires."""
    if incident.firing or facts.quiet is False:
        return None
    if facts.quiet is None and not all(report.false_alarm for report in reports):
        return None
    if incident.deviated:
        return Status.RESOLVED, "the alerts ended and the signals are back to normal without a change by us"
    return Status.FALSE_ALARM, "the alerts ended and no signal deviates"


def spec(runbook: Runbook) -> StepSpec:
    """The step as the runbook staffs it."""
    roles = tuple(dict.fromkeys(role.role for role in runbook.steps[Step.TRIAGE].roles))
    return StepSpec("triage", roles, prepare, assign, conclude)
