"""One event stream for each open page: its cards as they change, its entries as they are written.

An event's id is the number of the newest entry that was sent and how the incident stood: who comes back with
it gets what came meanwhile. It is sent last of what belongs together, so that what breaks off comes whole.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self, TypeVar, cast

from starlette.requests import Request
from starlette.responses import Response

from incidents.actor import Actor
from incidents.timeline import EntryKind
from nexus.home import Home
from nexus.server.pages.event_stream import HEARTBEAT, EventStream, event, first_of
from nexus.server.pages.shell import Pages
from nexus.service.intake import AlertIntake
from nexus.service.live_feed import LiveFeed
from nexus.service.pages.board import incident_board
from nexus.service.pages.now import NowView, now_view
from nexus.service.pages.timeline import line_of
from nexus.service.restricting import hidden
from nexus.store.lists import NumberedEntry

T = TypeVar("T")

#: The cards that a stream replaces; each is `nexus/templates/pages/incident/NAME.html`.
CARDS = ("head", "felt", "causes", "map", "next", "work", "told", "alerts", "cost")
#: So many renderings are remembered; each is made once for everybody who sees the same.
_REMEMBERED = 256
#: What counts up or down does not make another card.
_TICKING = re.compile(r"(<time[^>]*>)[^<]*(?=</time>)")
#: How long after what was sent a page waits for more, in seconds: a storm writes all the time, and to list
#: all that burns costs more than one incident.
_INCIDENT_RESTS, _NOW_RESTS = 0.2, 1.0
#: So often it is asked whether somebody is still logged in, in heartbeats.
_STILL_IN = 4


class Place(NamedTuple):
    """Up to where a page has got."""

    sequence: int
    stand: str

    def __str__(self) -> str:
        return f"{self.sequence}-{self.stand}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """What a browser brings; whatever is none begins at the beginning."""
        sequence, _, stand = text.partition("-")
        number = int(sequence) if sequence.isascii() and sequence.isdecimal() and len(sequence) < 19 else 0
        return cls(number, stand)


class Card(NamedTuple):
    """A card as HTML, and what tells it apart from one that says something else."""

    html: str
    digest: str

    @classmethod
    def of(cls, html: str) -> "Card":
        """A card; whatever counts up or down in it makes no other."""
        plain = _TICKING.sub(r"\1", html)
        return cls(html, hashlib.blake2s(plain.encode(), digest_size=8).hexdigest())


@dataclass
class Once:
    """What several ask for at one time is made once; the newest are remembered."""

    _made: OrderedDict[Hashable, asyncio.Task[object]] = field(default_factory=OrderedDict)

    async def of(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What was made under a key; what failed is made again."""
        task = self._made.get(key)
        if task is None:
            task = self._made[key] = asyncio.ensure_future(_made(make))
            task.add_done_callback(lambda done: self._forget(key, done))
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return cast("T", await asyncio.shield(task))

    def _forget(self, key: Hashable, done: asyncio.Task[object]) -> None:
        if (done.cancelled() or done.exception() is not None) and self._made.get(key) is done:
            del self._made[key]


async def _made(make: Callable[[], Awaitable[T]]) -> object:
    return await make()


