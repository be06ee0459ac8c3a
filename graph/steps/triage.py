"""Step 1, detection and triage: acknowledge, measure, classify, activate the team, open the channel."""

from datetime import datetime

from agents.engine import Assignment
from graph.measurement import report_silent_channels, with_measurement
from graph.remembered import impact_known
from graph.self_recovery import FLAPS, SelfRecovery, has_changed_anything, self_recovery, watched_until
from graph.severity import classify
from graph.state import Deps, RoleResult
from graph.step import StepSpec, assignment, begin
from graph.timeline import Update, entry
from incidents.alert import Alert
from incidents.catalogue import Catalogue
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.incident_path import is_beside, is_silence
from incidents.reports import Impact, Task, TriageReport
from incidents.runbook import Runbook
from incidents.severity import Severity, Status, Step
from incidents.severity_floor import Classified
from incidents.timeline import Entry, EntryKind
from tools.alerts.severity_words import remarks_on
from tools.felt import sentence


async def prepare(deps: Deps, incident: Incident) -> Update:
    """Acknowledge, open the channel, measure."""
    now = deps.clock.now()
    commander = deps.roster.get(_commander(deps.runbook)).name
    text = f"acknowledged: {incident.title}"
    acknowledged = entry(incident, now, EntryKind.ALERT, text, "acknowledged", role=commander)
    channel = incident.channel or await deps.comms.open_channel(incident)
    after = incident.evolve(channel=channel, acknowledged_at=incident.acknowledged_at or now)
    if not incident.recheck:
        after = begin(deps, after, Step.TRIAGE)
    told = await report_silent_channels(deps, await with_measurement(deps, after))
    remarks = _remarks(deps, incident, now) if incident.acknowledged_at is None else ()
    return Update(told.incident, (acknowledged, *remarks, *told.entries))


def _remarks(deps: Deps, incident: Incident, now: datetime) -> tuple[Entry, ...]:
    """What people must know of how the alerts were read that opened it; of later ones their arrival tells."""
    return tuple(
        entry(incident, now, EntryKind.ALERT, f"{alert.title}: {remark}", f"remark:{number}:{part}")
        for number, alert in enumerate(incident.alerts)
        if alert.received_at <= incident.opened_at
        for part, remark in enumerate(remarks_on(alert, deps.runbook))
    )


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
    """What was measured, completed by what roles say; a measurement wins over an opinion.

    Args:
        facts: the measurement.
        reports: of the roles.
        known: the services of the catalogue.
    """
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


def own_impact(
    impact: Impact, alerts: tuple[Alert, ...], catalogue: Catalogue
) -> tuple[Impact, tuple[str, ...]]:
    """The impact on the incident's own path, and the services that deviate beside it."""
    beside = tuple(name for name in impact.services if is_beside(name, alerts, catalogue))
    own = tuple(name for name in impact.services if name not in beside)
    return impact.model_copy(update={"services": own}), beside


def _nearby(before: Incident, after: Incident, now: datetime) -> tuple[Entry, ...]:
    """Say once of each set of services that it deviates beside the incident's path."""
    if not after.nearby or after.nearby == before.nearby:
        return ()
    names = ", ".join(after.nearby)
    text = f"{names} deviate too, but are not on the path of what failed: not taken for part of it"
    return (entry(after, now, EntryKind.ROUTING, text, "nearby", evidence=after.facts_evidence),)


async def conclude(deps: Deps, incident: Incident, done: tuple[RoleResult, ...]) -> Update:
    """Classify and route: what is over by itself is watched and ends here, the rest goes on its way."""
    now = deps.clock.now()
    facts = incident.facts or Facts(at=now)
    reports = tuple(report for item in done if (report := item.report(TriageReport)) is not None)
    said = merged_impact(facts, reports, deps.world.catalogue.names)
    impact = impact_known(said, incident.impact)
    impact, nearby = own_impact(impact, incident.alerts, deps.world.catalogue)
    found = classify(incident, facts, impact, tuple(report.severity for report in reports), deps.runbook)
    after = incident.evolve(
        impact=impact,
        nearby=nearby,
        summary=reports[0].summary if reports else incident.summary,
        summary_evidence=_stands_on(reports, facts) if reports else incident.summary_evidence,
        severity=found.severity,
        severity_at=incident.severity_at if incident.severity is found.severity else now,
        triaged_at=incident.triaged_at or now,
    )
    told = [_classified(deps, incident, after, found), *_nearby(incident, after, now)]
    agreed = all(report.false_alarm for report in reports)
    match self_recovery(after, facts, agreed, now, deps.runbook):
        case SelfRecovery.OVER if facts.quiet is not False or is_silence(after.alerts):
            ended = _over_by_itself(after, now)
        case SelfRecovery.WATCHED:
            ended = _watched(after, now, deps.runbook)
        case _:
            ended = Update(_on_its_way(after, now))
    return Update(ended.incident.evolve(recheck=False), (*told, *ended.entries))


