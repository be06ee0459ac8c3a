"""What events and the passing of time do to an incident: pure, and harmless when repeated."""

from collections.abc import Iterator
from datetime import datetime

from graph.duties import DutyKind, agenda, due, last_asking
from graph.paging import say
from graph.people import hand_over, handle
from graph.regroup import taken_in, taken_out
from graph.rematch import rematched
from graph.reminders import REMINDERS, reminder, still_open
from graph.self_recovery import has_changed_anything
from graph.severity import escalated_severity, reclassified
from graph.shadow_end import over as shadow_over
from graph.timeline import Update, entry
from incidents.action import UNSETTLED, ActionState, Proposal, Verdict
from incidents.alert import Alert
from incidents.deeds import planned
from incidents.errors import ApprovalRefused
from incidents.events import (
    Acknowledged,
    AlertsArrived,
    AlertsMatched,
    AlertsTakenIn,
    AlertsTakenOut,
    ApprovalRevoked,
    ChangeSettled,
    DecisionMade,
    Event,
    MachineNoteAdded,
    NoteAdded,
    QuestionAsked,
    Reopened,
    SeveritySet,
    TimerFired,
    from_a_person,
)
from incidents.incident import Incident, Watch
from incidents.notes import MachineNote, Note
from incidents.paging import heard
from incidents.policy import ApprovalPolicy, decide
from incidents.ruled_out import understood
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
    told = _applied(known, event, policy, runbook, now)
    by = event.approval.by if isinstance(event, DecisionMade) else getattr(event, "by", None)
    if by is None or not from_a_person(event) or not told.incident.open or isinstance(event, Acknowledged):
        return told
    return told._replace(incident=heard(told.incident, by, now))


def _applied(
    known: Incident, event: Event, policy: ApprovalPolicy, runbook: Runbook, now: datetime
) -> Update:
    """The incident after an event that it has not seen before."""
    if isinstance(event, QuestionAsked | ChangeSettled):
        return _whenever(known, event, runbook, now)
    if not known.open and not isinstance(event, Reopened):
        return Update(known)
    match event:
        case AlertsArrived():
            return _alerts(known, event, runbook, now)
        case DecisionMade() | ApprovalRevoked():
            return _decision(known, event, policy, now)
        case NoteAdded() | MachineNoteAdded():
            return _note(known, event, now)
        case SeveritySet():
            return _severity(known, event, now)
        case TimerFired():
            return Update(known)
        case AlertsMatched() | AlertsTakenOut() | AlertsTakenIn():
            return _regrouped(known, event, runbook, now)
        case _:
            return handle(known, event, runbook, now)


def _note(incident: Incident, event: NoteAdded | MachineNoteAdded, now: datetime) -> Update:
    key, by = f"note:{event.id}", event.by
    if isinstance(event, NoteAdded):
        note = Note(at=event.at, by=by, text=event.text)
        told = entry(incident, now, EntryKind.NOTE, event.text, key, role=by, engine="person")
        meant = understood(event.text, incident.language)
        heard = entry(incident, now, EntryKind.NOTE, meant, f"{key}:heard")
        return Update(incident.evolve(notes=(*incident.notes, note)), (told, heard))
    text = f"left by a program of {by}, no person's word: {event.text}"
    told = entry(incident, now, EntryKind.NOTE, text, key, role="a program", engine="machine")
    left = MachineNote(at=event.at, by=by, text=event.text)
    return Update(incident.evolve(machine_notes=(*incident.machine_notes, left)), (told,))


def _whenever(
    incident: Incident, event: QuestionAsked | ChangeSettled, runbook: Runbook, now: datetime
) -> Update:
    """What counts also after the agents' end."""
    if isinstance(event, ChangeSettled):
        return _settled(incident, event, runbook, now)
    usage, lines = incident.usage + event.spent.usage, (*incident.usage_lines, event.spent)
    return Update(incident.evolve(usage=usage, usage_lines=lines))


