"""The store's door for drills. They belong to a site and to no incident, and are kept for good."""

from datetime import datetime
from typing import Protocol

from incidents.drill import Drill
from nexus.store.audit import Deed


class Drills(Protocol):
    """A row for each drill."""

    async def keep_drill(self, drill: Drill, deed: Deed | None = None) -> None:
        """Keep a drill as it stands now, in place of what was kept of it before."""
        ...

    async def drills(self, site: str | None, since: datetime) -> tuple[Drill, ...]:
        """Those of a site, or of all, that began at a moment or later, oldest first."""
        ...
