"""A change that begins, or began, without a signature, as its page and the API tell it."""

from incidents.act_permission import ActPermission, PermissionState
from incidents.action import Proposal
from incidents.catalogue import Catalogue
from incidents.earned import Condition, grounds_of, judge
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.value import Moment, Value, minute


class UnsignedView(Value):
    """Its permission in words.

    Attributes:
        state: where the permission stands.
        begins_at: when the change was announced to begin.
        sentence: what happens when, or what came of it.
        rule: which rule of the policy lets it, while it is announced.
        conditions: what holds by that rule, each in a sentence, while it is announced.
        record: what allowed it, in one line.
        renew: how a person lets such changes begin again; null: nothing was withdrawn for this one.
    """

    state: PermissionState
    begins_at: Moment
    sentence: str
    record: str
    renew: str | None
    rule: str = ""
    conditions: tuple[Condition, ...] = ()


def unsigned_view(
    incident: Incident, proposal: Proposal, permission: ActPermission, catalogue: Catalogue,
    policy: ApprovalPolicy,
) -> UnsignedView:  # fmt: skip
    """What is told of a change that has, or had, a permission; by the record that it was given for."""
    gone = permission.state is PermissionState.WITHDRAWN
    told = UnsignedView(
        state=permission.state, begins_at=permission.begins_at, sentence=_sentence(permission),
        record=permission.record.told,
        renew=f"nexus policy renew {permission.kind} {permission.service}" if gone else None,
    )  # fmt: skip
    if permission.state is not PermissionState.ANNOUNCED:
        return told
    begins_at = permission.begins_at
    grounds = grounds_of(incident, proposal, permission.record, catalogue, policy.freezes, begins_at)
    judged = judge(incident.id, proposal, policy.autonomy, proposal.approvers_needed, grounds)
    return told.model_copy(update={"rule": judged.rule, "conditions": judged.conditions})


def _sentence(one: ActPermission) -> str:
    when, why = f"{one.begins_at:%H:%M:%S} UTC", one.why
    match one.state:
        case PermissionState.ANNOUNCED:
            return f"Nobody has to sign it. It begins at {when}, unless somebody vetoes it before."
        case PermissionState.VETOED:
            return f"It would have begun at {when}: {why}. A veto that comes before wins."
        case PermissionState.USED:
            return "It began without a signature, as the policy and its record let it."
        case PermissionState.WITHDRAWN:
            since = f" {minute(one.ended_at)}" if one.ended_at is not None else ""
            what = f"a {one.kind} of {one.service}"
            return f"It began without a signature, and {why}: since{since} a person signs {what} again."
        case PermissionState.VOID:
            return f"It was announced for {when} and does not begin by itself: {why}. A person decides."
