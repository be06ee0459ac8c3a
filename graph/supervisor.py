"""The supervisor: a pure function from the incident and the time to what happens next.

It applies severity routing, the decision tree's order, the bounds of every loop and the duties that are due.
Models propose within the steps; nothing here asks one.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from graph.duties import DutyKind, agenda, due, next_wake, unwritten
from graph.paging import say
from graph.self_recovery import has_changed_anything, watched_until
from incidents.action import UNSETTLED, ActionState
from incidents.findings import Confidence
from incidents.incident import Incident
from incidents.runbook import Runbook
from incidents.severity import Severity, Status, Step
from incidents.value import Moment, Value
from incidents.verification import Recovery


class MoveKind(StrEnum):
    """The nodes that the supervisor can send to."""

    TRIAGE = "triage"
    INVESTIGATION = "investigation"
    MITIGATION = "mitigation"
    VERIFICATION = "verification"
    POST_MORTEM = "post_mortem"
    COMMUNICATIONS = "communications"
    ESCALATION = "escalation"
    EXECUTE = "execute"
    WAIT = "wait"
    HAND_OVER = "hand_over"
    END = "end"


class Move(Value):
    """What happens next and why. `until` is for waits, `target` the proposal or the rows it is about."""

    kind: MoveKind
    reason: str
    until: Moment | None = None
    targets: tuple[str, ...] = ()


STEPS = {
    Step.TRIAGE: MoveKind.TRIAGE,
    Step.INVESTIGATION: MoveKind.INVESTIGATION,
    Step.MITIGATION: MoveKind.MITIGATION,
    Step.VERIFICATION: MoveKind.VERIFICATION,
    Step.POST_MORTEM: MoveKind.POST_MORTEM,
}


def next_move(incident: Incident, now: datetime, runbook: Runbook, revenue_threshold: float | None) -> Move:
    """What happens next. Total: every incident in every state gets a move."""
    duties = agenda(incident, runbook, revenue_threshold)
    if rows := due(duties, now, DutyKind.ESCALATION):
        return Move(
            kind=MoveKind.ESCALATION,
            reason=f"due since {rows[0].at:%H:%M:%S} UTC",
            targets=tuple(duty.key for duty in rows),
        )
    step = _step_move(incident, now, runbook)
    horizon = now + _box(incident, runbook, step.kind)
    if spoken := due(duties, horizon, DutyKind.STATUS_UPDATE, DutyKind.BRIEF):
        return Move(
            kind=MoveKind.COMMUNICATIONS,
            reason=f"due at {spoken[0].at:%H:%M:%S} UTC",
            targets=tuple(duty.kind.value for duty in spoken),
        )
    if step.kind is not MoveKind.WAIT:
        return step
    moments = [moment for moment in (step.until, next_wake(duties, now)) if moment is not None]
    if not moments:
        return Move(kind=MoveKind.HAND_OVER, reason=say(incident, "why.nothing_left"))
    return step.model_copy(update={"until": min(moments)})


def worth_acting_on(incident: Incident) -> bool:
    """Whether the diagnosis is good enough to propose a change: known, and more than a guess."""
    found = incident.diagnosis
    return found is not None and found.known and found.confidence is not Confidence.LOW


#: How long a check by code may take: its backends may be slow.
CHECK_BOX = timedelta(minutes=1)


def _box(incident: Incident, runbook: Runbook, kind: MoveKind) -> timedelta:
    """How long the next step may take at most; what only code does, as most checks of a watch, takes less."""
    only_code = kind is MoveKind.VERIFICATION and (
        incident.verified or incident.in_peoples_hands or verdict_of(incident) is not Recovery.RECOVERED
    )
    if kind not in set(STEPS.values()):
        return timedelta()
    if only_code:
        return CHECK_BOX
    return runbook.bounds.step_box[incident.severity or Severity.P0]


def _step_move(incident: Incident, now: datetime, runbook: Runbook) -> Move:
    """The move that the steps ask for, duties aside."""
    if not incident.open:
        return _ending(incident)
    if incident.rests:
        return Move(kind=MoveKind.WAIT, reason="in shadow all is said; it ends by itself")
    if incident.in_peoples_hands:
        return _held(incident, now, runbook)
    approved = [p.id for p in incident.proposals if p.state is ActionState.APPROVED or p.state in UNSETTLED]
    if approved and (later := _later(incident, now)) is not None:
        return later
    if approved:
        return Move(kind=MoveKind.EXECUTE, reason="people approved it", targets=(approved[0],))
    if incident.recheck:
        return Move(kind=MoveKind.TRIAGE, reason=f"{_what_changed(incident)}: measure again")
    if (until := watched_until(incident, runbook)) is not None and not has_changed_anything(incident):
        return _calm(now, until)
    if incident.ask_again is not None:
        reason = f"{incident.ask_again} expired without a decision: planned anew and asked again"
        return Move(kind=MoveKind.MITIGATION, reason=reason)
    if due_now := [p.id for p in incident.proposals if p.unsigned_due(now)]:
        later = _later(incident, now)
        return later or Move(
            kind=MoveKind.EXECUTE, reason="its permission lets it begin", targets=(due_now[0],)
        )
    return {
        Step.TRIAGE: _triage,
        Step.INVESTIGATION: _investigation,
        Step.MITIGATION: _mitigation,
        Step.VERIFICATION: _verification,
        Step.POST_MORTEM: _post_mortem,
    }[incident.step](incident, now, runbook)


def _what_changed(incident: Incident) -> str:
    if not incident.firing:
        return "the alerts ended by themselves"
    if incident.calm_since is not None:
        return "the alerts came back"
    return "what joined is worse, or of a service that was not looked at"


def _calm(now: datetime, until: datetime) -> Move:
    """It is over by itself: watched until it may be called over, then measured a last time."""
    if now < until:
        reason = f"it is over by itself; watching until {until:%H:%M:%S} UTC whether it comes back"
        return Move(kind=MoveKind.WAIT, reason=reason, until=until)
    return Move(kind=MoveKind.TRIAGE, reason="it stayed over by itself: measure a last time")


def _held(incident: Incident, now: datetime, runbook: Runbook) -> Move:
    """People work on it: code measures the effect of what was changed; the rest is duties."""
    if incident.watch is None:
        return Move(kind=MoveKind.WAIT, reason=f"for the people who hold it: {incident.end_reason}")
    next_check = check_time(incident, runbook)
    if now < next_check:
        until = incident.watch.until
        reason = f"people hold it; watching the recovery until {until:%H:%M:%S} UTC"
        return Move(kind=MoveKind.WAIT, reason=reason, until=next_check)
    reason = f"check {len(incident.watch.checks) + 1} of the watch, for the people who hold it"
    return Move(kind=MoveKind.VERIFICATION, reason=reason)


def _later(incident: Incident, now: datetime) -> Move | None:
    """A wait for the target of a change that did not answer, if there is one."""
    if incident.not_before is None or now >= incident.not_before:
        return None
    return Move(kind=MoveKind.WAIT, reason="for the target to answer", until=incident.not_before)


def _ending(incident: Incident) -> Move:
    if unwritten(incident):
        return Move(kind=MoveKind.END, reason=incident.end_reason)
    if incident.status is Status.RESOLVED and incident.post_mortem is None:
        return Move(kind=MoveKind.POST_MORTEM, reason="the incident is resolved")
    if incident.status is Status.RESOLVED and not incident.backlog:
        return Move(kind=MoveKind.POST_MORTEM, reason="the prevention tasks go to the backlog")
    if incident.status is Status.FALSE_ALARM and not incident.backlog:
        return Move(kind=MoveKind.POST_MORTEM, reason="what raised a false alarm goes to the backlog")
    return Move(kind=MoveKind.END, reason=incident.end_reason or incident.status.value)


def _triage(incident: Incident, _now: datetime, _runbook: Runbook) -> Move:
    return Move(kind=MoveKind.TRIAGE, reason=f"{len(incident.alerts)} alert(s) arrived")


def _investigation(incident: Incident, now: datetime, runbook: Runbook) -> Move:
    if incident.investigations >= runbook.bounds.investigations:
        return Move(
            kind=MoveKind.HAND_OVER,
            reason=_no_cause(incident),
        )
    if incident.not_before is not None and now < incident.not_before:
        return Move(kind=MoveKind.WAIT, reason="for more telemetry to look at", until=incident.not_before)
    reason = incident.question or f"severity {incident.severity}: find the cause"
    return Move(kind=MoveKind.INVESTIGATION, reason=reason)


def _no_cause(incident: Incident) -> str:
    rounds, idle = incident.investigations - incident.idle_looks, incident.idle_looks
    found = say(incident, "why.no_cause", count=rounds, n=str(rounds))
    return say(incident, "why.idle", count=idle, found=found, n=str(idle)) if idle else found


def _mitigation(incident: Incident, now: datetime, runbook: Runbook) -> Move:
    if incident.pending:
        waiting = incident.pending[0]
        if waiting.begins_at is not None and now < waiting.begins_at:
            return Move(
                kind=MoveKind.WAIT,
                reason=f"{waiting.id} begins by itself unless somebody rejects it: {waiting.action.title}",
                until=waiting.begins_at,
                targets=(waiting.id,),
            )
        missing = waiting.approvers_needed - len(waiting.approvals)
        people = "a person" if missing == 1 else f"{missing} people"
        return Move(
            kind=MoveKind.WAIT,
            reason=f"for {people} to decide on {waiting.id}: {waiting.action.title}",
            until=waiting.expires_at,
            targets=(waiting.id,),
        )
    if (later := _later(incident, now)) is not None:
        return later
    tried = incident.mitigations
    if tried >= runbook.bounds.mitigations:
        return Move(
            kind=MoveKind.HAND_OVER,
            reason=say(incident, "why.attempts", count=tried, n=str(tried)),
        )
    found = incident.diagnosis
    cause = f"{found.category} in {found.service}" if found else "the cause"
    return Move(kind=MoveKind.MITIGATION, reason=f"cause found: {cause}")


def _verification(incident: Incident, now: datetime, runbook: Runbook) -> Move:
    watch = incident.watch
    if watch is None:
        return Move(kind=MoveKind.HAND_OVER, reason=say(incident, "why.no_watch"))
    if incident.pending:  # the undo of a change that made things worse
        return _mitigation(incident, now, runbook)
    next_check = check_time(incident, runbook)
    if now < next_check:
        return Move(
            kind=MoveKind.WAIT,
            reason=f"watching the recovery until {watch.until:%H:%M:%S} UTC",
            until=next_check,
        )
    return Move(kind=MoveKind.VERIFICATION, reason=f"check {len(watch.checks) + 1} of the watch")


def check_time(incident: Incident, runbook: Runbook) -> datetime:
    """When the next check is due: after settling, then every so often, last at the end of the watch.

    Where that one saw nothing, the watch goes on.
    """
    watch = incident.watch
    if watch is None:
        return incident.step_since
    if not watch.checks:
        return watch.started_at + runbook.watch.settle
    last = watch.checks[-1].at
    after = last + runbook.watch.every
    return min(after, watch.until) if last < watch.until else after


def _post_mortem(incident: Incident, _now: datetime, _runbook: Runbook) -> Move:
    """Open and already at the last step: a P3 goes to the backlog without a response team."""
    return Move(kind=MoveKind.POST_MORTEM, reason=f"{incident.severity} goes to the backlog")


def verdict_of(incident: Incident) -> Recovery | None:
    """The latest verdict of the running watch."""
    checks = incident.watch.checks if incident.watch is not None else ()
    return checks[-1].verdict if checks else None
