"""The list of incidents: a line each, in pages."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import Field

from incidents.errors import UsageError
from incidents.value import Value
from nexus.store.lists import EVERY, IncidentFilter
from nexus.store.records import BrokenOff, Summary
from nexus.store.search import FoundIn, excerpt_of, words_of

if TYPE_CHECKING:
    from nexus.reading import ReadableHome
    from nexus.store.reads import Lists
    from nexus.store.relational.lists import ListReads
    from tools.clock import Clock

__all__ = ["EVERY", "IncidentFilter", "IncidentLine", "IncidentPage", "ListQueries"]

#: How many are read at once where all are asked for.
PAGE = 200

#: A server takes up what comes within less, in seconds.
WORTH_A_WORD = 10


class FoundText(Value):
    """Where words were found, and what stands around them; `ref` is the id of an evidence."""

    kind: FoundIn
    ref: str
    excerpt: str


class IncidentLine(Summary):
    """One line of the list of incidents; `broken_off` if its last turns broke off."""

    broken_off: BrokenOff | None = None
    dead_letters: int = Field(default=0, description="events of it that were set aside")
    found: tuple[FoundText, ...] = Field(default=(), description="where the words stand that were asked for")


class IncidentPage(Value):
    """Incidents, newest first.

    Attributes:
        items: so many as were asked for.
        next: the id to go on behind; null at the end.
        waiting: how many alerts wait for a hand, once that is worth a word.
    """

    items: tuple[IncidentLine, ...]
    next: str | None
    waiting: str | None


@dataclass(frozen=True)
class ListQueries:
    """The door of everyone who looks at the list; `wall` is the time, as the store has it."""

    store: "Lists"
    wall: "Clock"

    @classmethod
    def of(cls, home: "ReadableHome[ListReads]") -> Self:
        """The door of a home."""
        return cls(home.store, home.clock)

    async def page(
        self, among: IncidentFilter = EVERY, limit: int = PAGE, after: str | None = None
    ) -> tuple[IncidentLine, ...]:
        """So many incidents, newest first.

        Args:
            among: which ones.
            limit: how many at most.
            after: the id of the last one of the page before.

        Raises:
            UnknownName: `after` is no incident.
            UsageError: of the words that are looked for none has a letter or a digit.
        """
        if among.words is not None and not words_of(among.words):
            raise UsageError(f"words: nothing in {among.words!r} can be looked for; give letters or digits")
        broken = {one.incident: one for one in await self.store.broken_off()}
        aside = Counter(letter.incident for letter in await self.store.dead_letters())
        page = await self.store.page(among, limit, after)
        found = defaultdict[str, list[FoundText]](list)
        for one in await self.store.found(among.words, [line.id for line in page]) if among.words else ():
            excerpt = excerpt_of(one.text, among.words or "")
            found[one.incident].append(FoundText(kind=one.kind, ref=one.ref, excerpt=excerpt))
        return tuple(
            IncidentLine(
                **dict(one), broken_off=broken.get(one.id), dead_letters=aside[one.id],
                found=tuple(found[one.id]),
            )
            for one in page
        )  # fmt: skip

    async def incidents(
        self, among: IncidentFilter = EVERY, after: str | None = None
    ) -> AsyncIterator[IncidentLine]:
        """All of them, newest first, a page at a time."""
        while page := await self.page(among, PAGE, after):
            for one in page:
                yield one
            after = page[-1].id

    async def waiting(self) -> str | None:
        """How many alerts wait for a hand, once the oldest has waited for long enough to be worth a word."""
        now = self.wall.now()
        waiting = await self.store.waiting(None, now)
        return waiting.sentence(now) if waiting.oldest(now) >= WORTH_A_WORD else None
