"""Implements `nexus.store.permissions.Permissions`."""

from datetime import datetime

from incidents.act_permission import DAY, ActPermission, PermissionState, Use, Withdrawal, allowed
from incidents.action import ActionKind, Approval, Proposal, Verdict
from nexus.store.audit import Deed
from nexus.store.permissions import deed_of, vetoed, withdrawal_of, withdrawn
from nexus.store.refusals import too_late
from nexus.store.relational.audit import record
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run


class PermissionRows(Tables):
    """A row for each; who changes one holds it until the end of the transaction."""

    async def announce(self, permission: ActPermission) -> None:
        """Keep a permission, once under its digest."""

        def work(run: Run) -> None:
            values = {"digest": permission.digest, "body": as_json(permission)}
            if run("announce", incident=permission.incident, **values).rowcount:
                record(run, deed_of(permission, permission.announced_at, PermissionState.ANNOUNCED))

        await self._atomically(permission.incident, work)

    async def permission(self, digest: str) -> ActPermission | None:
        """The permission of a digest, or None."""
        return next(iter(await self._all(ActPermission, "permission", digest=digest)), None)

    async def permissions(self, incident: str) -> tuple[ActPermission, ...]:
        """All of an incident, by digest."""
        return await self._all(ActPermission, "permissions", incident=incident)

    async def void(self, digest: str, at: datetime, why: str) -> None:
        """A permission that is announced lets nothing begin any more."""

        def work(run: Run) -> None:
            held = _held(run, digest)
            if held is not None and held.state is PermissionState.ANNOUNCED:
                _keep(run, held.ended(PermissionState.VOID, at, why))
                record(run, deed_of(held, at, PermissionState.VOID))

        await self._database.atomically(work)

    async def withdraw(self, digest: str, at: datetime, why: str) -> bool:
        """Take away what a used permission allowed, for its kind and service."""

        def work(run: Run) -> bool:
            held = _held(run, digest)
            return held is not None and _withdrawn(run, held, at, why)

        return await self._database.atomically(work)

    async def withdrawals(self, site: str) -> tuple[Withdrawal, ...]:
        """What waits for a person to renew it."""
        return await self._all(Withdrawal, "withdrawals", site=site)

    async def renew_permission(self, site: str, kind: ActionKind, service: str, deed: Deed) -> bool:
        """Let the record count again from now on."""

        def work(run: Run) -> bool:
            gone = run("renew_permission", site=site, kind=kind, service=service).rowcount > 0
            if gone:
                record(run, deed)
            return gone

        return await self._database.atomically(work)

    async def acts(self, incident: str, since: datetime) -> int:
        """How many changes began without a person at the site of an incident, after a moment."""
        ((many,),) = await self._database.read("acts", incident=incident, since=sortable(since))
        return int(many)


def use_permission(run: Run, use: Use, proposal: Proposal, at: datetime) -> ActPermission:
    """Use the permission of a change that begins; raises as `incidents.act_permission.allowed` says."""
    held = _held(run, use.permission)
    kind, service = (held.kind, held.service) if held is not None else ("", "")
    gone = run("withdrawn", incident=proposal.incident, kind=kind, service=service).fetchone() is not None
    (acts,) = run("acts", incident=proposal.incident, since=sortable(at - DAY)).fetchone()
    after = allowed(use, held, proposal, at, withdrawn=gone, acts=acts)
    _keep(run, after, None if use.undo else at)
    return after


def void_permission(run: Run, digest: str, at: datetime, why: str) -> None:
    """Nothing begins by a permission any more, for people have decided."""
    held = _held(run, digest)
    if held is not None and held.state is PermissionState.ANNOUNCED:
        _keep(run, held.ended(PermissionState.VOID, at, why))


def veto_permission(run: Run, approval: Approval) -> None:
    """A rejection before a change begins wins over its permission.

    Raises:
        ApprovalRefused: it has begun.
    """
    held = _held(run, approval.digest) if approval.verdict is Verdict.REJECT else None
    if held is None:
        return
    if held.state is PermissionState.USED:
        raise too_late(approval.action, approval.digest)
    if (after := vetoed(held, approval)) is not None:
        _keep(run, after)


def withdraw_all(run: Run, incident: str, at: datetime, why: str) -> None:
    """A person calls wrong what an incident did without one."""
    for (body,) in run("held_permissions", incident=incident).fetchall():
        _withdrawn(run, ActPermission.from_stored(body), at, why)


def _held(run: Run, digest: str) -> ActPermission | None:
    row = run("held_permission", digest=digest).fetchone()
    return ActPermission.from_stored(row[0]) if row is not None else None


def _keep(run: Run, permission: ActPermission, used_at: datetime | None = None) -> None:
    used = sortable(used_at) if used_at is not None else None
    run("keep_permission", digest=permission.digest, body=as_json(permission), used_at=used)


def _withdrawn(run: Run, held: ActPermission, at: datetime, why: str) -> bool:
    after = withdrawn(held, at, why)
    if after is None:
        return False
    _keep(run, after)
    (site,) = run("site_of", id=held.incident).fetchone()
    lost = withdrawal_of(held, site or "", at, why)
    run("withdraw", site=lost.site, kind=lost.kind, service=lost.service, body=as_json(lost))
    record(run, deed_of(after, at, PermissionState.WITHDRAWN))
    return True
