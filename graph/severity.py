"""Severity from facts: floors that no opinion can lower, re-classification in both directions."""

from datetime import datetime

from graph.timeline import Update, entry
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.reports import Impact
from incidents.runbook import Runbook
from incidents.severity import Severity
from incidents.severity_floor import Classified, alert_severity, floor_of
from incidents.timeline import EntryKind


def escalated_severity(before: Incident, after: Incident, runbook: Runbook) -> Classified | None:
    """The higher level after more has been told or measured; None if it stays, or if a person set it.

    Args:
        before: the incident as it was classified.
        after: the same with further alerts, or measured again.
        runbook: its floors, and what the levels of senders mean.

    Returns:
        What the facts justify, or what an alert says that is more severe than every alert before it; an alert
        that is only sent again was heard when the incident was classified.
    """
    if before.severity is None or before.severity_by is not None:
        return None
    found = [floor_of(after.facts, after.impact, runbook)] if after.facts is not None else []
    was, said = alert_severity(before.alerts, runbook), alert_severity(after.alerts, runbook)
    if said is not None and (was is None or said.rank < was.rank):
        found.append(Classified(said, "an alert that came later says so"))
    worst = min((one for one in found if one), key=lambda one: one.severity.rank, default=None)
    return worst if worst is not None and worst.severity.rank < before.severity.rank else None


def reclassified(incident: Incident, found: Classified | None, now: datetime) -> Update:
    """The incident at that level from now on, and the line that says why; as it is if there is no other."""
    if found is None or found.severity is incident.severity:
        return Update(incident)
    after = incident.evolve(severity=found.severity, severity_at=now)
    text = f"severity {incident.severity} → {found.severity}: {found.reason}"
    return Update(after, (entry(after, now, EntryKind.ROUTING, text, "reclassified"),))


def classify(
    incident: Incident, facts: Facts, impact: Impact, proposed: tuple[Severity, ...], runbook: Runbook
) -> Classified:
    """The severity now.

    A person's word stands. Otherwise the floor that the facts justify is the least; what roles propose may be
    more severe. Where nothing was measured, the senders' level is the floor. An incident that already has a
    severity is lowered only when the facts allow it and a role asks for it, and never while a change waits:
    what is down is silent, and silence looks like health.
    """
    if incident.severity_by is not None and incident.severity is not None:
        return Classified(incident.severity, f"set by {incident.severity_by}")
    floor = floor_of(facts, impact, runbook)
    said = alert_severity(incident.alerts, runbook)
    if floor is None and facts.quiet is None and said is not None:
        floor = Classified(said, "too little telemetry to measure it; the alert says so")
    worst = min(proposed, key=lambda severity: severity.rank, default=None)
    if floor is None:
        floor = _said(incident, worst, said)
    if worst is not None and worst.rank < floor.severity.rank:
        return _not_lower(
            incident, Classified(worst, "a role judged it more severe than the facts alone"), worst
        )
    return _not_lower(incident, floor, worst)


def _said(incident: Incident, worst: Severity | None, said: Severity | None) -> Classified:
    """Where the facts ask for nothing: what roles say, else what was found before, or the sender's word."""
    if worst is not None:
        return Classified(worst, "the role's judgement")
    if incident.severity is not None:
        return Classified(incident.severity, "nothing new was measured or said")
    return Classified(said or Severity.P2, "the alert's level")


def _not_lower(incident: Incident, found: Classified, worst: Severity | None) -> Classified:
    current = incident.severity
    if current is None or found.severity.rank <= current.rank:
        return found
    if any(proposal.waits for proposal in incident.proposals):
        return Classified(current, "a change still waits to be made")
    if worst is not None and worst.rank > current.rank:
        return found
    return Classified(current, "no role asked to lower it")
