"""The timelines of all incidents as one stream: what follows them misses nothing and sees nothing twice."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from nexus.home import Home
from nexus.service.views import EntryPage, FeedEntry
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

    async def page(self, after: int, limit: int, incident: str | None = None) -> EntryPage:
        """So many entries whose number is higher, for those who follow over HTTP.

        Args:
            after: the number of the last entry that was received; 0: from the beginning.
            limit: how many at most.
            incident: of that one alone.

        Raises:
            UnknownName: there is no such incident.
        """
        # Asked before anything is read: what closed it is among the entries then.
        ended = incident is not None and (await find_incident(self.store, incident)).closed
        last = await self.last()
        found = await self.store.entries_after(after, limit, incident)
        items = tuple(FeedEntry(**dict(one.entry), sequence=one.sequence) for one in found)
        return EntryPage(
            items=items,
            next=items[-1].sequence if items else after,
            last=last,
            ended=ended and len(items) < limit,
        )

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
