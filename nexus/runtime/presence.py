"""A worker says every few seconds that it works, and is listed until it ends: `nexus workers`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import structlog

from incidents.errors import LeftBehind, NexusError
from nexus.runtime.lease_keeper import wall
from nexus.store.leases import this_process
from nexus.store.port import IncidentStore
from nexus.store.workers import WorkerBeat

log = structlog.get_logger(__name__)

#: How often it says so, in seconds.
EVERY = 5.0


@dataclass(frozen=True)
class Presence:
    """What a process says of itself while it drives.

    Args:
        store: where it says it.
        owner: as its leases name it.
        site: of which live world.
        at_once: how many incidents it drives at the same time.
        now: the wall's time.
        every: how often, in seconds.
    """

    store: IncidentStore
    owner: str
    site: str
    at_once: int
    now: Callable[[], datetime] = wall
    every: float = EVERY

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """It is listed for the length of a block."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            try:
                await self.store.ended(self.owner)
            except NexusError as error:  # it is listed as lost, then
                log.warning("nobody could be told that this worker ends", why=str(error))

    async def _beat(self) -> None:
        process = this_process()
        beat = WorkerBeat(
            owner=self.owner, name=f"{process.host}:{process.pid}", site=self.site, process=process,
            at_once=self.at_once, version=version("nexus-incident"),
        )  # fmt: skip
        while True:
            try:
                await self.store.beat(beat, self.now())
            except LeftBehind:  # who takes no more work is listed no more; its queue says so
                return
            except NexusError as error:  # the store is locked or gone for a while
                log.warning("nobody could be told that this worker works", why=str(error))
            await asyncio.sleep(self.every)
