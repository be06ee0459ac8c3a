"""Who may decide, and how many must: the approval policy and its pure rules."""

from datetime import datetime, timedelta

from pydantic import Field

from incidents.action import ActionKind, ActionState, Approval, Proposal, Verdict
from incidents.errors import ActionRefused, ApprovalRefused
from incidents.value import Value


class ApprovalPolicy(Value):
    """How many people each kind of change needs, and who they may be (empty: anyone who gives a name)."""

    approvers: dict[ActionKind, int] = Field(
        default={ActionKind.FAILOVER: 2, ActionKind.HOTFIX: 2},
        description="kinds that need more than one person",
    )
    people: tuple[str, ...] = ()
    approved_for: timedelta = Field(
        default=timedelta(minutes=30), description="an approval that is older than this no longer counts"
    )

    def needed(self, kind: ActionKind) -> int:
        """How many different people must approve a change of that kind."""
        return max(1, self.approvers.get(kind, 1))


def decide(proposal: Proposal, approval: Approval, policy: ApprovalPolicy) -> Proposal:
    """The proposal after one person's decision.

    Raises:
        ApprovalRefused: the decision is late, the proposal is used or decided, the digest is another one,
            the person has already decided, or is not allowed to.
    """
    who = approval.by.strip()
    if policy.people and who not in policy.people:
        raise ApprovalRefused(f"{who!r} may not decide; the policy allows {', '.join(policy.people)}")
    if proposal.state is not ActionState.PROPOSED:
        raise ApprovalRefused(f"{proposal.id} is {proposal.state}; only a proposed action can be decided")
    if approval.at >= proposal.expires_at:
        raise ApprovalRefused(
            f"{proposal.id} expired at {proposal.expires_at:%H:%M:%S} UTC; wait for a fresh proposal"
        )
    if approval.digest != proposal.digest:
        raise ApprovalRefused(
            f"the digest {approval.digest[:12]} is not that of {proposal.id}, which is {proposal.digest[:12]}"
        )
    if any(earlier.by.casefold() == who.casefold() for earlier in proposal.approvals):
        raise ApprovalRefused(f"{who} has already decided on {proposal.id}; a second person is needed")
    approvals = (*proposal.approvals, approval.model_copy(update={"by": who}))
    if approval.verdict is Verdict.REJECT:
        state = ActionState.REJECTED
    elif len(approvals) >= proposal.approvers_needed:
        state = ActionState.APPROVED
    else:
        state = ActionState.PROPOSED
    return proposal.model_copy(update={"approvals": approvals, "state": state})


def permit(proposal: Proposal, policy: ApprovalPolicy, now: datetime) -> None:
    """Check once more, at the moment of execution, that people approved exactly this.

    Raises:
        ActionRefused: not approved, not by enough different people, for another digest, or too long ago.
    """
    people = {a.by.casefold() for a in proposal.approvals if a.verdict is Verdict.APPROVE}
    if proposal.state is not ActionState.APPROVED:
        raise ActionRefused(f"{proposal.id} is {proposal.state}, not approved")
    if any(a.digest != proposal.digest for a in proposal.approvals):
        raise ActionRefused(f"an approval of {proposal.id} is for another digest")
    if len(people) < max(proposal.approvers_needed, policy.needed(proposal.action.kind)):
        raise ActionRefused(f"{proposal.id} needs {proposal.approvers_needed} people, {len(people)} approved")
    latest = max(a.at for a in proposal.approvals)
    if now - latest > policy.approved_for:
        raise ActionRefused(f"the approval of {proposal.id} is older than {policy.approved_for}; ask again")
