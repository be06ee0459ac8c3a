"""The duties of an open incident, derived from its state and the time; nothing here is stored or remembered.

Each duty has the moment at which it is due. The earliest moment that lies ahead is when the incident wants to
be woken. Source of the rules: the runbook's *Throughout*, *Escalation Matrix* and *Response Time*.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from graph.shadow_end import ends_at as shadow_ends_at
from incidents.action import ActionState, Proposal
from incidents.incident import Incident
from incidents.paging import is_silent, silence_key, silent_from
from incidents.reports import Task
from incidents.runbook import EscalationRow, Runbook, Throughout
from incidents.severity import Severity, Status
from incidents.value import Moment, Value, iso


class DutyKind(StrEnum):
    """What is owed."""

    STATUS_UPDATE = "status_update"
    BRIEF = "brief"
    ESCALATION = "escalation"
    REMINDER = "reminder"
    HELD_REMINDER = "held_reminder"
    HOLDER_SILENT = "holder_silent"
    EXPIRY = "expiry"
    RESPONSE_BREACH = "response_breach"
    UNASSIGNED = "unassigned"
    SILENCE = "silence"
    POST_MORTEM_LATE = "post_mortem_late"
    SHADOW_END = "shadow_end"


class Duty(Value):
    """One duty: what, when, for whom. `key` names one that fires once."""

    kind: DutyKind
    at: Moment
    key: str
    roles: tuple[str, ...] = ()


def agenda(incident: Incident, runbook: Runbook, revenue_threshold: float | None) -> tuple[Duty, ...]:
    """Everything the incident owes, with the moment at which each is due; the past ones are overdue."""
    if incident.rests:
        return tuple(_shadow(incident, runbook))
    duties = [*_communications(incident, runbook), *_shadow(incident, runbook)]
    if incident.open:
        duties += _escalations(incident, runbook, revenue_threshold)
        duties += _approvals(incident, runbook)
        duties += _response(incident, runbook)
        duties += _unassigned(incident, runbook)
        duties += _silence(incident)
        duties += _held(incident, runbook)
        duties += _holder_silent(incident, runbook)
    duties += _post_mortem(incident, runbook)
    return tuple(sorted(duties, key=lambda duty: (duty.at, duty.kind, duty.key)))


def due(duties: tuple[Duty, ...], now: datetime, *kinds: DutyKind) -> tuple[Duty, ...]:
    """Those of some kinds whose time has come."""
    return tuple(duty for duty in duties if duty.kind in kinds and duty.at <= now)


def next_wake(duties: tuple[Duty, ...], now: datetime) -> datetime | None:
    """The earliest moment ahead at which something is due."""
    return min((duty.at for duty in duties if duty.at > now), default=None)


def escalation_time(row: EscalationRow, incident: Incident, threshold: float | None) -> datetime | None:
    """When a row of the matrix fires for this incident; None if its condition does not hold."""
    if row.severity is not None and row.unresolved_for is not None:
        if incident.severity is not row.severity or incident.severity_at is None:
            return None
        return max(incident.opened_at + row.unresolved_for, incident.severity_at)
    revenue = incident.revenue_impact
    holds = (
        (row.data_breach and incident.impact.data_breach_suspected)
        or (row.user_data and incident.impact.user_data_affected)
        or (row.revenue and threshold is not None and revenue is not None and revenue > threshold)
    )
    return incident.triaged_at if holds else None


def _cadence(incident: Incident, duty: Throughout, said: tuple[datetime, ...]) -> datetime | None:
    """When a recurring duty is due: at once after triage, then every so often."""
    if incident.severity not in duty.severities or incident.severity_at is None:
        return None
    if incident.impact.customers_affected is False:
        return None
    return said[-1] + duty.every if said else incident.severity_at


def _communications(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    """Status updates and briefs: by the clock while it is open, at once when the public status changes."""
    if incident.status is Status.MERGED:
        return  # the incident that goes on speaks for it
    stand = public_state(incident)
    for kind, task, said, spoken in (
        (DutyKind.STATUS_UPDATE, Task.STATUS_UPDATE, incident.updates, incident.spoken_status),
        (DutyKind.BRIEF, Task.BRIEF, incident.briefs, incident.spoken_brief),
    ):
        duty = next((duty for duty in runbook.throughout if duty.task is task), None)
        when = _cadence(incident, duty, tuple(item.at for item in said)) if duty else None
        if duty is None or when is None:
            continue
        if not incident.open:
            if not said or spoken == stand:
                continue
            when = incident.ended_at or when
        elif said and spoken != stand:
            when = said[-1].at
        yield Duty(kind=kind, at=when, key=f"{kind}:{len(said) + 1}", roles=(duty.role,))


def public_state(incident: Incident) -> str:
    """What readers want to hear of at once: the public status, that people took over, or the end."""
    quiet = incident.status is Status.OPEN
    return incident.public_status if quiet else f"{incident.public_status} {incident.status}"


def _escalations(incident: Incident, runbook: Runbook, threshold: float | None) -> Iterator[Duty]:
    fired = {escalation.row for escalation in incident.escalations}
    for row in runbook.escalations:
        when = escalation_time(row, incident, threshold)
        if when is not None and row.id not in fired:
            yield Duty(kind=DutyKind.ESCALATION, at=when, key=row.id, roles=row.to)


def _approvals(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    for proposal in incident.proposals:
        if proposal.state is not ActionState.PROPOSED:
            continue
        key = f"reminder:{proposal.id}"
        remind = proposal.proposed_at + runbook.bounds.approval_reminder
        if key not in incident.reminders and remind < proposal.expires_at:
            yield Duty(kind=DutyKind.REMINDER, at=remind, key=key)
        yield Duty(kind=DutyKind.EXPIRY, at=proposal.expires_at, key=f"expiry:{proposal.id}")


def last_asking(proposal: Proposal, incident: Incident, runbook: Runbook) -> bool:
    """Whether a proposal that expires is not asked again: people have been asked for long enough."""
    first = min((one.proposed_at for one in incident.unanswered), default=proposal.proposed_at)
    return proposal.expires_at >= first + runbook.bounds.decision_wait


def _held(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    """People are reminded of what they hold until it is over."""
    if incident.in_peoples_hands and incident.handed_over_at is not None:
        every = runbook.bounds.held_reminder[incident.severity or Severity.P0]
        at = (incident.reminded_at or incident.handed_over_at) + every
        yield Duty(kind=DutyKind.HELD_REMINDER, at=at, key="still-open")


def _holder_silent(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    """Who has it and says nothing is asked, and paging goes on; what people hold is asked about anyway."""
    at = silent_from(incident, runbook.bounds)
    if at is not None and not incident.in_peoples_hands and not is_silent(incident):
        yield Duty(kind=DutyKind.HOLDER_SILENT, at=at, key=silence_key(incident))


def _shadow(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    """What is in shadow ends by itself; once all is said that is all it owes."""
    if incident.open and incident.shadow.whole:
        yield Duty(kind=DutyKind.SHADOW_END, at=shadow_ends_at(incident, runbook), key="shadow")


def _response(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    """A response later than the severity allows; until triage has spoken, it may be the worst."""
    within = runbook.severities[incident.severity or Severity.P0].within
    answered = incident.triaged_at is not None or incident.in_peoples_hands
    if within is not None and not answered and "response_breach" not in incident.reminders:
        yield Duty(kind=DutyKind.RESPONSE_BREACH, at=incident.opened_at + within, key="response_breach")


def _unassigned(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    """An alert of which nobody knows the service waits no longer than its severity's response may take."""
    is_known = incident.diagnosis is not None and incident.diagnosis.known
    if is_known or incident.in_peoples_hands or "unassigned" in incident.reminders:
        return
    late = [
        alert.received_at + within
        for alert in incident.unassigned_alerts
        for severity in (runbook.severity_of_alert(alert.severity) or incident.severity or Severity.P2,)
        if (within := runbook.severities[severity].within) is not None
    ]
    if late:
        yield Duty(kind=DutyKind.UNASSIGNED, at=min(late), key="unassigned")


