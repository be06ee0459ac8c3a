"""The audit of the store's twin in memory."""

from nexus.store.audit import AuditHead, AuditRow, Deed, DeedKind, chained
from tools.redaction.tree import clean_json


class MemoryAudit:
    """Implements `nexus.store.audit.Audit` in a list."""

    def __init__(self) -> None:
        super().__init__()
        self._audit: list[AuditRow] = []

    def _done(self, deed: Deed | None) -> None:
        """Keep what goes with another write, if anything does."""
        if deed is not None:
            body = clean_json(deed)
            head = chained(self._audit[-1].head if self._audit else None, body)
            self._audit.append(AuditRow(number=head.number, body=body, digest=head.digest))

    async def record(self, deed: Deed) -> AuditHead:
        """Keep a deed that stands for itself."""
        self._done(deed)
        return self._audit[-1].head

    async def audit(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        incident: str | None = None,
        kind: DeedKind | None = None,
    ) -> tuple[AuditRow, ...]:
        """So many rows whose number is higher."""
        wanted = (
            row
            for row in self._audit
            if incident in {None, row.deed.incident} and kind in {None, row.deed.kind}
        )
        return tuple(row for row in wanted if row.number > after)[:limit]

    async def audit_head(self) -> AuditHead | None:
        """The end of the chain."""
        return self._audit[-1].head if self._audit else None
