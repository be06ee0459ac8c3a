"""What people are reminded of, in words: each line is written to the timeline and sent as a page. Pure."""

from datetime import datetime, timedelta

from graph.duties import DutyKind, last_asking
from graph.paging import say
from graph.rematch import which_service
from incidents.action import Proposal
from incidents.alert import Alert
from incidents.deeds import planned
from incidents.incident import Incident
from incidents.paging import is_over_by_itself
from incidents.runbook import Runbook
from incidents.texts import forms_of

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
        return say(incident, "remind.response")
    if kind is DutyKind.UNASSIGNED:
        return which_service(incident)
    if kind is DutyKind.SILENCE:
        told = (one for one in incident.latest_alerts.values() if one.firing and one.tells_silence)
        return "; ".join(_silence(incident, one) for one in told)
    if kind is DutyKind.HOLDER_SILENT:
        return _silent(incident, runbook)
    return say(incident, "remind.post_mortem")


def _silence(incident: Incident, alert: Alert) -> str:
    since = forms_of(incident.language).second(alert.starts_at)
    return say(incident, "remind.silence", title=alert.title, since=since, description=alert.description)


def _silent(incident: Incident, runbook: Runbook) -> str:
    """Who has it was not heard for too long, or has not answered since it was handed to them."""
    how = "unheard" if incident.confirmed else "handed"
    if is_over_by_itself(incident, runbook.bounds):
        how = "by_silence"
    second = forms_of(incident.language).second
    return say(
        incident,
        f"remind.{how}",
        holder=incident.holder or "",
        since=second(incident.heard_at) if incident.heard_at is not None else "",
        until=second(incident.heard_until) if incident.heard_until is not None else "",
        incident=incident.id,
    )


def _undecided(incident: Incident, waiting: Proposal, runbook: Runbook) -> str:
    """The reminder of a proposal, more urgent with every asking."""
    before, forms = incident.unanswered, forms_of(incident.language)
    how = "last" if last_asking(waiting, incident, runbook) else "urgent"
    return say(
        incident,
        f"remind.{how if before else 'decide'}",
        id=waiting.id,
        change=planned(waiting.action, incident.language),
        until=forms.second(waiting.expires_at),
        n=str(len(before) + 1),
        since=forms.second(before[0].proposed_at) if before else "",
    )


def still_open(incident: Incident, now: datetime) -> str:
    """The reminder of people who hold an incident."""
    since = incident.handed_over_at or now
    held = timedelta(minutes=(now - since) // timedelta(minutes=1))
    return say(
        incident,
        "remind.held" if incident.holder else "remind.held_nobody",
        held=forms_of(incident.language).span(held),
        holder=incident.holder or "",
        reason=incident.end_reason,
        incident=incident.id,
    )
