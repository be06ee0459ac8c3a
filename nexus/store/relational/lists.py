"""Implements `nexus.store.port.Lists` over the indexes that hold what lists are filtered by."""

import json
from collections.abc import Collection
from datetime import datetime

from pydantic import ValidationError

from incidents.communications import BacklogEntry
from incidents.errors import UnknownName
from incidents.findings import Evidence
from incidents.timeline import Entry
from nexus.store.lists import EVERY, IncidentFilter, NumberedEntry, OpenCount
from nexus.store.records import Summary
from nexus.store.relational.rows import broken_form
from nexus.store.relational.table import Tables

#: Behind every moment and every id: a list that begins at its beginning.
_LATEST, _LAST = "9999-12-31T23:59:59.999+00:00", "~"


class ListReads(Tables):
    """A place in a list is a row's key, so that a page costs the same wherever it lies."""

    async def page(
        self, among: IncidentFilter = EVERY, limit: int = 100, after: str | None = None
    ) -> tuple[Summary, ...]:
        """So many incidents, newest first."""
        opened_at = _LATEST
        if after is not None:
            place = await self._database.read("opened_at", id=after)
            if not place:
                raise await self._unknown(after)
            opened_at = place[0][0]
        only_open = among.not_closed or among.undecided
        values = among.model_dump() | {"opened_at": opened_at, "after": after or _LAST, "limit": limit}
        values["title"] = among.title and among.title.casefold()
        rows = await self._database.read("page_of_open" if only_open else "page", **values)
        return tuple(_summary(*row) for row in rows)

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

    async def tasks(self, limit: int = 100, after: str | None = None) -> tuple[BacklogEntry, ...]:
        """So many tasks of the backlog in their order."""
        place = 0
        if after is not None:
            found = await self._database.read("place_of_task", id=after)
            if not found:
                raise UnknownName("task", after, ())
            place = int(found[0][0])
        return await self._all(BacklogEntry, "tasks", after=place, limit=limit)

    async def cited(self, incident: str, ids: Collection[str]) -> tuple[Evidence, ...]:
        """The evidence of these ids, oldest first."""
        return await self._all(Evidence, "cited", incident=incident, ids=json.dumps(list(ids)))

    async def entries_after(
        self, sequence: int, limit: int = 100, incident: str | None = None
    ) -> tuple[NumberedEntry, ...]:
        """So many entries whose number is higher, by number."""
        query = "entries_after" if incident is None else "entries_of_incident_after"
        rows = await self._database.read(query, sequence=sequence, limit=limit, incident=incident)
        return tuple(
            NumberedEntry(sequence=int(number), entry=Entry.from_stored(body)) for number, body in rows
        )

    async def last_sequence(self) -> int:
        """The number of the last entry that is kept."""
        return int((await self._database.read("last_sequence"))[0][0])


def _summary(identity: str, opened_at: str, body: str) -> Summary:
    """A line of the list; one that cannot be read hides no other."""
    try:
        return Summary.from_stored(body)
    except ValidationError as error:
        return Summary.unreadable(identity, datetime.fromisoformat(opened_at), broken_form(error))
