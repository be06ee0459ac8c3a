"""Implements `nexus.store.drills.Drills`."""

from datetime import datetime

from incidents.drill import Drill
from nexus.store.audit import Deed
from nexus.store.relational.audit import record
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run


class DrillRows(Tables):
    """A row for each drill."""

    async def keep_drill(self, drill: Drill, deed: Deed | None = None) -> None:
        """Keep a drill as it stands now."""
        values = {"id": drill.id, "site": drill.site, "at": sortable(drill.at), "body": as_json(drill)}

        def work(run: Run) -> None:
            run("keep_drill", **values)
            if deed is not None:
                record(run, deed)

        await self._database.atomically(work)

    async def drills(self, site: str | None, since: datetime) -> tuple[Drill, ...]:
        """Those of a site that began at a moment or later."""
        return await self._all(Drill, "drills", site=site, since=sortable(since))
