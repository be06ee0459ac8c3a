"""Who may decide, and how many must: the approval policy and its pure rules."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import Field

from incidents.access import AGENT_MAY, Permission
from incidents.action import Action, ActionKind, ActionState, Approval, Proposal, Verdict
from incidents.actor import Actor, Via, person_id
from incidents.autonomy import Autonomy
from incidents.change_limits import Freeze, Limits, frozen
from incidents.errors import ActionRefused, ApprovalRefused, Bar, Forbidden
from incidents.severity import Severity
from incidents.value import Value


class Objection(Value):
    """Why a decision does not count: what kind of reason it is, and the sentence."""

    bar: Bar
    sentence: str


class Rule(Value):
    """How many people some changes need; what it does not name it holds for all of."""

    approvers: int = Field(ge=1, le=10)
    kinds: tuple[ActionKind, ...] = ()
    severities: tuple[Severity, ...] = ()
    environments: tuple[str, ...] = ()

    def covers(self, kind: ActionKind, severity: Severity | None, environment: str) -> bool:
        """Whether it speaks of such a change."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.severities or severity in self.severities)
            and (not self.environments or environment in self.environments)
        )


#: What moves everything, or is new code, is not signed beside a conversation.
_NEVER_BY_CHAT = frozenset({ActionKind.FAILOVER, ActionKind.HOTFIX})


class ApprovalPolicy(Value):
    """How many people each kind of change needs, and who they may be (empty: anyone who gives a name)."""

    approvers: dict[ActionKind, int] = Field(
        default={ActionKind.FAILOVER: 2, ActionKind.HOTFIX: 2},
        description="kinds that need more than one person",
    )
    rules: tuple[Rule, ...] = Field(
        default=(), description="where several cover a change, the strictest holds"
    )
    environment: str = "production"
    people: tuple[str, ...] = ()
    authenticated: bool = Field(default=False, description="whoever decides has to have shown who they are")
    rights: dict[str, tuple[ActionKind, ...]] = Field(
        default={}, description="the kinds that a person may decide on; who is not named may decide on all"
    )
    scopes: dict[str, tuple[str, ...]] = Field(
        default={}, description="the services whose changes a person may decide on; as `rights`"
    )
    chat: bool = Field(default=True, description="whether a button in a chat decides at all")
    freezes: tuple[Freeze, ...] = ()
    limits: Limits | None = Field(default=None, description="None: a recorded world, which has none")
    autonomy: Autonomy | None = Field(
        default=None, description="what may begin without a person; None: nothing"
    )
    approved_for: timedelta = Field(
        default=timedelta(minutes=30), description="an approval that is older than this no longer counts"
    )

    def needed(self, kind: ActionKind, severity: Severity | None = None, service: str = "") -> int:
        """How many different people must approve such a change of a service; 1 at least."""
        ruled = [r.approvers for r in self.rules if r.covers(kind, severity, self.environment)]
        usual = max(ruled, default=max(1, self.approvers.get(kind, 1)))
        written = self.autonomy.people(kind, service, severity) if self.autonomy is not None else None
        return max(usual, written or 0)

    def not_by_chat(self, kind: ActionKind, needed: int) -> str | None:
        """Why a change is not decided on in a chat, in a sentence; None if it may be."""
        if not self.chat:
            return "nexus.yaml's `approval.chat` leaves decisions to their pages"
        if needed > 1:
            return f"it takes {needed} people, who decide on its page"
        return f"a {kind} is decided on its page" if kind in _NEVER_BY_CHAT else None

    def may(self, who: str, kind: ActionKind, service: str | None = None) -> bool:
        """Whether a person may decide on changes of that kind, of that service if one is given."""
        of_kind = kind in self.rights.get(who, tuple(ActionKind))
        return of_kind and (service is None or service in self.scopes.get(who, (service,)))

    def still_may(self, who: str, action: Action) -> bool:
        """Whether somebody who decided on a change is still among those who may."""
        return (not self.people or who in self.people) and self.may(who, action.kind, action.service)

    def require(self, actor: Actor, permission: Permission) -> None:
        """Refuse who may not do it in a world that this policy is of; where a name is enough, it is.

        Raises:
            Forbidden: the sentence says who may.
        """
        if actor.via is Via.MCP and permission not in AGENT_MAY:
            raise Forbidden(str(actor.why_not(permission)))
        if self.authenticated and not actor.authenticated:
            raise Forbidden(
                f"a name alone does not count here: {actor.name} has to show their own token of nexus.yaml's "
                "`people`"
            )
        if self.authenticated and actor.of_provider and permission is Permission.DECIDE:
            raise Forbidden(f"{actor.name} is none of nexus.yaml's `people`, who alone decide on changes")
        if self.authenticated and actor.name not in self.people and not actor.of_provider:
            raise Forbidden(f"{actor.name} is none of the people of this incident's nexus.yaml")
        if actor.authenticated and (why := actor.why_not(permission)) is not None:
            raise Forbidden(why)


