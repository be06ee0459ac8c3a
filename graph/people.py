"""An incident in people's hands, and what they do with it: take, give back, change, resolve, reopen. Pure.

What the agents hand over stays open: updates, escalations and reminders go on until a person resolves it.
"""

from datetime import datetime

from graph.holding import hold
from graph.outside import evidence_id
from graph.paging import say
from graph.severity import classify
from graph.shadow_end import rest
from graph.timeline import Update, entry
from incidents.events import (
    Acknowledged,
    ChangedOutside,
    FalseAlarm,
    GivenBack,
    HandedOver,
    Handling,
    Mitigated,
    Reopened,
    Resolved,
    SilenceEnded,
    Stopped,
    Taken,
)
from incidents.facts import Facts
from incidents.incident import Incident, Watch
from incidents.notes import Note, OutsideChange
from incidents.paging import held_by_nobody, held_by_person
from incidents.runbook import Runbook
from incidents.severity import Severity, Status, Step
from incidents.timeline import Entry, EntryKind


def hand_over(incident: Incident, reason: str, now: datetime, before: tuple[Entry, ...] = ()) -> Update:
    """The agents end here and people go on; whoever is on call is paged with the reason, in shadow nobody."""
    if incident.shadow.whole:
        return rest(incident, reason, now, before)
    after = _in_peoples_hands(incident, reason, now).evolve(watch=None)
    text = say(incident, "people.left", reason=reason)
    return Update(after, (*before, entry(after, now, EntryKind.PEOPLE, text, "handed-over")))


def handle(incident: Incident, event: Handling, runbook: Runbook, now: datetime) -> Update:
    """The incident after a person has taken it, changed something, or called it over or not over."""
    match event:
        case Acknowledged() | HandedOver() | SilenceEnded():
            return hold(incident, event, now)
        case Stopped():
            return _stop(incident, event, runbook, now)
        case Taken():
            return _take(incident, event, runbook, now)
        case GivenBack():
            return _give_back(incident, event, now)
        case ChangedOutside():
            return _changed(incident, event, runbook, now)
        case Mitigated():
            after = incident.evolve(mitigated_at=event.at)
            return Update(after, (_said(after, event, EntryKind.VERIFICATION, "mitigated", now),))
        case Resolved():
            return _ended(incident, event, Status.RESOLVED, "resolved", now)
        case FalseAlarm():
            return _ended(incident, event, Status.FALSE_ALARM, "called a false alarm", now)
        case Reopened():
            return _reopen(incident, event, now)


def _said(incident: Incident, event: Handling, kind: EntryKind, verb: str, now: datetime) -> Entry:
    """The line of what a person did, with the words that came with it."""
    note = getattr(event, "note", "")
    text = f"{verb} by {event.by}" + (f": {note}" if note else "")
    return entry(incident, now, kind, text, f"{event.kind}:{event.id}", role=event.by, engine="person")


def _in_peoples_hands(incident: Incident, reason: str, now: datetime) -> Incident:
    """Open, in people's hands: what was proposed falls, what the agents meant to do next is forgotten."""
    return incident.evolve(
        proposals=tuple(proposal.revoked() for proposal in incident.proposals),
        status=Status.HANDED_OVER,
        handed_over_at=incident.handed_over_at or now,
        end_reason=reason,
        ask_again=None,
        not_before=None,
        recheck=False,
        question=None,
        dispute=None,
    )


def _classified(incident: Incident, runbook: Runbook, now: datetime) -> Incident:
    """Updates and escalations need a severity: before triage, that of the facts or of the sender."""
    if incident.severity is not None:
        return incident
    facts = incident.facts or Facts(at=now)
    found = classify(incident, facts, incident.impact, (), runbook)
    return incident.evolve(severity=found.severity, severity_at=now)


def _stop(incident: Incident, event: Stopped, runbook: Runbook, now: datetime) -> Update:
    reason = say(incident, "why.stopped", by=event.by, reason=event.reason)
    after = _in_peoples_hands(_classified(incident, runbook, now), reason, now).evolve(stopped=True)
    text = "; ".join((reason, *_left_behind(incident)))
    told = entry(after, now, EntryKind.PEOPLE, text, f"stop:{event.id}", role=event.by, engine="person")
    return Update(after, (told,))


def _take(incident: Incident, event: Taken, runbook: Runbook, now: datetime) -> Update:
    """Somebody has it: from the agents, from nobody after a hand-over, or from another person."""
    if incident.in_peoples_hands:
        after = held_by_person(incident, event.by, now)
        return Update(after, (_said(after, event, EntryKind.PEOPLE, "taken", now),))
    reason = say(incident, "why.taken", by=event.by)
    after = _in_peoples_hands(_classified(incident, runbook, now), reason, now)
    after = held_by_person(after, event.by, now)
    after = after.evolve(acknowledged_at=incident.acknowledged_at or now)
    text = "; ".join((reason, *_left_behind(incident)))
    told = entry(after, now, EntryKind.PEOPLE, text, f"take:{event.id}", role=event.by, engine="person")
    return Update(after, (told,))


