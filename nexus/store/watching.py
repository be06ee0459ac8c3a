"""What a page reads of an incident that somebody watches: a part of it at a time, the newest first."""

import hashlib
from collections.abc import Collection, Iterable
from typing import Protocol

from incidents.findings import Evidence
from incidents.timeline import EntryKind
from nexus.store.lists import NumberedEntry

#: Behind every number.
NEWEST = 2**63 - 1


class Watching(Protocol):
    """What it costs does not grow with what is not shown."""

    async def entries_before(
        self,
        incident: str,
        before: int = NEWEST,
        limit: int = 100,
        kinds: Collection[EntryKind] = (),
    ) -> tuple[NumberedEntry, ...]:
        """So many entries of a timeline whose number is lower, newest first; no kinds: of all of them."""
        ...

    async def newest_evidence(self, incident: str, limit: int = 100) -> tuple[Evidence, ...]:
        """So many of the evidence that was kept last, newest first."""
        ...

    async def stands(self, incidents: Collection[str]) -> dict[str, str]:
        """How each of these incidents stands, as a short text that differs once anything of it was written.

        An incident that is not there is passed over.
        """
        ...


def digest_of_stand(parts: Iterable[object]) -> str:
    """The short text for what an incident's rows say: hexadecimal, fit for a header."""
    return hashlib.blake2s(repr([*parts]).encode(), digest_size=6).hexdigest()
