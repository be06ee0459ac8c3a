"""Whether somebody acted on what was said, or it needs nobody any more: over incident and inbox. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from incidents.action import ActionState, Approval, Proposal, Verdict
from incidents.communications import decided_by_key
from incidents.deeds import planned, state_word
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
from incidents.language import Language
from incidents.paging import Pause
from incidents.severity import Status
from incidents.value import Value
from nexus.notify.wording import SENTENCES
from nexus.store.records import Message


class How(StrEnum):
    """What was done, or what became of it."""

    OVER = "itself"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"
    BACKLOG = "backlog"
    MERGED = "merged"
    APPROVED = "approved"
    REJECTED = "rejected"
    HAS_IT = "has_it"
    HANDED_ON = "handed_on"
    STOPPED = "stopped"
    GIVEN_BACK = "given_back"
    CHANGED = "changed"
    MITIGATED = "mitigated"
    DECIDED = "decided"
    BECAME = "became"


class Handled(Value):
    """Why a message wants nobody any more.

    Attributes:
        by: who acted; None: nobody had to.
        how: what they did, or what happened.
        over: the incident is over, and nothing more is said of it.
        before: they had it before it was said, so nobody has to be told of it.
        change: the proposal whose state is what became of it.
    """

    by: str | None
    how: How
    over: bool = False
    before: bool = False
    change: Proposal | None = None

    @property
    def sentence(self) -> str:
        """As the record has it: `handled by Dana Lee: approved`, `it is over: resolved`."""
        return self.said(Language.EN)

    def said(self, language: Language) -> str:
        """The same as people read it in their language."""
        became = self.change
        return SENTENCES.said(
            language,
            f"{'over' if self.over else 'handled'}.{self._key}",
            by=self.by or "",
            change=planned(became.action, language) if became is not None else "",
            state=state_word(became.state, language) if became is not None else "",
        )

    @property
    def _key(self) -> str:
        if self.over and self.how in _SAID_BY:
            return f"{self.how}_by" if self.by else self.how
        return f"{self.how}_itself" if self.how is How.BECAME and not self.by else self.how


#: What somebody says of an incident that is over.
_SAID_BY = {How.RESOLVED, How.FALSE_ALARM}
#: What somebody does with it who has heard of it.
_DONE: tuple[tuple[type, How], ...] = (
    (Acknowledged, How.HAS_IT),
    (HandedOver, How.HANDED_ON),
    (Taken, How.HAS_IT),
    (Stopped, How.STOPPED),
    (GivenBack, How.GIVEN_BACK),
    (ChangedOutside, How.CHANGED),
    (Mitigated, How.MITIGATED),
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
            how = How.RESOLVED if isinstance(event, Resolved) else How.FALSE_ALARM
            return Handled(by=event.by, how=how, over=True)
    if incident.open and not incident.closed:
        return None
    how = How.OVER if incident.status in {Status.OPEN, Status.HANDED_OVER} else How(incident.status)
    return Handled(by=incident.holder, how=how, over=True)


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
        return Handled(by=no.by, how=How.REJECTED)
    signers = {one.signer: one.by for one in made}
    if len(signers) >= proposal.approvers_needed:
        return Handled(by=", ".join(signers.values()), how=How.APPROVED)
    if proposal.state is ActionState.PROPOSED:
        return None
    return Handled(by=incident.holder, how=How.BECAME, change=proposal)


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
    return Handled(by=incident.holder, how=How.HAS_IT, before=before)


def _decided_since(since: datetime, incident: Incident, waiting: Sequence[Event]) -> Handled | None:
    """Whoever decided on a change since has heard the call."""
    made = [one for proposal in incident.proposals for one in proposal.approvals]
    by = next((one.by for one in (*made, *_decisions(waiting)) if one.at >= since), None)
    return Handled(by=by, how=How.DECIDED) if by is not None else None


def _decisions(waiting: Sequence[Event]) -> list[Approval]:
    return [event.approval for event in waiting if isinstance(event, DecisionMade)]