@dataclass
class Streams:
    """The streams of one server.

    Args:
        pages: render what is sent.
        feed: what is written, as it is written.
        home: whose incidents are watched.
        site: whose alerts and workers the first page tells of.
    """

    pages: Pages
    feed: LiveFeed
    home: Home
    site: str
    _once: Once = field(default_factory=Once)

    @classmethod
    def of(cls, pages: Pages, feed: LiveFeed, intake: AlertIntake) -> Self:
        """Those of the live world that is served."""
        return cls(pages, feed, intake.home, intake.site.site)

    def end(self) -> None:
        """End them all, at once: the server ends."""
        self.feed.end()

    def of_incident(
        self, request: Request, who: Actor, incident: str, kinds: Sequence[EntryKind]
    ) -> Response:
        """The stream of an incident's page."""
        brought = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return EventStream(self._incident(request, who, incident, Place.read(brought), frozenset(kinds)))

    def of_now(self, request: Request, who: Actor) -> Response:
        """The stream of the first page."""
        return EventStream(self._now(request, who))

    async def _incident(
        self, request: Request, who: Actor, incident: str, place: Place, kinds: frozenset[EntryKind]
    ) -> AsyncIterator[str]:
        shown: dict[str, str] = {}
        with self.feed.watching(incident):
            async for moved in self._moves(request, _INCIDENT_RESTS):
                if not moved:
                    yield ""
                    continue
                if incident in await hidden(self.home.store, who):
                    return  # they were seeing it until now
                found = await self.feed.entries(place.sequence, incident)
                if found:  # at once: cards take a moment to be made
                    place = place._replace(sequence=found[-1].sequence)
                    told = [one for one in found if not kinds or one.entry.kind in kinds]
                    lines = [event("entry", await self._line(one)) for one in told]
                    yield _batch(lines, place)
                stand = self.feed.stand(incident) or place.stand
                if stand != place.stand:
                    cards = await self._cards(incident, stand, who)
                    place = place._replace(stand=stand)
                    yield _batch(_changed(cards, shown), place)

    async def _now(self, request: Request, who: Actor) -> AsyncIterator[str]:
        shown = {"now": request.query_params.get("seen", "")}
        with self.feed.watching():
            async for moved in self._moves(request, _NOW_RESTS):
                state, told = self.feed.state, list[str]()
                if moved and state is not None:
                    listed = await self._once.of(("now", state, who.id), lambda: self._now_list(who))
                    told = _changed({"now": listed}, shown)
                yield "".join(told)

    async def _moves(self, request: Request, rests: float) -> AsyncIterator[bool]:
        """True whenever something was written, and at first; False where a sign of life is due."""
        beats = 0
        while not self.feed.ended:
            moved = self.feed.moved
            yield True
            await first_of((self.feed.over,), rests)
            while not moved.is_set():
                await first_of((moved,), HEARTBEAT)
                if not moved.is_set():
                    beats += 1
                    if beats % _STILL_IN == 0 and await self.pages.sessions.visitor(request) is None:
                        return
                    yield False

    async def _line(self, one: NumberedEntry) -> str:
        async def make() -> str:
            known = await self.home.store.cited(one.entry.incident, set(one.entry.evidence))
            line = line_of(one.sequence, one.entry, {item.id: item for item in known})
            return self.pages.part("incident/line.html", line=line, incident=one.entry.incident, fresh=True)

        return await self._once.of(("line", one.sequence), make)

    async def _cards(self, incident: str, stand: str, who: Actor) -> dict[str, Card]:
        async def make() -> dict[str, Card]:
            board = await incident_board(self.home, incident, who)
            parts = {name: self.pages.part(f"incident/{name}.html", view=board) for name in CARDS}
            return {f"card-{name}": Card.of(html) for name, html in parts.items()}

        return await self._once.of(("cards", incident, stand, who.id), make)

    async def _now_list(self, who: Actor) -> Card:
        return self.now_list(await now_view(self.home, self.site, who))

    def now_list(self, view: NowView) -> Card:
        """What the first page lists."""
        return Card.of(self.pages.part("now/list.html", view=view))


def _changed(cards: Mapping[str, Card], shown: dict[str, str]) -> list[str]:
    """The events of the cards that are not as they were sent last."""
    told = []
    for name, card in cards.items():
        if shown.get(name) != card.digest:
            shown[name] = card.digest
            told.append(event(name, card.html))
    return told


def _batch(events: Sequence[str], place: Place) -> str:
    """What belongs together, and up to where the page has got with it."""
    return "".join((*events, event("place", str(place), str(place))))