def _silence(incident: Incident) -> Iterator[Duty]:
    """While the monitoring is silent nobody else would tell people: they are paged at once."""
    silent = [one for one in incident.latest_alerts.values() if one.firing and one.tells_silence]
    if not silent:
        return
    first = min(one.starts_at for one in incident.alerts if one.tells_silence)
    last = max(one.starts_at for one in silent)
    key = "silence" if last == first else f"silence:{iso(last)}"  # the next one is told as the first was
    if key not in incident.reminders:
        yield Duty(kind=DutyKind.SILENCE, at=max(incident.opened_at, last), key=key)


def _post_mortem(incident: Incident, runbook: Runbook) -> Iterator[Duty]:
    owed = incident.status is Status.RESOLVED and incident.post_mortem is None and not unwritten(incident)
    if owed and incident.ended_at is not None and "post_mortem_late" not in incident.reminders:
        late = incident.ended_at + runbook.post_mortem.within
        yield Duty(kind=DutyKind.POST_MORTEM_LATE, at=late, key="post_mortem_late")


#: The reminder that stands for a post-mortem, or its tasks, that no role could write: it is left to people.
UNWRITTEN = "post_mortem_unwritten"


def unwritten(incident: Incident) -> bool:
    """Whether people were told that they have to write the post-mortem or its tasks themselves."""
    return UNWRITTEN in incident.reminders


def status_cadence(runbook: Runbook) -> timedelta | None:
    """How often the status page is updated while customers are affected."""
    return next((duty.every for duty in runbook.throughout if duty.task is Task.STATUS_UPDATE), None)