def _alerts(incident: Incident, event: AlertsArrived, runbook: Runbook, now: datetime) -> Update:
    have = {alert.identity for alert in incident.alerts}
    reasons = (*event.reasons, *[""] * len(event.alerts))
    news = [(a, why) for a, why in zip(event.alerts, reasons, strict=False) if a.identity not in have]
    fresh = tuple(alert for alert, _ in news)
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
            "; ".join(_arrival(alert, why, runbook)),
            f"alert:{event.id}:{number}",
            role=alert.source,
            engine="alert",
        )
        for number, (alert, why) in enumerate(news)
    )
    after, worse = reclassified(after, escalated_severity(incident, after, runbook), now)
    if worse:
        after = _worse_than_known(after, now)
    if after.in_peoples_hands:
        return Update(after.evolve(calm_since=None), (*told, *worse, *_all_over(incident, after, now)))
    another = _needs_triage(incident, fresh, bool(worse))
    return Update(after.evolve(recheck=after.recheck or again or another), (*told, *worse))


def _regrouped(
    incident: Incident, event: AlertsMatched | AlertsTakenIn | AlertsTakenOut, runbook: Runbook, now: datetime
) -> Update:
    """Alerts that were matched again or moved: those that come in are looked at as those that arrive."""
    if isinstance(event, AlertsMatched):
        return rematched(incident, event, now)
    if isinstance(event, AlertsTakenOut):
        return taken_out(incident, event, now)
    after, told = taken_in(incident, event, now)
    arrived = AlertsArrived(id=event.id, incident=event.incident, at=event.at, alerts=event.alerts)
    after, more = _alerts(after, arrived, runbook, now)
    return Update(after, (*told, *more))


def _arrival(alert: Alert, why: str, runbook: Runbook) -> Iterator[str]:
    """What the timeline says of an alert that joined."""
    yield f"{alert.source}: {alert.title} is {alert.status}"
    if why and alert.firing:
        yield f"joined, for {why}"
    yield from remarks_on(alert, runbook)


def _needs_triage(before: Incident, fresh: tuple[Alert, ...], worse: bool) -> bool:
    """Whether what joined is worse, or about a service that triage has not looked at."""
    if before.triaged_at is None or has_changed_anything(before):
        return False
    known = {*before.services, *(alert.service for alert in before.alerts)}
    return worse or any(one.firing and one.service is not None and one.service not in known for one in fresh)


def _all_over(before: Incident, after: Incident, now: datetime) -> tuple[Entry, ...]:
    """Who holds it hears when the last alert has ended: code does not close what people hold."""
    if after.firing or not before.firing:
        return ()
    text = f"every alert has ended; if it is over: `nexus resolve {after.id}`"
    return (entry(after, now, EntryKind.VERIFICATION, text, "alerts-over"),)


def _worse_than_known(incident: Incident, now: datetime) -> Incident:
    """After news that is worse: what was measured before it does not say that users feel nothing of it."""
    if incident.step is Step.POST_MORTEM:  # it was on its way to the backlog
        incident = incident.evolve(step=Step.INVESTIGATION, step_since=now)
    hit = incident.impact.customers_affected or None
    return incident.evolve(impact=incident.impact.model_copy(update={"customers_affected": hit}))


def _decision(
    incident: Incident, event: DecisionMade | ApprovalRevoked, policy: ApprovalPolicy, now: datetime
) -> Update:
    if isinstance(event, ApprovalRevoked):
        return _revoked(incident, event, now)
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
        more = f"; {decided.missing} more needed"
        return Update(after, (say(f"approved {decided.id} ({decided.action.title}){note}{more}"),))
    verb = "rejected" if approval.verdict is Verdict.REJECT else "approved"
    told = (say(f"{verb} {decided.id} ({decided.action.title}){note}"),)
    if decided.state is ActionState.REJECTED:
        after = _back_to_investigation(after, decided, f"{approval.by} rejected", approval.note, now)
    return Update(after, told)


