"""What the delivery loop reads of an incident, each time as it stands."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from incidents.errors import UnknownName, Unreadable
from incidents.events import Event
from incidents.incident import Incident
from incidents.severity import Severity
from nexus.store.outbox import Outbox
from nexus.store.records import Message, Summary


class TellingStore(Outbox, Protocol):
    """What of the store telling needs."""

    async def load(self, incident: str) -> Incident | None:
        """The incident as it was saved last, or None."""
        ...

    async def summary_of(self, incident: str) -> Summary:
        """Its line in lists."""
        ...

    async def unhandled(self, incidents: Collection[str]) -> tuple[Event, ...]:
        """What people sent to these incidents and nobody has handled."""
        ...

    async def stands(self, incidents: Collection[str]) -> dict[str, str]:
        """How each of these incidents stands."""
        ...

    async def restricted(self) -> frozenset[str]:
        """The incidents that not everybody may see."""
        ...

    async def changed(self) -> int:
        """A number that grows with every write of any process."""
        ...

    async def send(self, message: Message) -> bool:
        """Keep a message. False if its key was sent before."""
        ...


@dataclass
class Known:
    """Incidents by how they stand: what 2,000 messages tell of is not read 2,000 times."""

    store: TellingStore
    _read: dict[str, tuple[str, Incident | None, Severity | None]] = field(default_factory=dict)

    async def incident(self, identity: str) -> tuple[Incident | None, Severity | None]:
        """An incident and its severity; None for one that cannot be read, whose severity stays known."""
        stand = (await self.store.stands((identity,))).get(identity, "")
        kept = self._read.get(identity)
        if kept is None or kept[0] != stand:
            kept = (stand, *await self._load(identity))
            self._read.pop(identity, None)
            self._read[identity] = kept
            while len(self._read) > 50:
                del self._read[next(iter(self._read))]
        return kept[1], kept[2]

    async def _load(self, identity: str) -> tuple[Incident | None, Severity | None]:
        try:
            found = await self.store.load(identity)
        except Unreadable:
            found = None
        if found is not None:
            return found, found.severity
        try:
            return None, (await self.store.summary_of(identity)).severity
        except (Unreadable, UnknownName):
            return None, None