def _left_behind(incident: Incident) -> list[str]:
    """What people have to look after themselves: changes that were begun, and one that is still watched."""
    left = [
        f"it is not known whether {p.action.title} was done; say it: {p.settling}" for p in incident.unsettled
    ]
    if incident.watch is not None:
        watched = incident.proposal(incident.watch.action)
        undo = watched.plan.undo if watched is not None else None
        back = f"; to take it back: {undo.title}" if undo is not None else ""
        left.append(f"{incident.change_title(incident.watch.action)} was done and is still watched{back}")
    return left


def _give_back(incident: Incident, event: GivenBack, now: datetime) -> Update:
    """The agents begin anew, with the note before them and all their attempts."""
    if not incident.in_peoples_hands:
        return Update(incident)
    after = _to_the_agents(incident, event.by, event.note, now)
    after = held_by_person(after, event.by, now)  # who gives it back is awake
    question = f"{event.by} gave it back: {event.note}" if event.note else None
    after = after.evolve(step=_goes_on(after), step_since=now, question=question)
    return Update(after, (_said(after, event, EntryKind.PEOPLE, "given back to the agents", now),))


def _to_the_agents(incident: Incident, by: str, note: str, now: datetime) -> Incident:
    notes = (Note(at=now, by=by, text=note),) if note else ()
    return held_by_nobody(incident).evolve(
        status=Status.OPEN,
        handed_over_at=None,
        rests_since=None,
        stopped=False,
        reminded_at=None,
        ended_at=None,
        end_reason="",
        investigations=0,
        looked=None,
        idle_looks=0,
        mitigations=0,
        not_before=None,
        notes=(*incident.notes, *notes),
    )


def _goes_on(incident: Incident) -> Step:
    """Where the agents take it up: what is watched is watched on, a P3 goes to the backlog."""
    if incident.triaged_at is None:
        return Step.TRIAGE
    if incident.watch is not None:
        return Step.VERIFICATION
    return Step.POST_MORTEM if incident.severity is Severity.P3 else Step.INVESTIGATION


def _changed(incident: Incident, event: ChangedOutside, runbook: Runbook, now: datetime) -> Update:
    """What people changed is watched like a change by Nexus; what was planned before it is moot."""
    change = OutsideChange(
        id=f"C{len(incident.outside_changes) + 1}", service=event.service, what=event.what,
        at=min(event.when, now), by=event.by,
    )  # fmt: skip
    until = max(change.at + runbook.watch.lasts, now + runbook.watch.settle + runbook.watch.every)
    after = incident.evolve(
        outside_changes=(*incident.outside_changes, change),
        proposals=tuple(proposal.revoked() for proposal in incident.proposals),
        watch=Watch(action=change.id, started_at=change.at, until=until),
        ask_again=None,
        mitigated_at=None,
        verified=False,
        calm_since=None,
        recheck=False,
        not_before=None,
    )
    if not after.in_peoples_hands and after.triaged_at is not None:
        after = after.evolve(step=Step.VERIFICATION, step_since=now)
    text = f"{change.id}, outside of Nexus at {change.at:%H:%M:%S} UTC: {change.title}"
    told = entry(
        after, now, EntryKind.EXECUTION, text, f"changed:{event.id}", role=event.by, engine="person",
        evidence=(evidence_id(after, change),),
    )  # fmt: skip
    return Update(after, (told,))


def _ended(
    incident: Incident, event: Resolved | FalseAlarm, status: Status, verb: str, now: datetime
) -> Update:
    """A person's word ends it; the post-mortem and the backlog follow as after every end."""
    told = _said(incident, event, EntryKind.END, verb, now)
    left = _left_behind(incident.evolve(watch=None))
    after = incident.evolve(
        proposals=tuple(proposal.revoked() for proposal in incident.proposals),
        status=status,
        ended_at=now,
        end_reason=told.text,
        stopped=False,
        ask_again=None,
        recheck=False,
        not_before=None,
        question=None,
    )
    return Update(after, (told.model_copy(update={"text": "; ".join((told.text, *left))}),))


def _reopen(incident: Incident, event: Reopened, now: datetime) -> Update:
    """It is not over: the agents measure anew and look again, with the note before them."""
    if incident.open:
        return Update(incident)
    after = _to_the_agents(incident, event.by, event.note, now).evolve(
        step=Step.TRIAGE,
        step_since=now,
        reopened=incident.reopened + 1,
        merged_into=None,
        diagnosis=None,
        watch=None,
        verification=None,
        verified=False,
        mitigated_at=None,
        calm_since=None,
        post_mortem=None,
        post_mortem_report=None,
        backlog=(),
        reminders=tuple(key for key in incident.reminders if not key.startswith("post_mortem")),
    )
    return Update(after, (_said(after, event, EntryKind.PEOPLE, "reopened", now),))
