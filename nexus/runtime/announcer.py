"""Who hears what while an incident runs: each entry of its timeline that is new, each message sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph.ports import Journal
from incidents.incident import Incident
from incidents.timeline import Entry, EntryKind
from nexus.store.records import Message

if TYPE_CHECKING:
    from tools.live.latency import OnCall


@dataclass(frozen=True)
class RunListeners:
    """Who is told what, while an incident runs.

    Attributes:
        entry: each entry of a timeline that is new.
        message: each message that is sent.
        waited: how long live backends took.
        began: an incident as it stands where a turn begins.
        saved: as it stands now, after each of its steps.
    """

    entry: Callable[[Entry], None]
    message: Callable[[Message], None]
    waited: "OnCall | None" = None
    began: Callable[[Incident], None] = lambda incident: None
    saved: Callable[[Incident], None] = lambda incident: None


class AnnouncingJournal:
    """A journal that also tells somebody each entry that is new.

    A proposal, and what is written behind it, is told once the incident that holds it is saved: whoever hears
    of it can decide on it.
    """

    def __init__(self, journal: Journal, tell: Callable[[Entry], None]) -> None:
        self._journal = journal
        self._tell = tell
        self._held: list[Entry] = []

    async def write(self, entry: Entry) -> bool:
        """Keep the entry; tell it if it is new."""
        new = await self._journal.write(entry)
        if new and (self._held or entry.kind is EntryKind.PROPOSAL):
            self._held.append(entry)
        elif new:
            self._tell(entry)
        return new

    def saved(self) -> None:
        """The incident is saved as the entries so far tell it."""
        held, self._held = self._held, []
        for line in held:
            self._tell(line)

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """All entries of an incident."""
        return await self._journal.entries(incident)
