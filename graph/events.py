"""What events and the passing of time do to an incident: pure, and harmless when repeated."""

from datetime import datetime

from graph.duties import DutyKind, agenda, due
from graph.self_recovery import has_changed_anything
from graph.severity import escalated_severity, reclassified
from graph.timeline import Update, entry
from incidents.action import UNSETTLED, ActionState, Proposal, Verdict
from incidents.errors import ApprovalRefused
from incidents.events import (
    AlertsArrived,
    ChangeSettled,
    DecisionMade,
    Event,
    NoteAdded,
    QuestionAsked,
    SeveritySet,
    Stopped,
    TimerFired,
)
from incidents.incident import Incident, Note
from incidents.policy import ApprovalPolicy, decide
from incidents.runbook import Runbook
from incidents.severity import Status, Step
from incidents.timeline import Entry, EntryKind
from tools.alerts.severity_words import remarks_on


def apply_event(
    incident: Incident, event: Event, policy: ApprovalPolicy, runbook: Runbook, now: datetime
) -> Update:
    """The incident after one event. One that was seen, or comes after the end, changes nothing."""
    if event.id in incident.handled_events:
        return Update(incident)
    known = incident.evolve(handled_events=(*incident.handled_events, event.id))
    if isinstance(event, QuestionAsked | ChangeSettled):
        return _whenever(known, event, now)
    if not incident.open:
        return Update(known)
    match event:
        case AlertsArrived():
            return _alerts(known, event, runbook, now)
        case DecisionMade():
            return _decision(known, event, policy, now)
        case NoteAdded():
            note = Note(at=event.at, by=event.by, text=event.text)
            told = entry(
                known, now, EntryKind.NOTE, event.text, f"note:{event.id}", role=event.by, engine="person"
            )
            return Update(known.evolve(notes=(*known.notes, note)), (told,))
        case SeveritySet():
            return _severity(known, event, now)
        case Stopped():
            return _stop(known, event, now)
        case TimerFired():
            return Update(known)


def _whenever(incident: Incident, event: QuestionAsked | ChangeSettled, now: datetime) -> Update:
    """What counts also after the agents' end."""
    if isinstance(event, ChangeSettled):
        return _settled(incident, event, now)
    usage, lines = incident.usage + event.spent.usage, (*incident.usage_lines, event.spent)
    return Update(incident.evolve(usage=usage, usage_lines=lines))


def _alerts(incident: Incident, event: AlertsArrived, runbook: Runbook, now: datetime) -> Update:
    have = {alert.identity for alert in incident.alerts}
    fresh = tuple(alert for alert in event.alerts if alert.identity not in have)
    if not fresh:
        return Update(incident)
    after = incident.evolve(alerts=(*incident.alerts, *fresh))
    turned = incident.firing != after.firing and not has_changed_anything(after)
    # What came back is measured again only where it was taken for over.
    again = turned and (incident.calm_since if after.firing else incident.triaged_at) is not None
    told = tuple(
        entry(
            after,
            now,
            EntryKind.ALERT,
            "; ".join((f"{alert.source}: {alert.title} is {alert.status}", *remarks_on(alert, runbook))),
            f"alert:{event.id}:{number}",
            role=alert.source,
            engine="alert",
        )
        for number, alert in enumerate(fresh)
    )
    after, worse = reclassified(after, escalated_severity(incident, after, runbook), now)
    if worse:
        after = _reopened(after, now)
    return Update(after.evolve(recheck=after.recheck or again), (*told, *worse))


def _reopened(incident: Incident, now: datetime) -> Incident:
    """After news that is worse: what was measured before it does not say that users feel nothing of it."""
    if incident.step is Step.POST_MORTEM:  # it was on its way to the backlog
        incident = incident.evolve(step=Step.INVESTIGATION, step_since=now)
    hit = incident.impact.customers_affected or None
    return incident.evolve(impact=incident.impact.model_copy(update={"customers_affected": hit}))


def _decision(incident: Incident, event: DecisionMade, policy: ApprovalPolicy, now: datetime) -> Update:
    approval = event.approval
    proposal = incident.proposal(approval.action)

    def say(text: str) -> Entry:
        return entry(
            incident, now, EntryKind.DECISION, text, f"decision:{event.id}", role=approval.by, engine="person"
        )

    if proposal is None:
        return Update(
            incident, (say(f"decided on {approval.action}, which does not exist; nothing was changed"),)
        )
    try:
        decided = decide(proposal, approval, policy)
    except ApprovalRefused as refused:
        return Update(incident, (say(f"the decision does not count: {refused}"),))
    after = incident.with_proposal(decided)
    note = f": {approval.note}" if approval.note else ""
    if decided.state is ActionState.PROPOSED:
        missing = decided.approvers_needed - len(decided.approvals)
        return Update(
            after, (say(f"approved {decided.id} ({decided.action.title}){note}; {missing} more needed"),)
        )
    verb = "rejected" if approval.verdict is Verdict.REJECT else "approved"
    told = (say(f"{verb} {decided.id} ({decided.action.title}){note}"),)
    if decided.state is ActionState.REJECTED:
        after = _back_to_investigation(after, decided, approval.by, approval.note, now)
    return Update(after, told)


