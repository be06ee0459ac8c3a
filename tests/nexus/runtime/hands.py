"""A worker without a graph: what its drivers do is a script, its store is in memory, its wall is a number."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from langgraph.runtime import RunControl

from incidents.incident import Incident
from incidents.severity import Severity
from nexus.runtime.driver import Rest
from nexus.runtime.giving_up import LastResort, Retries
from nexus.runtime.inbox import InboxWatch
from nexus.runtime.lease_keeper import HeldLease, LeaseKeeper
from nexus.runtime.queue import EmbeddedQueue
from nexus.runtime.worker import Worker
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import Heard
from tests.nexus import sample
from tests.nexus.sample import at

SITE = "shop"
Turn = Callable[[HeldLease], Awaitable[datetime | None]]


@dataclass
class Scripted:
    """A driver whose turns are functions; it says when it wants to be driven again."""

    store: MemoryStore
    turn: Turn
    control: RunControl = field(default_factory=RunControl)
    executes: bool = False
    asked: int = 0

    async def go_on(self, lease: HeldLease) -> Rest:
        """Play the turn."""
        until = await self.turn(lease)
        found = await self.store.load(lease.incident)
        assert found is not None
        return Rest(found, until)

    async def executing(self, incident: str) -> bool:
        """As the script says."""
        self.asked += 1
        return self.executes


@dataclass
class Hands:
    """A worker and what it works with."""

    turn: Turn
    at_once: int = 4
    retries: Retries = field(default_factory=Retries)
    store: MemoryStore = field(default_factory=MemoryStore)
    minutes: float = 1.0
    look_every: float = 0.001
    dropped: list[str] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    opened: list[Scripted] = field(default_factory=list)
    fails_to_open: Exception | None = None
    lag: float = 0.0
    waited: float = 0.0
    looks: int = 0

    def __post_init__(self) -> None:
        self.queue = EmbeddedQueue(
            self.store, SITE, self.at_once, now=self.now, look_every=self.look_every,
            lag=lambda: self.lag, seconds=self.seconds,
        )  # fmt: skip
        self.worker = Worker(
            store=self.store,
            queue=self.queue,
            keeper=LeaseKeeper(self.store, now=self.now),
            inbox=InboxWatch(self.store),
            drivers=self._driver,
            threads=self,
            people=LastResort(self.store, self.store, self.heard),
            retries=self.retries,
            drain_for=timedelta(seconds=0.05),
            now=self.now,
        )

    def now(self) -> datetime:
        """The wall; each look for what is due asks for it."""
        self.looks += 1
        return at(self.minutes)

    def seconds(self) -> float:
        """What the queue reckons by: the time that goes by, and what a test adds."""
        return time.monotonic() + self.waited

    async def drop(self, incident: str, number: int) -> None:
        """The thread of an incident is gone."""
        self.dropped.append(incident)

    async def open(self, number: int = 1, severity: Severity | None = None) -> Incident:
        """A new incident that is due."""
        incident = sample.opened(f"INC-2026-11-23-{number:03d}", number / 60).evolve(severity=severity)
        await self.store.register(incident, WorldRef(kind=WorldKind.LIVE, path="/etc/x"), at(0), SITE)
        return incident

    async def due(self) -> list[str]:
        """What wants to be driven now."""
        return [one.incident for one in await self.store.due(self.now(), 100, SITE)]

    @asynccontextmanager
    async def _driver(self, lease: HeldLease) -> AsyncIterator[Scripted]:
        if self.fails_to_open is not None:
            raise self.fails_to_open
        one = Scripted(self.store, self.turn)
        self.opened.append(one)
        yield one

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The worker runs for the length of a block."""
        running = asyncio.create_task(self.worker.run())
        try:
            yield
        finally:
            await self.worker.drain()
            await running


async def until(true: Callable[[], bool]) -> None:
    """Let everything else go on until something is true."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - it is the loop itself that is waited for
            await asyncio.sleep(0)
