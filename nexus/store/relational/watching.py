"""Implements `nexus.store.watching.Watching`."""

import json
from collections.abc import Collection

from incidents.findings import Evidence
from incidents.timeline import Entry, EntryKind
from nexus.store.lists import NumberedEntry
from nexus.store.relational.table import Tables
from nexus.store.watching import NEWEST, digest_of_stand


class WatchedReads(Tables):
    """A part of an incident at a time."""

    async def entries_before(
        self,
        incident: str,
        before: int = NEWEST,
        limit: int = 100,
        kinds: Collection[EntryKind] = (),
    ) -> tuple[NumberedEntry, ...]:
        """So many entries of a timeline whose number is lower, newest first."""
        asked = {"incident": incident, "sequence": before, "limit": limit}
        if kinds:
            rows = await self._database.read("entries_of_kinds_before", **asked, kinds=json.dumps([*kinds]))
        else:
            rows = await self._database.read("entries_before", **asked)
        return tuple(
            NumberedEntry(sequence=int(number), entry=Entry.from_stored(body)) for number, body in rows
        )

    async def newest_evidence(self, incident: str, limit: int = 100) -> tuple[Evidence, ...]:
        """So many of the evidence that was kept last, newest first."""
        return await self._all(Evidence, "newest_evidence", incident=incident, limit=limit)

    async def stands(self, incidents: Collection[str]) -> dict[str, str]:
        """How each of these incidents stands."""
        if not incidents:
            return {}
        rows = await self._database.read("stands", incidents=json.dumps(sorted(incidents)))
        return {identity: digest_of_stand(parts) for identity, *parts in rows}
