"""Brings work to hands: which incidents want to be driven now, and how many at once.

The row is the truth; a queue is only the bell. `EmbeddedQueue` serves processes that share one SQLite file.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

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

Handler = Callable[[str], Awaitable[None]]


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
    """

    store: IncidentStore
    site: str
    at_once: int
    only: frozenset[str] | None = None
    now: Callable[[], datetime] = wall
    look_every: float = BETWEEN_PROCESSES
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[str, tuple[asyncio.Task[None], bool]] = field(default_factory=dict)

    def ring(self, incident: str, priority: int = 0) -> None:
        """Look now."""
        self._bell.set()

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Hand out what is due until `stop` is set."""
        stopping = asyncio.create_task(self._ring_at(stop))
        seen, looked = -1, float("-inf")
        try:
            while not stop.is_set():
                rung, now = self._bell.is_set(), time.monotonic()
                self._bell.clear()
                try:
                    changed = await self.store.changed()
                    if rung or changed != seen or now - looked >= TIMERS:
                        seen, looked = changed, now
                        await self._hand_out(handler)
                except NexusError as error:  # the file is locked or its disk is full: it is looked at again
                    log.warning("what is due cannot be read", why=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), self.look_every)
        finally:
            stopping.cancel()

    async def _ring_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._bell.set()

    async def _hand_out(self, handler: Handler) -> None:
        due = await self.store.due(self.now(), len(self._running) + self.at_once, self.site)
        for one in due:
            if self._mine(one) and self._has_hand(one):
                task = asyncio.create_task(self._handled(handler, one.incident))
                self._running[one.incident] = task, one.first

    def _mine(self, one: Due) -> bool:
        return one.incident not in self._running and (self.only is None or one.incident in self.only)

    def _has_hand(self, one: Due) -> bool:
        if one.first or self.at_once == 1:
            return len(self._running) < self.at_once
        others = sum(not urgent for _, urgent in self._running.values())
        return len(self._running) < self.at_once and others < self.at_once - 1

    async def _handled(self, handler: Handler, incident: str) -> None:
        try:
            await handler(incident)
        except Exception:  # a job's edge: the incident is still due and is handed out at the next look
            log.exception("a handler broke off", incident=incident)
        else:
            self._bell.set()
        finally:
            del self._running[incident]
