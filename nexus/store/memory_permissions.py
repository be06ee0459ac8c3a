"""The permissions of the store's twin in memory."""

from datetime import datetime

from incidents.act_permission import DAY, ActPermission, PermissionState, Use, Withdrawal, allowed
from incidents.action import ActionKind, Approval, Proposal, Verdict
from nexus.store.audit import Deed
from nexus.store.memory_leases import MemoryLeases
from nexus.store.memory_status_page import MemoryStatusPages
from nexus.store.permissions import deed_of, vetoed, withdrawal_of, withdrawn
from nexus.store.refusals import too_late


class MemoryPermissions(MemoryStatusPages, MemoryLeases):
    """Implements `nexus.store.permissions.Permissions` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._permissions: dict[str, ActPermission] = {}
        self._used_at: dict[str, datetime] = {}
        self._withdrawals: dict[tuple[str, ActionKind, str], Withdrawal] = {}

    async def announce(self, permission: ActPermission) -> None:
        """Keep a permission, once under its digest."""
        self._known(permission.incident)
        if permission.digest not in self._permissions:
            self._permissions[permission.digest] = permission
            self._done(deed_of(permission, permission.announced_at, PermissionState.ANNOUNCED))

    async def permission(self, digest: str) -> ActPermission | None:
        """The permission of a digest, or None."""
        return self._permissions.get(digest)

    async def permissions(self, incident: str) -> tuple[ActPermission, ...]:
        """All of an incident, by digest."""
        return tuple(one for _, one in sorted(self._permissions.items()) if one.incident == incident)

    async def void(self, digest: str, at: datetime, why: str) -> None:
        """A permission that is announced lets nothing begin any more."""
        if self._voided(digest, at, why):
            self._done(deed_of(self._permissions[digest], at, PermissionState.VOID))

    async def withdraw(self, digest: str, at: datetime, why: str) -> bool:
        """Take away what a used permission allowed, for its kind and service."""
        held = self._permissions.get(digest)
        return held is not None and self._withdrawn(held, at, why)

    async def withdrawals(self, site: str) -> tuple[Withdrawal, ...]:
        """What waits for a person to renew it."""
        return tuple(one for key, one in sorted(self._withdrawals.items()) if key[0] == site)

    async def renew_permission(self, site: str, kind: ActionKind, service: str, deed: Deed) -> bool:
        """Let the record count again from now on."""
        gone = self._withdrawals.pop((site, kind, service), None) is not None
        self._done(deed if gone else None)
        return gone

    async def acts(self, incident: str, since: datetime) -> int:
        """How many changes began without a person at the site of an incident, after a moment."""
        return self._acts(incident, since)

    def _acts(self, incident: str, since: datetime) -> int:
        site = self._waiting[incident].site
        theirs = (at for one, at in self._used_at.items() if self._permitted_at(one) == site is not None)
        return sum(at > since for at in theirs)

    def _permitted_at(self, digest: str) -> str | None:
        return self._waiting[self._permissions[digest].incident].site

    def _use(self, use: Use, proposal: Proposal, at: datetime) -> None:
        held, site = self._permissions.get(use.permission), self._waiting[proposal.incident].site
        gone = held is not None and (site, held.kind, held.service) in self._withdrawals
        acts = self._acts(proposal.incident, at - DAY)
        after = allowed(use, held, proposal, at, withdrawn=gone, acts=acts)
        self._permissions[use.permission] = after
        if not use.undo:
            self._used_at[use.permission] = at
        self._done(deed_of(after, at, "undone" if use.undo else PermissionState.USED))

    def _veto(self, approval: Approval) -> None:
        held = self._permissions.get(approval.digest) if approval.verdict is Verdict.REJECT else None
        if held is None:
            return
        if held.state is PermissionState.USED:
            raise too_late(approval.action, approval.digest)
        if (after := vetoed(held, approval)) is not None:
            self._permissions[approval.digest] = after

    def _voided(self, digest: str, at: datetime, why: str) -> bool:
        held = self._permissions.get(digest)
        if held is None or held.state is not PermissionState.ANNOUNCED:
            return False
        self._permissions[digest] = held.ended(PermissionState.VOID, at, why)
        return True

    def _withdraw_all(self, incident: str, at: datetime, why: str) -> None:
        for one in [one for one in self._permissions.values() if one.incident == incident]:
            self._withdrawn(one, at, why)

    def _withdrawn(self, held: ActPermission, at: datetime, why: str) -> bool:
        after = withdrawn(held, at, why)
        if after is None:
            return False
        self._permissions[held.digest] = after
        lost = withdrawal_of(held, self._permitted_at(held.digest) or "", at, why)
        self._withdrawals[lost.site, lost.kind, lost.service] = lost
        self._done(deed_of(after, at, PermissionState.WITHDRAWN))
        return True

    def _erase_permissions(self, incident: str) -> None:
        for digest in [digest for digest, one in self._permissions.items() if one.incident == incident]:
            del self._permissions[digest]
            self._used_at.pop(digest, None)
