"""Which proposal a decision is about, and what the decision is as an event."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from incidents.action import ActionState, Approval, Proposal
from incidents.actor import Actor
from incidents.errors import ApprovalRefused, UnknownName, UsageError
from incidents.events import ApprovalRevoked
from incidents.standing import Standing, revocable

if TYPE_CHECKING:
    from incidents.incident import Incident
    from incidents.proposed import Proposed

#: How the reason of a rejection begins with which somebody asks for something else instead.
ANOTHER_WAY = "another way is asked for: "


def same_decision(one: Approval, other: Approval) -> bool:
    """Whether a person says the same of the same proposal again."""
    said = ((a.action, a.digest, a.verdict, a.signer) for a in (one, other))
    return len(set(said)) == 1


def proposal_to_decide(incident: "Proposed | Incident", action: str | None) -> Proposal:
    """The proposal that is named, or the only one that waits; raises as `one_to_decide`."""
    return one_to_decide(incident.id, incident.proposals, action)


def one_to_decide(incident: str, proposals: Sequence[Proposal], action: str | None) -> Proposal:
    """Of what an incident proposed the one that is named, or the only one that waits.

    Raises:
        UnknownName, UsageError: there is none of that id, or several wait and none is named.
        ApprovalRefused: nothing waits.
    """
    if action is not None:
        found = next((one for one in proposals if one.id == action), None)
        if found is None:
            raise UnknownName("action", action, (one.id for one in proposals))
        return found
    pending = [one for one in proposals if one.state is ActionState.PROPOSED]
    if len(pending) == 1:
        return pending[0]
    if not proposals:
        raise ApprovalRefused(f"{incident} has proposed nothing; there is nothing to decide")
    if not pending:
        last = proposals[-1]
        raise ApprovalRefused(f"{last.id} of {incident} is {last.state}; nothing waits for a decision")
    raise UsageError(f"{len(pending)} proposals wait: name one with --action")


def one_to_revoke(incident: str, proposals: Sequence[Proposal], action: str | None) -> Proposal:
    """The proposal that is named, or the only one that somebody has approved; raises as `one_to_decide`."""
    if action is None and len(approved := [one for one in proposals if revocable(one)]) == 1:
        return approved[0]
    return one_to_decide(incident, proposals, action)


def nothing_to_revoke(proposal: Proposal, may: Standing) -> str:
    """Why somebody cannot take an approval back."""
    if not proposal.approvals:
        return f"nobody has approved {proposal.id}; it can be rejected"
    return may.why if proposal.waits else f"{proposal.id} is {proposal.state}; there is nothing to take back"


def revocation(proposal: Proposal, actor: Actor, at: datetime, note: str) -> ApprovalRevoked:
    """The event of an approval that a person takes back."""
    return ApprovalRevoked(
        id=f"{proposal.incident}:revoke:{proposal.id}:{proposal.digest[:12]}:{actor.id}",
        incident=proposal.incident, at=at, by=actor.name, action=proposal.id, digest=proposal.digest,
        note=note,
    )  # fmt: skip


def full_digest(proposal: Proposal, digest: str | None) -> str:
    """The full digest that a person signed, from its first digits."""
    if digest is None:
        return proposal.digest
    if len(digest) < 8:
        raise UsageError("Give at least the first 8 digits of the digest")
    return proposal.digest if proposal.digest.startswith(digest.lower()) else digest
