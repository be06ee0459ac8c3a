"""Whether somebody acted on what was said, or it needs nobody any more: over incident and inbox. Pure."""

from collections.abc import Sequence
from datetime import datetime

from incidents.action import ActionState, Verdict
from incidents.communications import decided_by_key
from incidents.events import (
    ChangedOutside,
    DecisionMade,
    Event,
    FalseAlarm,
    GivenBack,
    Mitigated,
    Resolved,
    Stopped,
    Taken,
)
from incidents.incident import Incident
from incidents.value import Value
from nexus.store.records import Message


class Handled(Value):
    """Why a message wants nobody any more.

    Attributes:
        by: who acted; None: nobody had to.
        how: what they did, or what happened, as it follows a name or stands alone.
        over: the incident is over, and nothing more is said of it.
        before: they had it before it was said, so nobody has to be told of it.
    """

    by: str | None
    how: str
    over: bool = False
    before: bool = False

    @property
    def sentence(self) -> str:
        """As people read it: `handled by Dana Lee: approved`, `it is over: resolved`."""
        if self.over:
            return f"it is over: {self.how}" + (f" by {self.by}" if self.by else "")
        return f"handled by {self.by}: {self.how}" if self.by else f"no longer needed: {self.how}"


#: What somebody does with it who has heard of it, in words that follow a name.
_DONE: tuple[tuple[type, str], ...] = (
    (Taken, "has it"),
    (Stopped, "stopped the agents"),
    (GivenBack, "gave it back to the agents"),
    (ChangedOutside, "changed something"),
    (Mitigated, "calls it mitigated"),
)


def handled(message: Message, incident: Incident, waiting: Sequence[Event] = ()) -> Handled | None:
    """Why a message wants nobody any more, or None while it does.

    Args:
        message: what was said.
        incident: as it was saved last.
        waiting: what people sent to it and no turn has heard yet.
    """
    return (
        _over(incident, waiting)
        or _decided(message, incident, waiting)
        or _taken(message.at, incident, waiting)
        or _decided_otherwise(message, incident, waiting)
    )


def _over(incident: Incident, waiting: Sequence[Event]) -> Handled | None:
    for event in waiting:
        if isinstance(event, Resolved | FalseAlarm):
            how = "resolved" if isinstance(event, Resolved) else "a false alarm"
            return Handled(by=event.by, how=how, over=True)
    if incident.open and not incident.closed:
        return None
    return Handled(by=incident.holder, how=incident.status.replace("_", " "), over=True)


def _decided(message: Message, incident: Incident, waiting: Sequence[Event]) -> Handled | None:
    """Of a proposal: somebody decided on it, or it is no longer to be decided on."""
    proposal = incident.proposal(decided_by_key(message.key) or "")
    if proposal is None:
        return None
    decisions = list(proposal.approvals)
    decisions += [
        event.approval
        for event in waiting
        if isinstance(event, DecisionMade) and event.approval.digest == proposal.digest
    ]
    refused = [one for one in decisions if one.verdict is Verdict.REJECT]
    signers = {one.signer: one for one in decisions}
    if refused:
        return Handled(by=refused[0].by, how="rejected")
    if len(signers) >= proposal.approvers_needed:
        return Handled(by=", ".join(one.by for one in signers.values()), how="approved")
    if proposal.state is ActionState.PROPOSED:
        return None
    return Handled(by=None, how=f"{proposal.action.title}: {proposal.state.replace('_', ' ')}")


def _taken(since: datetime, incident: Incident, waiting: Sequence[Event]) -> Handled | None:
    """Somebody did something with the incident after it was said, or has it."""
    for event in waiting:
        for kind, how in _DONE:
            if isinstance(event, kind) and event.at >= since:
                return Handled(by=getattr(event, "by", None), how=how)
    if incident.holder is None:
        return None
    before = incident.handed_over_at is not None and incident.handed_over_at < since
    return Handled(by=incident.holder, how="has it", before=before)


def _decided_otherwise(message: Message, incident: Incident, waiting: Sequence[Event]) -> Handled | None:
    """A call to look was heard by who decided on a change since; one to decide wants all its decisions."""
    if decided_by_key(message.key) is not None:
        return None
    made = [one for proposal in incident.proposals for one in proposal.approvals]
    made += [event.approval for event in waiting if isinstance(event, DecisionMade)]
    by = next((one.by for one in made if one.at >= message.at), None)
    return Handled(by=by, how="decided on a change") if by is not None else None
