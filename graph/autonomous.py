"""Changes that nobody signs: offered by a written policy, announced, asked again when they begin, taken away.

Without a policy nothing here asks or keeps anything.
"""

from datetime import datetime

from graph.paging import say
from graph.state import Deps
from graph.timeline import Update, entry
from incidents.act_permission import ActPermission, PermissionState, Use, undo_digest
from incidents.action import ActionState, Proposal
from incidents.autonomy import Autonomy
from incidents.change_limits import frozen
from incidents.communications import decision_key
from incidents.deeds import planned
from incidents.earned import Judged, grounds_of, judge
from incidents.errors import NotPermitted
from incidents.incident import Incident
from incidents.timeline import EntryKind

#: Why permissions end, in the words of the house.
WORSE = "the watched signals got worse after it"
UNCHANGED = "it changed nothing"
FAILED = "it failed"
DRIFTED = "the target changed after it was announced"


async def announced(deps: Deps, incident: Incident, made: Proposal) -> Proposal:
    """The proposal with the moment at which it begins by itself, if the policy and the record let it."""
    policy, now = deps.policy.autonomy, deps.clock.now()
    if policy is None or not policy.earns or made.undo_of is not None:
        return made
    begins_at = now + policy.announce
    judged, permission = await _judged(deps, incident, made, begins_at)
    if judged.signers or permission is None:
        return made
    await deps.permissions.announce(permission)
    return made.model_copy(update={"begins_at": begins_at})


async def _judged(
    deps: Deps, incident: Incident, proposal: Proposal, begins_at: datetime
) -> tuple[Judged, ActPermission | None]:
    """Whom a change needs as of now, and the permission that it would have."""
    action, policy, now = proposal.action, deps.policy.autonomy, deps.clock.now()
    record = await deps.permissions.record(incident, action, now)
    grounds = grounds_of(incident, proposal, record, deps.world.catalogue, deps.policy.freezes, begins_at)
    usual = deps.policy.needed(action.kind, incident.severity, action.service)
    judged = judge(incident.id, proposal, policy, usual, grounds)
    undo = proposal.plan.undo
    if policy is None or undo is None:
        return judged, None
    return judged, ActPermission(
        incident=incident.id, proposal=proposal.id, digest=proposal.digest, kind=action.kind,
        service=action.service, policy=policy.digest, record=record, undo=undo_digest(undo), announced_at=now,
        begins_at=begins_at, expires_at=proposal.expires_at,
    )  # fmt: skip


async def permitted(deps: Deps, incident: Incident, proposal: Proposal) -> Use:
    """What a change shows that nobody signed, once everything has been asked again.

    Raises:
        NotPermitted: something does not hold any more, or the policy is another one by now.
    """
    policy = deps.policy.autonomy
    if policy is None or policy.limits is None:
        raise NotPermitted("nexus.yaml lets nothing begin without a signature any more")
    if proposal.undo_of is not None:
        return _undo_use(deps, incident, proposal, policy)
    kept = await deps.permissions.permission(proposal.digest)
    if kept is None or kept.policy != policy.digest:
        raise NotPermitted("the policy has changed since it was announced")
    if kept.state is PermissionState.ANNOUNCED:  # used: it was begun before a crash, and nothing was done
        judged, _ = await _judged(deps, incident, proposal, kept.begins_at)
        if judged.signers:
            raise NotPermitted("; ".join(judged.missing) or judged.rule)
    return Use(permission=kept.digest, policy=policy.digest, per_day=policy.limits.per_day)


def _undo_use(deps: Deps, incident: Incident, undo: Proposal, policy: Autonomy) -> Use:
    change = incident.proposal(undo.undo_of or "")
    if change is None:
        raise NotPermitted(f"{undo.id} takes nothing back that this incident has changed")
    if stopped := frozen(deps.policy.freezes, undo.action.service, incident.severity, deps.clock.now()):
        raise NotPermitted(stopped)
    return Use(permission=change.digest, policy=policy.digest, per_day=0, undo=True)


async def undone_by_itself(deps: Deps, change: Proposal, undo: Proposal) -> Proposal:
    """The undo with the moment at which it begins, at once, if a permission holds exactly this one."""
    kept = await deps.permissions.permission(change.digest) if change.begins_at is not None else None
    acted = {PermissionState.USED, PermissionState.WITHDRAWN}
    if kept is None or kept.state not in acted or kept.undone or undo_digest(undo.action) != kept.undo:
        return undo
    return undo.model_copy(update={"begins_at": deps.clock.now()})


async def refused(deps: Deps, incident: Incident, proposal: Proposal, why: str) -> Update:
    """What would have begun without a signature may not: people are asked as for any change."""
    now = deps.clock.now()
    await deps.permissions.void(proposal.digest, now, why)
    asked = proposal.model_copy(update={"begins_at": None, "state": ActionState.PROPOSED})
    after = incident.with_proposal(asked)
    change = planned(asked.action, incident.language)
    text = say(incident, "change.not_permitted", id=asked.id, change=change, why=why)
    await deps.comms.page(after, text, key=decision_key(asked.id, "not-permitted"))
    line = entry(after, now, EntryKind.PROPOSAL, text, f"asked:{asked.id}")
    return Update(after, (line,))


async def drifted(deps: Deps, proposal: Proposal) -> None:
    """The target is not as it was announced: the permission is for that one alone."""
    if proposal.begins_at is not None:
        await deps.permissions.void(proposal.digest, deps.clock.now(), DRIFTED)


async def called_wrong(deps: Deps, incident: Incident, change: Proposal | None, why: str) -> Update:
    """An act that nobody signed was judged wrong: people sign its kind of change of its service again."""
    now = deps.clock.now()
    if change is None or change.begins_at is None or change.undo_of is not None:
        return Update(incident)
    if not await deps.permissions.withdraw(change.digest, now, why):
        return Update(incident)
    text = say(
        incident, "change.withdrawn", change=planned(change.action, incident.language), why=why,
        kind=change.action.kind.value, service=change.action.service,
    )  # fmt: skip
    await deps.comms.page(incident, text, key=f"withdrawn:{change.digest[:12]}")
    return Update(incident, (entry(incident, now, EntryKind.DECISION, text, f"withdrawn:{change.id}"),))
