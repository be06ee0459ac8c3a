"""Whether somebody acted on what was said, or it needs nobody any more: over incident and inbox. Pure."""

from collections.abc import Sequence
from datetime import datetime

from incidents.action import ActionState, Approval, Verdict
from incidents.communications import decided_by_key
from incidents.events import (
    Acknowledged,
    ChangedOutside,
    DecisionMade,
    Event,
    FalseAlarm,
    GivenBack,
    HandedOver,
    Mitigated,
    Resolved,
    Stopped,
    Taken,
)
from incidents.incident import Incident
from incidents.paging import Pause
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
    (Acknowledged, "has it"),
    (HandedOver, "handed it on"),
    (Taken, "has it"),
    (Stopped, "stopped the agents"),
    (GivenBack, "gave it back to the agents"),
    (ChangedOutside, "changed something"),
    (Mitigated, "calls it mitigated"),
)


def handled(
    message: Message, incident: Incident, waiting: Sequence[Event], pause: Pause | None
) -> Handled | None:
    """Why a message wants nobody any more, or None while it does.

    What asks for a decision wants that decision: whoever has the incident has not made it yet.

    Args:
        message: what was said.
        incident: as it was saved last.
        waiting: what people sent to it and no turn has heard yet.
        pause: whether its repeated paging rests, since somebody has it who is not silent.
    """
    if (over := _over(incident, waiting)) is not None:
        return over
    asked = decided_by_key(message.key)
    if asked is not None:
        return _decided(incident, asked, waiting)
    return _taken(message.at, incident, waiting, pause) or _decided_since(message.at, incident, waiting)


def _over(incident: Incident, waiting: Sequence[Event]) -> Handled | None:
    for event in waiting:
        if isinstance(event, Resolved | FalseAlarm):
            how = "resolved" if isinstance(event, Resolved) else "a false alarm"
            return Handled(by=event.by, how=how, over=True)
    if incident.open and not incident.closed:
        return None
    return Handled(by=incident.holder, how=incident.status.replace("_", " "), over=True)


def _decided(incident: Incident, asked: str, waiting: Sequence[Event]) -> Handled | None:
    """Of a proposal: somebody decided on it, or it is no longer to be decided on."""
    for event in waiting:
        if isinstance(event, Taken | Stopped):  # it falls with the next turn
            return Handled(by=event.by, how=dict(_DONE)[type(event)])
    proposal = incident.proposal(asked)
    if proposal is None:
        return None
    made = [*proposal.approvals, *(one for one in _decisions(waiting) if one.digest == proposal.digest)]
    if (no := next((one for one in made if one.verdict is Verdict.REJECT), None)) is not None:
        return Handled(by=no.by, how="rejected")
    signers = {one.signer: one.by for one in made}
    if len(signers) >= proposal.approvers_needed:
        return Handled(by=", ".join(signers.values()), how="approved")
    if proposal.state is ActionState.PROPOSED:
        return None
    return Handled(by=incident.holder, how=f"{proposal.action.title} is {proposal.state.replace('_', ' ')}")


def _taken(
    since: datetime, incident: Incident, waiting: Sequence[Event], pause: Pause | None
) -> Handled | None:
    """Somebody did something with the incident after it was said, or has it and is not silent."""
    for event in waiting:
        for kind, how in _DONE:
            if isinstance(event, kind) and event.at >= since:
                return Handled(by=getattr(event, "by", None), how=how)
    if incident.holder is None or pause is None:
        return None
    before = incident.held_since is not None and incident.held_since < since
    return Handled(by=incident.holder, how="has it", before=before)


def _decided_since(since: datetime, incident: Incident, waiting: Sequence[Event]) -> Handled | None:
    """Whoever decided on a change since has heard the call."""
    made = [one for proposal in incident.proposals for one in proposal.approvals]
    by = next((one.by for one in (*made, *_decisions(waiting)) if one.at >= since), None)
    return Handled(by=by, how="decided on a change") if by is not None else None


def _decisions(waiting: Sequence[Event]) -> list[Approval]:
    return [event.approval for event in waiting if isinstance(event, DecisionMade)]
