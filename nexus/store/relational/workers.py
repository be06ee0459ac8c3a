"""Implements `nexus.store.port.Workers`."""

from datetime import datetime

from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.workers import FORGOTTEN, WorkerBeat, WorkerSeen, ages, seen


class WorkerRows(Tables):
    """A row for each worker, until it ends in order or is forgotten."""

    async def beat(self, worker: WorkerBeat, now: datetime) -> None:
        """It works."""
        await self._database.write("beat", owner=worker.owner, body=as_json(worker), now=sortable(now))

    async def ended(self, owner: str) -> None:
        """It has ended in order."""
        await self._database.write("worker_ended", owner=owner)

    async def workers(self, now: datetime) -> tuple[WorkerSeen, ...]:
        """Those who work, and those who were lost within a day; by name."""
        rows = await self._database.read("workers", now=sortable(now), most=FORGOTTEN)
        drives: dict[str, list[str]] = {}
        for owner, incident in await self._database.read("held"):
            drives.setdefault(owner, []).append(incident)
        sites = await self._database.read("oldest_due", now=sortable(now))
        waits = ages({site: datetime.fromisoformat(since) for site, since in sites}, now)
        known = []
        for owner, body, started, at, silent in rows:
            beat = WorkerBeat.from_stored(body)
            due = waits.get(beat.site, 0.0)
            known.append(seen(beat, started, at, float(silent), drives.get(owner, ()), due))
        return tuple(sorted(known, key=lambda one: (one.site, one.name, one.started_at)))
