"""The timelines of all incidents as one stream: what follows them misses nothing and sees nothing twice."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from nexus.home import Home
from nexus.service.views import FeedEntry
from nexus.store.find import find_incident
from nexus.store.port import IncidentStore

#: How often whoever follows asks whether anything was written, in seconds.
FEED_POLL = 0.25

#: How many entries are read at once.
_PAGE = 200


@dataclass(frozen=True)
class Feed:
    """Entries after a number, as they come.

    Attributes:
        store: where they are written, by this process or another.
        tick: returns when it is time to ask again; the store is read only if it has changed since.
    """

    store: IncidentStore
    tick: Callable[[], Awaitable[None]]

    @classmethod
    def of(cls, home: Home) -> Self:
        """The feed of a home, by the wall's time."""
        import asyncio  # noqa: PLC0415  # most verbs need none

        return cls(home.store, partial(asyncio.sleep, FEED_POLL))

    async def last(self) -> int:
        """The number of the newest entry: to follow from now on, begin there."""
        return await self.store.last_sequence()

    async def follow(self, after: int = 0, incident: str | None = None) -> AsyncIterator[FeedEntry]:
        """The entries whose number is higher, in the order of their numbers.

        Args:
            after: the number of the last entry that was received; 0: from the beginning.
            incident: of that one alone; the stream ends when it is closed and all of it was read.

        Raises:
            UnknownName: there is no such incident.
        """
        known = None
        while True:
            state = await self.store.changed()  # before anything is read: what comes meanwhile is seen next
            if state != known:
                known = state
                ended = incident is not None and (await find_incident(self.store, incident)).closed
                while page := await self.store.entries_after(after, _PAGE, incident):
                    for one in page:
                        yield FeedEntry(**dict(one.entry), sequence=one.sequence)
                    after = page[-1].sequence
                if ended:
                    return
            await self.tick()
