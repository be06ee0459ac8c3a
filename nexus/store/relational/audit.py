"""Implements `nexus.store.audit.Audit`."""

from nexus.store.audit import AuditHead, AuditRow, Deed, DeedKind, chained
from nexus.store.relational.rows import as_json
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run


def record(run: Run, deed: Deed) -> AuditHead:
    """Keep a deed in the transaction in which it is done, as the last thing in it.

    From here to its end no other transaction adds to the chain, so nothing may follow that waits for a lock.
    """
    run("lock_audit")
    last = run("audit_head").fetchone()
    body = as_json(deed)
    head = chained(AuditHead(number=last[0], digest=last[1]) if last else None, body)
    values = {"incident": deed.incident, "kind": deed.kind, "body": body, "digest": head.digest}
    run("write_audit", number=head.number, **values)
    return head


class AuditRows(Tables):
    """Rows by number, which begin at 1 and leave none out. They outlive their incident."""

    async def record(self, deed: Deed) -> AuditHead:
        """Keep a deed that stands for itself."""
        return await self._database.atomically(lambda run: record(run, deed))

    async def audit(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        incident: str | None = None,
        kind: DeedKind | None = None,
    ) -> tuple[AuditRow, ...]:
        """So many rows whose number is higher."""
        rows = await self._database.read("audit", after=after, limit=limit, incident=incident, kind=kind)
        return tuple(
            AuditRow.model_validate({"number": number, "body": body, "digest": digest})
            for number, body, digest in rows
        )

    async def audit_head(self) -> AuditHead | None:
        """The end of the chain."""
        for number, digest in await self._database.read("audit_head"):
            return AuditHead.model_validate({"number": number, "digest": digest})
        return None
