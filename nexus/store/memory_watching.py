"""What pages read of the store's twin in memory."""

from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING

from incidents.findings import Evidence
from incidents.timeline import EntryKind
from nexus.store.lists import NumberedEntry
from nexus.store.memory_lists import MemoryLists, Table
from nexus.store.watching import NEWEST, digest_of_stand

if TYPE_CHECKING:
    from incidents.action import Approval
    from nexus.store.records import Message


class MemoryWatching(MemoryLists):
    """Implements `nexus.store.watching.Watching` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._approvals: Table[Approval] = Table()
        self._messages: Table[Message] = Table()

    async def entries_before(
        self,
        incident: str,
        before: int = NEWEST,
        limit: int = 100,
        kinds: Collection[EntryKind] = (),
    ) -> tuple[NumberedEntry, ...]:
        """So many entries of a timeline whose number is lower, newest first."""
        found = (
            one
            for one in reversed(self._timeline.of(incident))
            if one.sequence < before and (not kinds or one.entry.kind in kinds)
        )
        return tuple(islice(found, limit))

    async def newest_evidence(self, incident: str, limit: int = 100) -> tuple[Evidence, ...]:
        """So many of the evidence that was kept last, newest first."""
        return self._evidence.of(incident)[::-1][:limit]

    async def stands(self, incidents: Collection[str]) -> dict[str, str]:
        """How each of these incidents stands: every write of any of them moves the one number."""
        counts = (len(self._evidence), len(self._approvals), len(self._messages), len(self._inbox))
        now = digest_of_stand((self._writes, *counts))
        return {one: now for one in incidents if one in self._incidents}