def _revoked(incident: Incident, event: ApprovalRevoked, now: datetime) -> Update:
    """An approval was taken back: what has not begun never begins, and the roles look again."""
    proposal = incident.proposal(event.action)
    wanted = proposal is not None and proposal.waits and proposal.digest == event.digest
    note = f": {event.note}" if event.note else ""
    if proposal is None or not wanted:
        stands = f"it is {proposal.state}" if proposal is not None else "it does not exist"
        text = f"took the approval of {event.action} back, which does not count: {stands}"
        after = incident
    else:
        text = f"took the approval of {proposal.id} ({proposal.action.title}) back{note}"
        after = incident.with_proposal(proposal.revoked())
        after = _back_to_investigation(after, proposal, f"{event.by} took back", event.note, now)
    told = entry(after, now, EntryKind.DECISION, text, f"revoke:{event.id}", role=event.by, engine="person")
    return Update(after, (told,))


def _settled(incident: Incident, event: ChangeSettled, runbook: Runbook, now: datetime) -> Update:
    """A person says what became of a change; the agents go on with it, or it is watched for who has it."""
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
    after = incident.with_proposal(settled)
    if after.in_peoples_hands and event.outcome.done:
        at = event.outcome.at
        after = after.evolve(watch=Watch(action=settled.id, started_at=at, until=at + runbook.watch.lasts))
    return Update(after, (told,))


def _back_to_investigation(
    incident: Incident, proposal: Proposal, did: str, note: str, now: datetime
) -> Incident:
    """A rejection is information: the roles look again with the person's reason before them."""
    reason = note or "no reason given"
    question = f"{did} '{proposal.action.title}' ({reason}). What else explains or mends it?"
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


def apply_time(
    incident: Incident, now: datetime, runbook: Runbook, revenue_threshold: float | None
) -> Update:
    """What time alone does: proposals expire, people are reminded, a late response is called late."""
    duties = agenda(incident, runbook, revenue_threshold)
    told: list[Entry] = []
    for duty in due(duties, now, DutyKind.EXPIRY):
        incident, entries = _expire(incident, duty.key.removeprefix("expiry:"), now, runbook)
        told += entries
    for duty in due(duties, now, *REMINDERS):
        incident = incident.evolve(reminders=(*incident.reminders, duty.key))
        text = reminder(duty.kind, duty.key, incident, runbook)
        told.append(entry(incident, now, EntryKind.ESCALATION, text, duty.key))
    for duty in due(duties, now, DutyKind.HELD_REMINDER):
        incident = incident.evolve(reminded_at=now)
        told.append(entry(incident, now, EntryKind.ESCALATION, still_open(incident, now), duty.key))
    if due(duties, now, DutyKind.SHADOW_END):
        incident, ended = shadow_over(incident, now, runbook)
        told += ended
    return Update(incident, tuple(told))


def _expire(incident: Incident, identity: str, now: datetime, runbook: Runbook) -> Update:
    """A proposal that nobody answered is planned anew and asked again, as long as the runbook says."""
    proposal = incident.proposal(identity)
    if proposal is None or proposal.state is not ActionState.PROPOSED:
        return Update(incident)
    last = last_asking(proposal, incident, runbook)
    after = incident.with_proposal(proposal.model_copy(update={"state": ActionState.EXPIRED}))
    change = planned(proposal.action, incident.language)
    text = say(incident, "remind.expired", id=identity, change=change)
    told = entry(after, now, EntryKind.DECISION, text, f"expired:{identity}")
    if not last:
        return Update(after.evolve(ask_again=identity), (told,))
    times = len(after.unanswered)
    how = "why.undecided_again" if times > 1 else "why.undecided"
    return hand_over(after, say(incident, how, change=change, n=str(times)), now, (told,))