def decide(proposal: Proposal, approval: Approval, policy: ApprovalPolicy) -> Proposal:
    """The proposal after one person's decision. Until it is executed, a rejection outweighs approvals.

    Raises:
        ApprovalRefused: why it does not count, as `objection` tells.
    """
    if (against := objection(proposal, approval, policy)) is not None:
        raise ApprovalRefused(against.sentence, against.bar)
    approvals = (*proposal.approvals, approval.model_copy(update={"by": approval.by.strip()}))
    if approval.verdict is Verdict.REJECT:
        state = ActionState.REJECTED
    elif len(approvals) >= proposal.approvers_needed:
        state = ActionState.APPROVED
    else:
        state = ActionState.PROPOSED
    return proposal.model_copy(update={"approvals": approvals, "state": state})


def objection(proposal: Proposal, approval: Approval, policy: ApprovalPolicy) -> Objection | None:
    """Why a decision does not count, first by who decides; None: it does."""
    who = approval.by.strip()
    if approval.via == Via.MCP:
        return Objection(bar=Bar.STRANGER, sentence=f"a program of {who} does not decide; a person has to")
    kind, service = proposal.action.kind, proposal.action.service
    if policy.people and who not in policy.people:
        said = f"{who!r} may not decide; the policy allows {', '.join(policy.people)}"
        return Objection(bar=Bar.STRANGER, sentence=said)
    if policy.authenticated and not approval.authenticated:
        said = (
            f"a name alone does not decide here: {who} has to show their own token of nexus.yaml's `people` "
            "(NEXUS_TOKEN, or typed when asked)"
        )
        return Objection(bar=Bar.UNPROVEN, sentence=said)
    if not policy.may(who, kind, service):
        said = f"{who!r} may not decide on a {kind} of {service}; somebody else has to"
        return Objection(bar=Bar.SCOPE, sentence=said)
    return _of_the_proposal(proposal, approval, who)


def _of_the_proposal(proposal: Proposal, approval: Approval, who: str) -> Objection | None:
    if proposal.state is ActionState.SHADOW:
        said = f"{proposal.id} stands in shadow: nobody is asked, and it is never carried out"
        return Objection(bar=Bar.DECIDED, sentence=said)
    veto = approval.verdict is Verdict.REJECT and proposal.state is ActionState.APPROVED
    if proposal.state is not ActionState.PROPOSED and not veto:
        said = f"{proposal.id} is {proposal.state}; only a proposed action can be decided"
        return Objection(bar=Bar.DECIDED, sentence=said)
    if approval.at >= proposal.expires_at and not veto:
        said = f"{proposal.id} expired at {proposal.expires_at:%H:%M:%S} UTC; wait for a fresh proposal"
        return Objection(bar=Bar.EXPIRED, sentence=said)
    if approval.digest != proposal.digest:
        said = (
            f"the digest {approval.digest[:12]} is not that of {proposal.id}, which is {proposal.digest[:12]}"
        )
        return Objection(bar=Bar.CHANGED, sentence=said)
    if any(_one_hand(earlier, approval) for earlier in proposal.approvals):
        said = f"{who} has already decided on {proposal.id}; a second person is needed"
        return Objection(bar=Bar.SAME_PERSON, sentence=said)
    return None


def as_signed(proposal: Proposal, signed: Iterable[Approval], policy: ApprovalPolicy) -> Proposal:
    """The proposal with every decision on it that was given and that the incident has not read yet."""
    for one in signed:
        if one.action == proposal.id and not any(_one_hand(known, one) for known in proposal.approvals):
            with suppress(ApprovalRefused):  # as the incident will refuse it
                proposal = decide(proposal, one, policy)
    return proposal


def _one_hand(one: Approval, other: Approval) -> bool:
    """Whether one person gave both: by id, or by name, which an id may have been added to since."""
    return one.signer == other.signer or person_id(one.by) == person_id(other.by)


def permit(
    proposal: Proposal, policy: ApprovalPolicy, now: datetime, severity: Severity | None = None
) -> None:
    """Check once more, at the moment of execution, that people approved exactly this and that it may be now.

    Who may not decide any more by then, such as somebody who has left, has not approved.

    Raises:
        ActionRefused: not approved, not by enough different people, for another digest, too long ago, or
            within a freeze.
    """
    hands: list[Approval] = []
    for given in proposal.approvals:
        counts = (
            given.verdict is Verdict.APPROVE
            and given.via != Via.MCP
            and policy.still_may(given.by, proposal.action)
        )
        if counts and not any(_one_hand(given, hand) for hand in hands):
            hands.append(given)
    if proposal.state is not ActionState.APPROVED:
        raise ActionRefused(f"{proposal.id} is {proposal.state}, not approved")
    if any(a.digest != proposal.digest for a in proposal.approvals):
        raise ActionRefused(f"an approval of {proposal.id} is for another digest")
    if len(hands) < max(
        proposal.approvers_needed, policy.needed(proposal.action.kind, severity, proposal.action.service)
    ):
        raise ActionRefused(f"{proposal.id} needs {proposal.approvers_needed} people, {len(hands)} approved")
    oldest = min(a.at for a in proposal.approvals)  # each signature counts for so long
    if now - oldest > policy.approved_for:
        raise ActionRefused(f"the approval of {proposal.id} is older than {policy.approved_for}; ask again")
    if stopped := frozen(policy.freezes, proposal.action.service, severity, now):
        raise ActionRefused(stopped)
