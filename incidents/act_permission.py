"""The permission of one change to begin without a signature: one row, and what takes it away. Pure.

It names the policy, the record that allowed it, exactly this change and exactly its undo, and it ends.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field

from incidents.action import Action, ActionKind, Proposal
from incidents.errors import NotPermitted, Withdrawn
from incidents.value import Moment, Value, minute

#: Over how long the acts without a person are counted.
DAY = timedelta(hours=24)


class Withdrawal(Value):
    """A kind of change of a service of which nothing begins without a person until one renews it."""

    site: str
    kind: ActionKind
    service: str
    incident: str
    proposal: str
    at: Moment
    why: str = Field(description="in a fixed sentence of the house, never what anybody wrote")


class Record(Value):
    """What is kept of a kind of change of a service, at a moment.

    Attributes:
        judged: of how many proposals of that kind, of all services, people have said whether they were right.
        right: how many were.
        low: the lower bound of the 95 % interval of that share; None: nobody judged any.
        in_a_row: how many of this very service were right since the last that was not.
        proven_at: when an undo of such a change was really carried out and watched; None: none holds.
        proven_by: the incident and the proposal in which.
        withdrawal: what took the permission away, until it is renewed.
        acts: how many changes began without a person in the last 24 hours, over all services.
    """

    at: Moment
    judged: int = 0
    right: int = 0
    low: float | None = None
    in_a_row: int = 0
    proven_at: Moment | None = None
    proven_by: str = ""
    withdrawal: Withdrawal | None = None
    acts: int = 0

    @property
    def told(self) -> str:
        """What allowed an act, in one line for the audit."""
        share = "none judged"
        if self.low is not None:
            share = f"{self.right} of {self.judged} right, lower bound {self.low:.2f}"
            share += f"; of this service the last {self.in_a_row}"
        undone = "no undo proven"
        if self.proven_at is not None:
            undone = f"undo proven {minute(self.proven_at)} ({self.proven_by})"
        return f"{share}; {undone}"


class PermissionState(StrEnum):
    """Where a permission stands: only one that is announced lets a change begin, and only once."""

    ANNOUNCED = "announced"
    VETOED = "vetoed"
    USED = "used"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class ActPermission(Value):
    """The permission of one exact change to begin without a signature, and of its undo.

    Attributes:
        digest: of the proposal, as people would sign it.
        policy: the digest of the policy by which it was given.
        record: what allowed it.
        undo: the digest of the prepared undo.
        begins_at: not before; a veto that is filed earlier wins.
        expires_at: not from then on.
        undone: whether its undo was begun.
        ended_at, why: when it came to be what it is, and a fixed sentence that says why.
    """

    incident: str
    proposal: str
    digest: str
    kind: ActionKind
    service: str
    policy: str
    record: Record
    undo: str
    announced_at: Moment
    begins_at: Moment
    expires_at: Moment
    state: PermissionState = PermissionState.ANNOUNCED
    undone: bool = False
    ended_at: Moment | None = None
    why: str = ""

    def ended(self, state: PermissionState, at: Moment, why: str = "") -> Self:
        """The same as it stands from a moment on."""
        return self.model_copy(update={"state": state, "ended_at": at, "why": why})


class Use(Value):
    """What a change that nobody signed shows when it begins: whose permission, and the policy of now.

    Attributes:
        permission: the digest under which it is kept: that of the change, also where its undo begins.
        policy: the digest of the policy that is in force.
        per_day: how many such changes may begin in 24 hours.
        undo: whether it is the undo that the permission holds.
    """

    permission: str
    policy: str
    per_day: int
    undo: bool = False


def undo_digest(undo: Action) -> str:
    """The SHA-256 (hex) of an undo: its kind, target and arguments."""
    return hashlib.sha256(undo.model_dump_json(exclude_none=True).encode()).hexdigest()


def allowed(
    use: Use,
    permission: ActPermission | None,
    proposal: Proposal,
    at: datetime,
    *,
    withdrawn: bool,
    acts: int,
) -> ActPermission:
    """The permission as it stands once the change, or its undo, has begun. Asked as it begins.

    Args:
        use: what the change shows.
        permission: as it is kept under that digest, or None.
        proposal: what is about to begin.
        at: when.
        withdrawn: whether that kind and service wait for a person to renew them.
        acts: how many changes began without a person in the last 24 hours.

    Raises:
        Withdrawn: somebody has vetoed it.
        NotPermitted: it does not allow this, or not now.
    """
    if permission is None or proposal.incident != permission.incident:
        raise NotPermitted(f"{proposal.id} has no permission to begin without a signature")
    if use.undo:
        return _undone(permission, proposal)
    if permission.state is PermissionState.VETOED:
        raise Withdrawn(f"{permission.why}; nothing was executed")
    why = _why_not(use, permission, proposal, at)
    if why is None and withdrawn:
        what = f"a {permission.kind} of {permission.service}"
        why = f"the permission for {what} is withdrawn until a person renews it"
    if why is None and acts >= use.per_day:
        why = f"{acts} changes began without a person in the last 24 hours, the limit is {use.per_day}"
    if why is not None:
        raise NotPermitted(why)
    return permission.ended(PermissionState.USED, at)


def _why_not(use: Use, permission: ActPermission, proposal: Proposal, at: datetime) -> str | None:
    if permission.state is not PermissionState.ANNOUNCED:
        return f"the permission of {proposal.id} is {permission.state}"
    if permission.digest != proposal.digest:
        return f"the permission of {proposal.id} is for another digest"
    if permission.policy != use.policy:
        return "the policy has changed since it was announced"
    if at < permission.begins_at:
        return f"it was announced for {permission.begins_at:%H:%M:%S} UTC"
    if at >= permission.expires_at:
        return f"its permission expired at {permission.expires_at:%H:%M:%S} UTC"
    return None


def _undone(permission: ActPermission, undo: Proposal) -> ActPermission:
    if permission.state not in {PermissionState.USED, PermissionState.WITHDRAWN} or permission.undone:
        raise NotPermitted(f"the permission of {permission.proposal} holds no undo that is still to be done")
    if undo.undo_of != permission.proposal or undo_digest(undo.action) != permission.undo:
        raise NotPermitted(f"{undo.id} is not the undo that the permission of {permission.proposal} holds")
    return permission.model_copy(update={"undone": True})
