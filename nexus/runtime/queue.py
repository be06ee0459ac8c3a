"""Brings work to hands: which incidents want to be driven now, and how many at once.

The row is the truth; a queue is only the bell. `EmbeddedQueue` serves processes that share one SQLite file.

What waits for a model or a backend leaves the process free, so many can do so at once; what computes holds up
everything else, the answers to senders, too. So another turn begins only while the process keeps up. And what
is not a P0 begins nothing while a P0 is new in a hand.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

import structlog

from incidents.errors import NexusError
from nexus.runtime.lease_keeper import wall
from nexus.store.port import IncidentStore
from nexus.store.records import Due

log = structlog.get_logger(__name__)

#: How often an embedded queue looks for what other processes wrote, in seconds: one look for everything.
BETWEEN_PROCESSES = 0.25
#: How often it looks for what time alone has made due, in seconds.
TIMERS = 1.0
#: Between two looks at least, in seconds: many bells in a moment are one.
PACE = 0.02
#: Another turn begins while the loop is less late than this, in seconds; one always may.
KEEPS_UP = 0.1
#: And so long after the one before it at least, in seconds: till then it shows whether that one computes.
SHOWS = 0.1
#: So long a P0 that has come into a hand has the process for itself at most: till its first finding.
PRECEDENCE = 10.0


class Handler(Protocol):
    """What drives an incident to its next wait; `first`: it goes before all others, as a P0 does."""

    def __call__(self, incident: str, *, first: bool) -> Awaitable[None]:
        """Drive it."""
        ...


class _Turn(NamedTuple):
    """A turn that goes on, since when."""

    task: asyncio.Task[None]
    first: bool
    began: float


class Queue(Protocol):
    """What brings incidents to a worker."""

    def ring(self, incident: str, priority: int = 0) -> None:
        """Something has happened to an incident: look now. A lower priority is more urgent."""
        ...

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Hand out what is due until `stop` is set; what was handed out is still going on then."""
        ...


@dataclass
class EmbeddedQueue:
    """Looks for what is due by the store's index: at once when rung, else when another process wrote.

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
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[str, _Turn] = field(default_factory=dict)

    def ring(self, incident: str, priority: int = 0) -> None:
        """Look now."""
        self._bell.set()

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Hand out what is due until `stop` is set."""
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
                        if await self._hand_out(handler):
                            looked = float("-inf")
                except NexusError as error:  # the file is locked or its disk is full: it is looked at again
                    log.warning("what is due cannot be read", why=str(error))
                await asyncio.sleep(min(PACE, self.look_every))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), self.look_every)
        finally:
            stopping.cancel()

    async def _ring_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._bell.set()

    async def _hand_out(self, handler: Handler) -> bool:
        """Whether something waits for a hand."""
        due = await self.store.due(self.now(), len(self._running) + self.at_once, self.site)
        waits = False
        for one in filter(self._mine, due):
            if self._has_hand(one):
                task = asyncio.create_task(self._handled(handler, one))
                self._running[one.incident] = _Turn(task, one.first, self.seconds())
            else:
                waits = True
        return waits

    def _mine(self, one: Due) -> bool:
        return one.incident not in self._running and (self.only is None or one.incident in self.only)

    def _has_hand(self, one: Due) -> bool:
        if len(self._running) >= self.at_once:
            return False
        if one.first or self.at_once == 1:
            return True
        now, turns = self.seconds(), self._running.values()
        others = [turn.began for turn in turns if not turn.first]
        if any(turn.first and now - turn.began < PRECEDENCE for turn in turns):
            return False
        if others and (self.lag() > KEEPS_UP or now - max(others) < SHOWS):
            return False
        return len(others) < self.at_once - 1

    async def _handled(self, handler: Handler, one: Due) -> None:
        try:
            await handler(one.incident, first=one.first)
        except Exception:  # a job's edge: the incident is still due and is handed out at the next look
            log.exception("a handler broke off", incident=one.incident)
        else:
            self._bell.set()
        finally:
            del self._running[one.incident]
