"""Decisions on what agents propose, and decisions that are taken back.

Each is checked first, then kept and written to the inbox in one transaction.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from incidents.access import Permission
from incidents.action import Approval, Proposal, Verdict
from incidents.actor import Actor, Via
from incidents.errors import ApprovalRefused, Bar, Forbidden, UsageError
from incidents.events import decision
from incidents.policy import ApprovalPolicy, as_signed, decide
from incidents.standing import barred, standing
from nexus.service.deciding import (
    ANOTHER_WAY,
    full_digest,
    nothing_to_revoke,
    one_to_revoke,
    proposal_to_decide,
    revocation,
    same_decision,
)
from nexus.store.audit import Deed, DeedKind
from nexus.store.find import find_proposed, incident_now
from nexus.store.refusals import too_late
from tools.redaction.redact import redact

if TYPE_CHECKING:
    from nexus.reading import DecisionHome
    from nexus.service.authority import PolicyOf
    from nexus.store.reads import DecisionStore
    from tools.clock import Clock


@dataclass(frozen=True)
class IncidentDecisions:
    """The approvers' door. `wall` is the time for incidents of live worlds; recorded ones have their own."""

    store: "DecisionStore"
    policy_of: "PolicyOf"
    wall: "Clock"

    @classmethod
    def of(cls, home: "DecisionHome") -> Self:
        """The door of a home."""
        return cls(home.store, home.policy_of, home.clock)

    async def decide(
        self,
        identity: str,
        verdict: Verdict,
        *,
        actor: Actor,
        note: str = "",
        action: str | None = None,
        digest: str | None = None,
    ) -> Proposal:
        """Approve or reject a proposal; the proposal is returned as the decision leaves it.

        Args:
            identity: the incident's id.
            verdict: approve or reject.
            actor: who decides.
            note: why; a rejection's reason goes to the agents.
            action: the proposal's id; not needed while exactly one waits.
            digest: what the person signed, at least its first 8 digits; not given: as it stands now.

        Raises:
            UnknownName, UsageError: no such incident or proposal, or several wait.
            Forbidden: who decides is no approver.
            ApprovalRefused: late, used, for another digest, within a freeze, after a stop, or by the same
                person with two answers. The same answer again changes nothing.
        """
        incident = await find_proposed(self.store, identity)
        policy = self.policy_of(await self.store.world_of(identity))
        if actor.authenticated:  # what a name alone counts for is the policy's to say, as the graph asks it
            policy.require(actor, Permission.DECIDE)
        proposal = proposal_to_decide(incident, action)
        _require_door(policy, proposal, actor)
        approval = Approval(
            action=proposal.id,
            digest=full_digest(proposal, digest),
            verdict=verdict,
            by=actor.name,
            person=actor.id,
            via=actor.via,
            authenticated=actor.authenticated,
            at=await incident_now(self.store, identity, self.wall),
            note=redact(note),
        )
        signed = await self.store.approvals(identity)
        proposal = as_signed(proposal, signed, policy)
        if any(same_decision(one, approval) for one in signed):
            return proposal  # said before and heard; its answer may have been lost on the way
        waiting = await self.store.events(identity)
        if (against := barred(proposal, approval, policy, incident.severity, waiting)) is not None:
            raise ApprovalRefused(against.sentence, against.bar)
        decided = decide(proposal, approval, policy)
        signed_off = Deed.by(
            actor, DeedKind.DECISION, approval.at, identity, about=proposal.id, said=verdict,
            digest=approval.digest,
        )  # fmt: skip
        await self.store.record_approval(decision(incident.id, approval), signed_off)
        return decided

    async def ask_another_way(
        self, identity: str, action: str | None, digest: str | None, *, actor: Actor, wish: str
    ) -> Proposal:
        """Say that it should be done another way: this change is rejected, and the agents look for one.

        Args:
            identity: the incident's id.
            action: the proposal's id; not needed while exactly one waits.
            digest: what the person looked at, as `decide`.
            actor: who asks.
            wish: what it should be instead, or must not touch; the agents read it.

        Raises:
            UsageError: the wish is empty; else as `decide`.
        """
        if not wish.strip():
            raise UsageError(
                "wish: say what it should be instead, or must not touch; the agents look with it"
            )
        return await self.decide(
            identity, Verdict.REJECT, actor=actor, note=f"{ANOTHER_WAY}{wish.strip()}", action=action,
            digest=digest,
        )  # fmt: skip

    async def revoke(
        self, identity: str, action: str | None, digest: str | None, *, actor: Actor, note: str
    ) -> Proposal:
        """Take back an approval, one's own or another's, before the change has begun: it never begins then.

        Args:
            identity: the incident's id.
            action: the proposal's id; not needed while exactly one is approved.
            digest: what was signed, at least its first 8 digits; not given: as it stands now.
            actor: who takes it back.
            note: why; the agents look again with it before them.

        Raises:
            UnknownName, UsageError: no such incident or proposal, or several are approved.
            Forbidden: who asks may not decide on it.
            ApprovalRefused: nobody has approved it, it is another one by now, or it has begun.
        """
        incident = await find_proposed(self.store, identity)
        policy = self.policy_of(await self.store.world_of(identity))
        policy.require(actor, Permission.DECIDE)
        signed = await self.store.approvals(identity)
        proposals = [as_signed(one, signed, policy) for one in incident.proposals]
        proposal = one_to_revoke(identity, proposals, action)
        now, waiting = await incident_now(self.store, identity, self.wall), await self.store.events(identity)
        may = standing(proposal, actor, policy, now, incident.severity, waiting)
        if full_digest(proposal, digest) != proposal.digest:
            raise ApprovalRefused(f"{proposal.id} is {proposal.digest[:12]} by now; look again", Bar.CHANGED)
        if any(event.id == revocation(proposal, actor, now, "").id for event in waiting):
            return proposal.revoked()  # said before, and heard
        if not may.revoke:
            raise ApprovalRefused(nothing_to_revoke(proposal, may), may.bar)
        deed = Deed.by(actor, DeedKind.REVOKE, now, identity, about=proposal.id, digest=proposal.digest)
        await self.store.add_event(revocation(proposal, actor, now, redact(note)), deed)
        # Whoever begins a change looks into the inbox first: begun by now means begun before this came.
        if await self.store.spent(proposal.digest):
            raise too_late(proposal.id, proposal.digest)
        return proposal.revoked()


def _require_door(policy: ApprovalPolicy, proposal: Proposal, actor: Actor) -> None:
    """Refuse a chat what is decided on its page alone.

    Raises:
        Forbidden: the sentence says why.
    """
    why = (
        policy.not_by_chat(proposal.action.kind, proposal.approvers_needed) if actor.via is Via.CHAT else None
    )
    if why is not None:
        raise Forbidden(f"{proposal.id} is not decided in a chat: {why}")
