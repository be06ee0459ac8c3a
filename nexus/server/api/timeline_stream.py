"""The timeline of an incident as server-sent events: entries as they come, resumed by their numbers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from incidents.actor import Actor
from nexus.home import Home
from nexus.server.pages.event_stream import HEARTBEAT, event, first_of
from nexus.service.live_feed import LiveFeed
from nexus.service.restricting import hidden
from nexus.service.views import FeedEntry
from nexus.store.find import find_incident
from nexus.store.lists import NumberedEntry

_PAGE = 500
MEDIA_TYPE = "text/event-stream"


@dataclass(frozen=True)
class TimelineStream:
    """One open stream: it ends with the incident, the server, or the right of who follows to see it.

    Args:
        home: whose incident it is.
        live: what is written, as it is written.
        who: follows.
        still: whether who follows is still who they showed to be; asked with all that is sent, and between.
    """

    home: Home
    live: LiveFeed
    who: Actor
    still: Callable[[], Awaitable[bool]]

    async def events(self, incident: str, after: int) -> AsyncIterator[str]:
        """Each entry behind a number as an `entry`, its number as the id; `end` once nothing more comes.

        An empty text is a sign of life.
        """
        with self.live.watching(incident):
            while not self.live.ended:
                moved = self.live.moved
                if not await self._may_see(incident):
                    return
                if self.live.state is not None:
                    # Asked before anything is read: what closed it is among the entries then.
                    closed = (await find_incident(self.home.store, incident)).closed
                    for one in await (self._rest if closed else self.live.entries)(after, incident):
                        after = one.sequence
                        yield _told(FeedEntry(**dict(one.entry), sequence=one.sequence))
                    if closed:
                        yield event("end", incident)
                        return
                    yield ""
                await first_of((moved,), HEARTBEAT)

    async def _rest(self, after: int, incident: str) -> tuple[NumberedEntry, ...]:
        """All that is left, also what the others have not been told yet."""
        found: list[NumberedEntry] = []
        while page := await self.home.store.entries_after(after, _PAGE, incident):
            found += page
            after = page[-1].sequence
        return tuple(found)

    async def _may_see(self, incident: str) -> bool:
        return await self.still() and incident not in await hidden(self.home.store, self.who)


def _told(entry: FeedEntry) -> str:
    return event("entry", entry.model_dump_json(), str(entry.sequence))