def _settled(incident: Incident, event: ChangeSettled, now: datetime) -> Update:
    """A person says what became of a change; the agents go on with it, or it ends here if people have it."""
    proposal = incident.proposal(event.action)
    if proposal is None or proposal.state not in UNSETTLED:
        return Update(incident)
    text = f"{proposal.id} ({proposal.action.title}): {event.outcome.detail}"
    told = entry(
        incident, now, EntryKind.EXECUTION, text, f"settle:{event.id}", role=event.by, engine="person"
    )
    if incident.status is Status.OPEN:  # its outcome is found at the next look, which is now
        return Update(incident.evolve(not_before=None), (told,))
    state = ActionState.DONE if event.outcome.done else ActionState.FAILED
    settled = proposal.model_copy(update={"state": state, "outcome": event.outcome})
    return Update(incident.with_proposal(settled), (told,))


def _back_to_investigation(
    incident: Incident, proposal: Proposal, by: str, note: str, now: datetime
) -> Incident:
    """A rejection is information: the roles look again with the person's reason before them."""
    reason = note or "no reason given"
    question = f"{by} rejected '{proposal.action.title}' ({reason}). What else explains or mends it?"
    return incident.evolve(
        step=Step.INVESTIGATION, step_since=now, question=question, not_before=None, watch=None
    )


def _severity(incident: Incident, event: SeveritySet, now: datetime) -> Update:
    after = incident.evolve(severity=event.severity, severity_at=now, severity_by=event.by)
    before = incident.severity or "not classified"
    told = entry(
        after,
        now,
        EntryKind.ROUTING,
        f"severity set to {event.severity} (was {before})",
        f"severity:{event.id}",
        role=event.by,
        engine="person",
    )
    return Update(after, (told,))


def _stop(incident: Incident, event: Stopped, now: datetime) -> Update:
    after = incident.evolve(
        proposals=tuple(proposal.revoked() for proposal in incident.proposals),
        status=Status.HANDED_OVER,
        ended_at=now,
        end_reason=f"stopped by {event.by}: {event.reason}",
    )
    text = "; ".join((after.end_reason, *_left_behind(incident)))
    told = entry(after, now, EntryKind.END, text, f"stop:{event.id}", role=event.by, engine="person")
    return Update(after, (told,))


def _left_behind(incident: Incident) -> list[str]:
    """What people have to look after themselves once the agents are stopped: changes that were begun."""
    begun = [p for p in incident.proposals if p.state in UNSETTLED]
    watched = incident.proposal(incident.watch.action) if incident.watch is not None else None
    left = [f"it is not known whether {p.action.title} was done; say it: {p.settling}" for p in begun]
    if watched is not None:
        undo = f"; to take it back: {watched.plan.undo.title}" if watched.plan.undo is not None else ""
        left.append(f"{watched.action.title} was done and nobody watches its effect any more{undo}")
    return left


def apply_time(
    incident: Incident, now: datetime, runbook: Runbook, revenue_threshold: float | None
) -> Update:
    """What time alone does: proposals expire, people are reminded, a late response is called late."""
    duties = agenda(incident, runbook, revenue_threshold)
    told: list[Entry] = []
    for duty in due(duties, now, DutyKind.EXPIRY):
        incident, entries = _expire(incident, duty.key.removeprefix("expiry:"), now, runbook)
        told += entries
    for duty in due(duties, now, DutyKind.REMINDER, DutyKind.RESPONSE_BREACH, DutyKind.POST_MORTEM_LATE):
        incident = incident.evolve(reminders=(*incident.reminders, duty.key))
        told.append(
            entry(incident, now, EntryKind.ESCALATION, _reminder(duty.kind, duty.key, incident), duty.key)
        )
    return Update(incident, tuple(told))


def _reminder(kind: DutyKind, key: str, incident: Incident) -> str:
    if kind is DutyKind.REMINDER:
        waiting = incident.proposal(key.removeprefix("reminder:"))
        assert waiting is not None  # the duty was derived from it  # noqa: S101
        return (
            f"reminder: {waiting.id} ({waiting.action.title}) waits for a decision until "
            f"{waiting.expires_at:%H:%M:%S} UTC"
        )
    if kind is DutyKind.RESPONSE_BREACH:
        return "the response is late: triage has not finished within the runbook's response time"
    return "the post-mortem is late"


def _expire(incident: Incident, identity: str, now: datetime, runbook: Runbook) -> Update:
    proposal = incident.proposal(identity)
    if proposal is None or proposal.state is not ActionState.PROPOSED:
        return Update(incident)
    after = incident.with_proposal(proposal.model_copy(update={"state": ActionState.EXPIRED}))
    text = f"{identity} ({proposal.action.title}) expired without a decision"
    told = entry(after, now, EntryKind.DECISION, text, f"expired:{identity}")
    first = min(p.proposed_at for p in after.proposals)
    if now >= first + runbook.bounds.decision_wait:
        return hand_over(after, "nobody decided in time", now, (told,))
    return Update(after, (told,))


def hand_over(incident: Incident, reason: str, now: datetime, before: tuple[Entry, ...] = ()) -> Update:
    """The agents end here and people go on; whoever is on call is paged with the reason."""
    after = incident.evolve(status=Status.HANDED_OVER, ended_at=now, end_reason=reason)
    text = f"handed over to people: {reason}"
    return Update(after, (*before, entry(after, now, EntryKind.END, text, "handed-over")))
