"""The list of incidents: a line each, in pages."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import Field

from incidents.value import Value
from nexus.store.lists import EVERY, IncidentFilter
from nexus.store.records import BrokenOff, Summary

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


class IncidentLine(Summary):
    """One line of the list of incidents; `broken_off` if its last turns broke off."""

    broken_off: BrokenOff | None = None
    dead_letters: int = Field(default=0, description="events of it that were set aside")


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
        """
        broken = {one.incident: one for one in await self.store.broken_off()}
        aside = Counter(letter.incident for letter in await self.store.dead_letters())
        return tuple(
            IncidentLine(**dict(one), broken_off=broken.get(one.id), dead_letters=aside[one.id])
            for one in await self.store.page(among, limit, after)
        )

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
