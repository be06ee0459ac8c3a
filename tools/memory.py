"""Ports kept in memory, for tests and for worlds that need no disk."""

from incidents.findings import Evidence


class MemoryEvidence:
    """An evidence store in memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Evidence, bytes]] = {}

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a result; the same id again changes nothing."""
        self._kept.setdefault((evidence.incident, evidence.id), (evidence, body))

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        found = [evidence for (owner, _), (evidence, _) in self._kept.items() if owner == incident]
        return tuple(sorted(found, key=lambda evidence: evidence.at))

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        kept = self._kept.get((incident, evidence))
        return kept[1] if kept is not None else None
