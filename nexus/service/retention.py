"""Retention: which closed incidents are older than people want to keep, and their deletion."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.errors import UsageError
from incidents.value import Moment, Value
from nexus.home import Home
from nexus.store.records import Remains

#: How long the deletion of one incident may take before its lease runs out.
_LEASE = timedelta(seconds=30)


class Prunable(Value):
    """A closed incident that is older than the retention, and what would go with it.

    Attributes:
        closed_at: by the wall.
        rows: in the store's tables; `tasks` of them stand in the backlog.
        checkpoints: of the graph.
        files: that its steps wrote.
        bytes: of all of these.
    """

    incident: str
    title: str
    closed_at: Moment
    rows: int
    tasks: int
    checkpoints: int
    files: int
    bytes: int


@dataclass(frozen=True)
class Retention:
    """What may go of a home at a moment of the wall."""

    home: Home
    now: datetime
    days: int | None = None

    async def prunable(self) -> tuple[Prunable, ...]:
        """What is older than the retention, oldest first.

        Raises:
            UsageError: nobody said how long incidents are kept.
        """
        days = self.days or self.home.settings.retention_days
        if days is None:
            raise UsageError("Say how many days a closed incident is kept: --days, or NEXUS_RETENTION_DAYS")
        closed = await self.home.store.closed(self.now - timedelta(days))
        return tuple([await self._prunable(kept) for kept in closed])

    async def _prunable(self, kept: Remains) -> Prunable:
        sizes = [one.size for one in await self.home.files.listed(kept.incident)]
        return Prunable(
            incident=kept.incident, title=kept.title, closed_at=kept.closed_at, rows=kept.rows,
            tasks=kept.tasks, checkpoints=kept.checkpoints, files=len(sizes), bytes=kept.bytes + sum(sizes),
        )  # fmt: skip

    async def prune(self, *, rewrite: bool = True) -> tuple[Prunable, ...]:
        """Delete what is older than the retention; what somebody works on just now is left for the next time.

        The folder goes first: what a crash leaves is listed again. `rewrite`: as `compact` of the store.
        """
        store, gone = self.home.store, []
        for one in await self.prunable():
            number = await store.lease(one.incident, uuid.uuid4().hex, self.now + _LEASE, self.now)
            if number is not None:
                await self.home.files.remove(one.incident)
                await store.erase(one.incident, number)
                gone.append(one)
        if gone or rewrite:
            await store.compact(rewrite=rewrite)
        return tuple(gone)
