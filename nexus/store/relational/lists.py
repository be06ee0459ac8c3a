"""Implements `nexus.store.reads.Lists` over the indexes that hold what lists are filtered by."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Self

from pydantic import ValidationError

from incidents.value import plain
from nexus.store.dead_letters import DeadLetter, described
from nexus.store.lists import EVERY, IncidentFilter, OpenCount, Waiting
from nexus.store.records import BrokenOff, Summary
from nexus.store.relational.rows import broken_form, sortable
from nexus.store.relational.table import Tables
from nexus.store.search import MOST, Found, words_of

#: Behind every moment and every id: a list that begins at its beginning.
_LATEST, _LAST = "9999-12-31T23:59:59.999+00:00", "~"


class ListReads(Tables):
    """A place in a list is a row's key, so that a page costs the same wherever it lies."""

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> datetime:
        """The wall's time, as all processes of this store have it."""
        return self._database.now()

    async def page(
        self, among: IncidentFilter = EVERY, limit: int = 100, after: str | None = None
    ) -> tuple[Summary, ...]:
        """So many incidents, newest first."""
        words = words_of(among.words) if among.words is not None else None
        if words == ():
            return ()
        opened_at = _LATEST
        if after is not None:
            place = await self._database.read("opened_at", id=after)
            if not place:
                raise await self._unknown(after)
            opened_at = place[0][0]
        only_open = among.not_closed or among.undecided
        values = among.model_dump() | {"opened_at": opened_at, "after": after or _LAST, "limit": limit}
        values["title"] = among.title and among.title.casefold()
        values["words"] = json.dumps(words) if words is not None else None
        values["without"] = json.dumps(sorted(among.without))
        rows = await self._database.read("page_of_open" if only_open else "page", **values)
        return tuple(_summary(*row) for row in rows)

    async def found(self, words: str, incidents: Collection[str]) -> tuple[Found, ...]:
        """The texts of some incidents that words find, at most three of each."""
        if not (wanted := words_of(words)):
            return ()
        values = {"words": json.dumps(wanted), "incidents": json.dumps(sorted(incidents)), "most": MOST}
        rows = await self._database.read("found", **values)
        names = ("incident", "kind", "ref", "text")
        return tuple(Found.model_validate(dict(zip(names, row, strict=True))) for row in rows)

    async def summary_of(self, incident: str) -> Summary:
        """The line of one incident."""
        for row in await self._database.read("summary_of", id=incident):
            return _summary(*row)
        raise await self._unknown(incident)

    async def open_counts(self) -> tuple[OpenCount, ...]:
        """How many incidents run or owe something."""
        rows = await self._database.read("open_counts")
        names = ("status", "severity", "many")
        return tuple(OpenCount.model_validate(dict(zip(names, row, strict=True))) for row in rows)

    async def restricted(self) -> frozenset[str]:
        """The ids of the incidents that not everybody sees."""
        return frozenset(incident for (incident,) in await self._database.read("restricted"))

    async def broken_off(self) -> tuple[BrokenOff, ...]:
        """The open incidents whose last turns broke off, by id."""
        rows = await self._database.read("broken_off")
        names = ("incident", "tries", "retry_at", "why")
        return tuple(BrokenOff.model_validate(dict(zip(names, row, strict=True))) for row in rows)

    async def dead_letters(self, incident: str | None = None) -> tuple[DeadLetter, ...]:
        """Those of an incident, or of all that are not closed."""
        query = "dead_letters" if incident is None else "dead_letters_of_incident"
        values = {} if incident is None else {"incident": incident}
        return tuple(letter_of(row) for row in await self._database.read(query, **values))

    async def waiting(self, site: str | None, now: datetime) -> Waiting:
        """How many alerts wait for a hand."""
        ((opened, opened_since, joined, joined_since),) = await self._database.read(
            "waiting", site=site, now=sortable(now)
        )
        since = [datetime.fromisoformat(one) for one in (opened_since, joined_since) if one is not None]
        return Waiting(alerts=int(opened) + int(joined), since=min(since, default=None))


def _summary(identity: str, opened_at: str, body: str) -> Summary:
    """A line of the list; one that cannot be read hides no other."""
    try:
        return Summary.from_stored(body)
    except ValidationError as error:
        return Summary.unreadable(identity, datetime.fromisoformat(opened_at), broken_form(error))


def letter_of(row: tuple[str, ...]) -> DeadLetter:
    """The letter of a row."""
    event, incident, why, at, body = row
    return DeadLetter.model_validate(
        {"event": event, "incident": incident, "why": why, "set_aside_at": at} | described(plain(body))
    )
