"""Brings work to hands: which incidents want to be driven now, and how many at once.

The row is the truth; a queue is only the bell. `EmbeddedQueue` serves processes that share one store and look
into it themselves; `distributed_queue` lets an engine bring the work to many machines.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from incidents.errors import LeftBehind, NexusError
from nexus.runtime.lease_keeper import wall
from nexus.runtime.turns import Handler, Turns
from nexus.store.port import IncidentStore
from nexus.store.records import Due

log = structlog.get_logger(__name__)

#: How often a queue looks for what other processes wrote, in seconds: one look for everything.
BETWEEN_PROCESSES = 0.25
#: How often it looks for what time alone has made due, in seconds.
TIMERS = 1.0
#: Between two looks at least, in seconds: many bells in a moment are one.
PACE = 0.02


class Queue(Protocol):
    """What brings incidents to a worker."""

    def ring(self, incident: str, priority: int = 0) -> None:
        """Something has happened to an incident: look now. A lower priority is more urgent."""
        ...

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Hand out what is due until `stop` is set; what was handed out is still going on then.

        Of a store that this version fits no more nothing is taken: it says so once, and waits for `stop`.
        """
        ...


@dataclass
class Looks:
    """When to look for what is due: at once when rung, when another process wrote, and each second.

    Args:
        store: whose incidents.
        every: how often it looks whether another process has written, in seconds.
        seconds: a clock that only goes forward.
    """

    store: IncidentStore
    every: float
    seconds: Callable[[], float]
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Look now."""
        self._bell.set()

    async def run(self, look: Callable[[], Awaitable[bool]], stop: asyncio.Event) -> None:
        """Look until `stop` is set; a look says whether the next one must not wait for a reason.

        Raises:
            LeftBehind: this version is too old for the store.
        """
        stopping = asyncio.create_task(self._ring_at(stop))
        seen, looked = -1, float("-inf")
        try:
            while not stop.is_set():
                rung, now = self._bell.is_set(), self.seconds()
                self._bell.clear()
                try:
                    changed = await self.store.changed()
                    if rung or changed != seen or now - looked >= TIMERS:
                        seen, looked = changed, now
                        if await look():
                            looked = float("-inf")
                except LeftBehind:
                    raise
                except NexusError as error:  # it is locked, gone or full: it is looked at again
                    log.warning("what is due cannot be read", why=str(error))
                await asyncio.sleep(min(PACE, self.every))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), self.every)
        finally:
            stopping.cancel()

    async def _ring_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._bell.set()


@dataclass
class EmbeddedQueue:
    """Looks for what is due by the store's index, and hands it out itself.

    Args:
        store: whose incidents.
        site: of which live world.
        at_once: how many are driven at the same time; one of the hands takes nothing but P0.
        only: these incidents alone; None: all of the site.
        now: the wall's time.
        look_every: how often it looks whether another process has written, in seconds.
        lag: how late the process comes to what it should do, in seconds.
        seconds: a clock that only goes forward.
    """

    store: IncidentStore
    site: str
    at_once: int
    only: frozenset[str] | None = None
    now: Callable[[], datetime] = wall
    look_every: float = BETWEEN_PROCESSES
    lag: Callable[[], float] = lambda: 0.0
    seconds: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._looks = Looks(self.store, self.look_every, self.seconds)
        self._turns = Turns(self.at_once, self.lag, self.seconds)

    def ring(self, incident: str, priority: int = 0) -> None:
        """Look now."""
        self._looks.ring()

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Hand out what is due until `stop` is set."""
        try:
            await self._looks.run(lambda: self._hand_out(handler), stop)
        except LeftBehind as error:
            await take_no_more(error, stop)

    async def _hand_out(self, handler: Handler) -> bool:
        """Whether something waits for a hand."""
        due = await self.store.due(self.now(), len(self._turns) + self.at_once, self.site)
        waits = False
        for one in filter(self._mine, due):
            if self._turns.may_begin(first=one.first):
                self._turns.begin(handler, one.incident, first=one.first, ended=self._looks.ring)
            else:
                waits = True
        return waits

    def _mine(self, one: Due) -> bool:
        return one.incident not in self._turns and (self.only is None or one.incident in self.only)


async def take_no_more(error: LeftBehind, stop: asyncio.Event) -> None:
    """Say once why, and wait for the end; what is due is left to newer processes."""
    log.error("this process takes no more work", why=str(error))
    await stop.wait()
