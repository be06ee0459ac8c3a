"""The workers of the store's twin in memory."""

from datetime import datetime

from nexus.store.memory_leases import MemoryLeases
from nexus.store.workers import FORGOTTEN, WorkerBeat, WorkerSeen, ages, seen


class MemoryWorkers(MemoryLeases):
    """Implements `nexus.store.port.Workers` in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._workers: dict[str, tuple[WorkerBeat, datetime, datetime]] = {}

    async def beat(self, worker: WorkerBeat, now: datetime) -> None:
        """It works."""
        started = self._workers[worker.owner][1] if worker.owner in self._workers else now
        self._workers[worker.owner] = worker, started, now

    async def ended(self, owner: str) -> None:
        """It has ended in order."""
        self._workers.pop(owner, None)

    async def workers(self, now: datetime) -> tuple[WorkerSeen, ...]:
        """Those who work, and those who were lost within a day; by name."""
        waits, found = ages(await self.oldest_due(now), now), []
        for owner, (worker, started, at) in self._workers.items():
            if (silent := (now - at).total_seconds()) <= FORGOTTEN:
                due = waits.get(worker.site, 0.0)
                found.append(seen(worker, started, at, silent, self._driven_by(owner), due))
        return tuple(sorted(found, key=lambda one: (one.site, one.name, one.started_at)))

    def _driven_by(self, owner: str) -> list[str]:
        held = ((key, row.lease) for key, row in self._waiting.items())
        return sorted(key for key, lease in held if lease is not None and lease.owner == owner)
