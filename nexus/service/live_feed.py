"""What is written as it is written, for many that watch: the store is read once for all of them."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import structlog

from incidents.errors import NexusError
from nexus.home import Home
from nexus.store.lists import NumberedEntry
from nexus.store.port import IncidentStore

log = structlog.get_logger(__name__)

#: How often is asked whether anything was written while somebody watches, in seconds.
LIVE_POLL = 0.1
#: So many of the newest entries are held for those that watch; who lags further behind reads for themselves.
_HELD = 2_000
#: How many entries are read at once.
_PAGE = 500


@dataclass
class LiveFeed:
    """The timelines of all incidents, and how those that are watched stand.

    It reads while somebody watches, and only if the store has changed since.

    Args:
        store: where they are written, by this process or another.
        tick: returns when it is time to ask again.
    """

    store: IncidentStore
    tick: Callable[[], Awaitable[None]]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _held: deque[NumberedEntry] = field(default_factory=partial(deque, maxlen=_HELD))
    #: Every entry behind the first number is held; the second is the newest that was read.
    _from: int = 0
    _place: int = 0
    _state: int | None = None
    _watched: Counter[str] = field(default_factory=Counter)
    _stands: dict[str, str] = field(default_factory=dict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, home: Home) -> Self:
        """The feed of a home, by the wall's time."""
        return cls(home.store, partial(asyncio.sleep, LIVE_POLL))

    @contextmanager
    def watching(self, incident: str = "") -> Iterator[None]:
        """Somebody watches while the block lasts: an incident, or none in particular."""
        self._watched[incident] += 1
        if self._reading is None or self._reading.done():
            self._state = None
            self._reading = asyncio.create_task(self._read())
        try:
            yield
        finally:
            self._watched[incident] -= 1
            if not self._watched[incident]:
                del self._watched[incident]
                self._stands.pop(incident, None)
            if not self._watched and self._reading is not None:
                self._reading.cancel()
                self._reading = None

    @property
    def ended(self) -> bool:
        """Whether nobody is to watch any more."""
        return self.over.is_set()

    @property
    def moved(self) -> asyncio.Event:
        """Set at the next move: anything was read that was not known before, or the feed has ended."""
        return self._moved

    @property
    def state(self) -> int | None:
        """Another number means that something was written; None: nothing was read yet."""
        return self._state

    def stand(self, incident: str) -> str | None:
        """How a watched incident stands (`Watching.stands`); None: it was not read yet."""
        return self._stands.get(incident)

    async def entries(self, after: int, incident: str) -> tuple[NumberedEntry, ...]:
        """The entries of an incident whose number is higher, up to what the feed has read."""
        if after >= self._from:
            return tuple(one for one in self._held if one.sequence > after and one.entry.incident == incident)
        found: list[NumberedEntry] = []
        while page := await self.store.entries_after(after, _PAGE, incident):
            found += page
            after = page[-1].sequence
        return tuple(found)

    def end(self) -> None:
        """Let everybody go who watches: the server ends."""
        self.over.set()
        self._tell()

    async def _read(self) -> None:
        while not self.ended:
            try:
                await self._look()
            except NexusError as error:  # the file is locked, the database restarts
                log.warning("the timelines cannot be read", why=str(error))
            await self.tick()

    async def _look(self) -> None:
        state = await self.store.changed()  # before anything is read: what comes meanwhile is seen next
        watched = {one for one in self._watched if one}
        if state == self._state and watched <= self._stands.keys():
            return
        if self._state is None:
            self._held.clear()
            self._from = self._place = await self.store.last_sequence()
        while page := await self.store.entries_after(self._place, _PAGE):
            self._held.extend(page)
            self._place = page[-1].sequence
        if len(self._held) == _HELD:
            self._from = max(self._from, self._held[0].sequence - 1)
        self._stands = await self.store.stands(watched)
        self._state = state
        self._tell()

    def _tell(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
