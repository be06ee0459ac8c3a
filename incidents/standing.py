"""Whether somebody may sign a proposal now, and the sentence that says why or why not. Pure.

Every door that signs asks `barred`; a page that explains asks `standing`, also for somebody who is not there.
"""

from collections.abc import Sequence
from datetime import datetime

from incidents.access import Permission
from incidents.action import ActionState, Approval, Proposal, Verdict
from incidents.actor import Actor
from incidents.change_limits import frozen
from incidents.errors import Bar, Forbidden
from incidents.events import Event, revokes
from incidents.policy import ApprovalPolicy, Objection, objection
from incidents.severity import Severity
from incidents.value import Value


class Standing(Value):
    """What somebody may do with a proposal now.

    Attributes:
        who: their name.
        approve: whether their approval would count.
        reject: whether their rejection would.
        revoke: whether they may take an approval back: theirs, or one that others gave.
        bar: what keeps them from approving; None: nothing does.
        why: in a sentence, also where they may.
    """

    who: str
    approve: bool
    reject: bool
    revoke: bool
    bar: Bar | None
    why: str


def barred(
    proposal: Proposal,
    approval: Approval,
    policy: ApprovalPolicy,
    severity: Severity | None,
    waiting: Sequence[Event],
) -> Objection | None:
    """Why a decision would not count; None: it would.

    Args:
        proposal: with every signature that was given.
        approval: the decision.
        policy: of the incident's world.
        severity: of the incident, which some freezes do not hold back.
        waiting: what its inbox holds that nobody has read yet: a stop in it outweighs an approval.
    """
    for event in waiting:
        if (who := revokes(event, proposal)) is not None:
            said = f"{who} ({proposal.incident}); nothing was decided"
            return Objection(bar=Bar.WITHDRAWN, sentence=said)
    service = proposal.action.service
    why = frozen(policy.freezes, service, severity, approval.at)
    if why is not None and approval.verdict is Verdict.APPROVE:
        return Objection(bar=Bar.FROZEN, sentence=f"{why}; nothing was decided")
    return objection(proposal, approval, policy)


def standing(
    proposal: Proposal,
    actor: Actor,
    policy: ApprovalPolicy,
    now: datetime,
    severity: Severity | None = None,
    waiting: Sequence[Event] = (),
) -> Standing:
    """What somebody may do with a proposal as it stands.

    Args:
        proposal: with every signature that was given.
        actor: who asks, or who might; with the roles that they have.
        policy: of the incident's world.
        now: the moment of the incident's clock.
        severity: as `barred`.
        waiting: as `barred`.
    """
    if actor.authenticated:
        try:
            policy.require(actor, Permission.DECIDE)
        except Forbidden as error:
            return _nothing(actor, Bar.ROLE, str(error))

    def against(verdict: Verdict) -> Objection | None:
        said = Approval(
            action=proposal.id, digest=proposal.digest, verdict=verdict, by=actor.name, person=actor.id,
            via=actor.via, authenticated=actor.authenticated, at=now,
        )  # fmt: skip
        return barred(proposal, said, policy, severity, waiting)

    no, veto = against(Verdict.APPROVE), against(Verdict.REJECT)
    may = policy.still_may(actor.name, proposal.action) and (actor.authenticated or not policy.authenticated)
    revoke = may and revocable(proposal) and (no is None or no.bar is not Bar.WITHDRAWN)
    return Standing(
        who=actor.name, approve=no is None, reject=veto is None, revoke=revoke, bar=no.bar if no else None,
        why=no.sentence if no else _why_they_may(proposal, actor, policy),
    )  # fmt: skip


def revocable(proposal: Proposal) -> bool:
    """Whether there is an approval to take back: somebody has approved, and nothing has begun."""
    return proposal.waits and bool(proposal.approvals)


def _nothing(actor: Actor, bar: Bar, why: str) -> Standing:
    return Standing(who=actor.name, approve=False, reject=False, revoke=False, bar=bar, why=why)


def _why_they_may(proposal: Proposal, actor: Actor, policy: ApprovalPolicy) -> str:
    kind, service = proposal.action.kind.replace("_", " "), proposal.action.service
    if not policy.people:
        return f"{actor.name} may sign: nobody is named who decides here, so that a name is enough"
    of = f"changes of {service}" if actor.name in policy.scopes else "changes of every service"
    which = f", a {kind} among them" if actor.name in policy.rights else ""
    last = proposal.missing == 1 and proposal.state is ActionState.PROPOSED
    then = "the last signature that is needed" if last else f"one of {proposal.missing} that are needed"
    return f"{actor.name} may sign: they decide on {of}{which}; it is {then}"