def _on_its_way(incident: Incident, now: datetime) -> Incident:
    """A P3 goes to the backlog whenever it turns out to be one; the rest is investigated."""
    after = incident.evolve(calm_since=None)
    if after.severity is Severity.P3 and not has_changed_anything(after):
        return after.evolve(step=Step.POST_MORTEM, step_since=now)
    if after.step is not Step.TRIAGE:
        return after
    step = Step.INVESTIGATION if after.watch is None else Step.VERIFICATION  # of what people changed already
    return after.evolve(step=step, step_since=now)


def _stands_on(reports: tuple[TriageReport, ...], facts: Facts) -> tuple[str, ...]:
    """The evidence of the summary: what the role cited, and the measurement of the moment."""
    cited = (identity for claim in reports[0].claims for identity in claim.evidence)
    return tuple(dict.fromkeys((*cited, *facts.evidence)))


def _classified(deps: Deps, before: Incident, after: Incident, found: Classified) -> Entry:
    team = deps.runbook.teams[found.severity]
    names = ", ".join(deps.roster.get(member.role).name for member in team)
    changed = f" (was {before.severity})" if before.severity not in {None, found.severity} else ""
    felt = sentence(after.facts, deps.world.catalogue)
    why = f"{felt} ({found.reason})" if felt else found.reason
    text = f"{found.severity}{changed}: {why}. Response team: {names}"
    return entry(
        after, deps.clock.now(), EntryKind.ROUTING, text, "classified", evidence=after.facts_evidence
    )


def _watched(incident: Incident, now: datetime, runbook: Runbook) -> Update:
    """Over by itself as far as is seen: watched as long as after a fix, and anew from when it came back."""
    since = now if incident.firing else incident.calm_since or now
    after = incident.evolve(calm_since=since, not_before=None)
    until = watched_until(after, runbook)
    alerts = "the alerts came back" if after.firing else "the alerts ended"
    inside = after.facts is not None and after.facts.quiet is False
    state = "users are measured to feel nothing of what deviates" if inside else "no signal deviates"
    text = f"{alerts} and {state}, without a change by us; watching until {until:%H:%M:%S} UTC"
    return Update(after, (entry(after, now, EntryKind.VERIFICATION, text, "calm"),))


def _over_by_itself(incident: Incident, now: datetime) -> Update:
    """An end without a change: nothing was ever wrong, or it went by itself. What was proposed is moot."""
    gone = len(incident.firing_periods)
    often = f"came and went {gone} times" if gone >= FLAPS else "ended"
    often += " and fire again" if incident.firing else ""
    if incident.ever_deviated:
        status, still = Status.RESOLVED, "the signals are back to normal without a change by us"
    else:
        status, still = Status.FALSE_ALARM, "no signal deviates"
    reason = f"the alerts {often} and {still}"
    after = incident.evolve(
        proposals=tuple(proposal.revoked() for proposal in incident.proposals),
        status=status,
        ended_at=now,
        end_reason=reason,
        mitigated_at=incident.calm_since if incident.ever_deviated else None,
    )
    text = f"{status.value.replace('_', ' ')}: {reason}"
    return Update(after, (entry(after, now, EntryKind.END, text, "ended"),))


def spec(runbook: Runbook) -> StepSpec:
    """The step as the runbook staffs it."""
    roles = tuple(dict.fromkeys(role.role for role in runbook.steps[Step.TRIAGE].roles))
    return StepSpec("triage", roles, prepare, assign, conclude)
