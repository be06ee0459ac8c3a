"""What people are reminded of, in words: each line is written to the timeline and sent as a page. Pure."""

from datetime import datetime, timedelta

from graph.duties import DutyKind, last_asking
from graph.rematch import which_service
from incidents.action import Proposal
from incidents.duration import format_duration
from incidents.incident import Incident
from incidents.paging import is_over_by_itself
from incidents.runbook import Runbook

#: The kinds that are said once each.
REMINDERS = (
    DutyKind.REMINDER,
    DutyKind.RESPONSE_BREACH,
    DutyKind.UNASSIGNED,
    DutyKind.SILENCE,
    DutyKind.HOLDER_SILENT,
    DutyKind.POST_MORTEM_LATE,
)


def reminder(kind: DutyKind, key: str, incident: Incident, runbook: Runbook) -> str:
    """The reminder of a duty of one of these kinds."""
    if kind is DutyKind.REMINDER:
        waiting = incident.proposal(key.removeprefix("reminder:"))
        assert waiting is not None  # the duty was derived from it  # noqa: S101
        return _undecided(incident, waiting, runbook)
    if kind is DutyKind.RESPONSE_BREACH:
        return "the response is late: triage has not finished within the runbook's response time"
    if kind is DutyKind.UNASSIGNED:
        return which_service(incident)
    if kind is DutyKind.SILENCE:
        told = (one for one in incident.latest_alerts.values() if one.firing and one.tells_silence)
        return "; ".join(f"{one.title} since {one.starts_at:%H:%M:%S} UTC: {one.description}" for one in told)
    if kind is DutyKind.HOLDER_SILENT:
        return _silent(incident, runbook)
    return "the post-mortem is late"


def _silent(incident: Incident, runbook: Runbook) -> str:
    """Who has it was not heard for too long, or has not answered since it was handed to them."""
    since = f"{incident.heard_at:%H:%M:%S} UTC"
    if is_over_by_itself(incident, runbook.bounds):
        said = (
            f"{incident.holder} has it by a silence, which is over since {incident.heard_until:%H:%M:%S} UTC"
        )
    elif not incident.confirmed:
        said = f"it was handed to {incident.holder} at {since}, who has not said that they have it"
    else:
        said = f"{incident.holder} has it and has not been heard since {since}"
    return f"{said}: paging goes on. `nexus acknowledge {incident.id}`"


def _undecided(incident: Incident, waiting: Proposal, runbook: Runbook) -> str:
    """The reminder of a proposal, more urgent with every asking."""
    what, until = f"{waiting.id} ({waiting.action.title})", f"{waiting.expires_at:%H:%M:%S} UTC"
    before = incident.unanswered
    if not before:
        return f"reminder: {what} waits for a decision until {until}"
    since = f"asked {len(before) + 1} times since {before[0].proposed_at:%H:%M:%S} UTC, nobody has answered"
    if last_asking(waiting, incident, runbook):
        return f"last call: {what}, {since}; at {until} it is left to people"
    return f"urgent: {what}, {since}; it waits until {until}, then it is planned anew"


def still_open(incident: Incident, now: datetime) -> str:
    """The reminder of people who hold an incident."""
    since = incident.handed_over_at or now
    who = f"{incident.holder} has it" if incident.holder else "nobody has taken it"
    held = format_duration(timedelta(minutes=(now - since) // timedelta(minutes=1)))
    return (
        f"not resolved, in people's hands for {held}, {who}: {incident.end_reason}. "
        f"`nexus take`, `resolve` or `give-back` {incident.id}"
    )
