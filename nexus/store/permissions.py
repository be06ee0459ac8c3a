"""The store's door for changes that may begin without a signature, and for what takes that away."""

from datetime import datetime
from typing import Protocol

from incidents.act_permission import ActPermission, PermissionState, Withdrawal
from incidents.action import ActionKind, Approval, Verdict
from nexus.store.audit import Deed, DeedKind

#: Whose deed it is where no person did anything.
NOBODY = ""

#: Why a permission is void or withdrawn, in the store's own words.
SIGNED = "people signed it"
CALLED_WRONG = "a person called the diagnosis wrong"
CALLED_FALSE_ALARM = "a person called it a false alarm"


class Permissions(Protocol):
    """Permissions go with their incident; a withdrawal stays until a person renews it.

    `begin` uses a permission in its own transaction, and `record_approval` vetoes one in its own: of both at
    once one wins. A verdict that calls the diagnosis wrong, and a false alarm, withdraw what was used.
    """

    async def announce(self, permission: ActPermission) -> None:
        """Keep a permission, once under its digest.

        Raises:
            UnknownName: there is no such incident.
        """
        ...

    async def permission(self, digest: str) -> ActPermission | None:
        """The permission of a digest, or None."""
        ...

    async def permissions(self, incident: str) -> tuple[ActPermission, ...]:
        """All of an incident, by digest."""
        ...

    async def void(self, digest: str, at: datetime, why: str) -> None:
        """A permission that is announced lets nothing begin any more; another stays as it is."""
        ...

    async def withdraw(self, digest: str, at: datetime, why: str) -> bool:
        """Take away what a used permission allowed, for its kind and service. False if it is no such one."""
        ...

    async def withdrawals(self, site: str) -> tuple[Withdrawal, ...]:
        """What waits for a person to renew it, by kind and service."""
        ...

    async def renew_permission(self, site: str, kind: ActionKind, service: str, deed: Deed) -> bool:
        """Let the record count again from now on. False if nothing was withdrawn."""
        ...

    async def acts(self, incident: str, since: datetime) -> int:
        """How many changes began without a person at the site of an incident, after a moment."""
        ...


def deed_of(permission: ActPermission, at: datetime, said: str) -> Deed:
    """The row of the audit about a permission: what came of it, and the record that allowed it."""
    return Deed(
        at=at, kind=DeedKind.ACT, person=NOBODY, incident=permission.incident, about=permission.proposal,
        said=said, digest=permission.digest, allowed_by=permission.record.told,
    )  # fmt: skip


def withdrawal_of(permission: ActPermission, site: str, at: datetime, why: str) -> Withdrawal:
    """What a permission that turned out wrong takes away."""
    return Withdrawal(
        site=site, kind=permission.kind, service=permission.service, incident=permission.incident,
        proposal=permission.proposal, at=at, why=why,
    )  # fmt: skip


def vetoed(permission: ActPermission, approval: Approval) -> ActPermission | None:
    """The permission after a person's word; None: it stays as it is."""
    announced = permission.state is PermissionState.ANNOUNCED
    if approval.verdict is not Verdict.REJECT or not announced:
        return None
    return permission.ended(PermissionState.VETOED, approval.at, f"{approval.by} rejected it before it began")


def withdrawn(permission: ActPermission, at: datetime, why: str) -> ActPermission | None:
    """The permission once its act was called wrong; None: it did not act, or that is known."""
    if permission.state is not PermissionState.USED:
        return None
    return permission.ended(PermissionState.WITHDRAWN, at, why)
