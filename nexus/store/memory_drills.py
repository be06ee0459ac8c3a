"""The drills of the store's twin in memory."""

from datetime import datetime

from incidents.drill import Drill
from nexus.store.audit import Deed
from nexus.store.memory_audit import MemoryAudit
from tools.redaction.tree import redact_value


class MemoryDrills(MemoryAudit):
    """Implements `nexus.store.drills.Drills` in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._drills: dict[str, Drill] = {}

    async def keep_drill(self, drill: Drill, deed: Deed | None = None) -> None:
        """Keep a drill as it stands now."""
        self._drills[drill.id] = redact_value(drill)
        self._done(deed)

    async def drills(self, site: str | None, since: datetime) -> tuple[Drill, ...]:
        """Those of a site that began at a moment or later."""
        mine = (one for one in self._drills.values() if site in {None, one.site} and one.at >= since)
        return tuple(sorted(mine, key=lambda one: (one.at, one.id)))
