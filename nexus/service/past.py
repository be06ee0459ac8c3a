"""Past incidents that look like one, as somebody may see them: beside the diagnosis, never in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from incidents.actor import Actor
from incidents.incident import Incident
from incidents.past import PastIncident, Record, phrases, similar
from nexus.service.restricting import hidden
from nexus.store.find import find_incident
from nexus.store.port import IncidentStore

#: So many of each phrase are looked at, the latest: what a look costs does not grow with what is kept.
_EACH = 10


@dataclass(frozen=True)
class PastQueries:
    """The door of those who ask whether it was seen before."""

    store: IncidentStore

    @classmethod
    def of(cls, store: IncidentStore) -> Self:
        """The door of a store."""
        return cls(store)

    async def of_incident(
        self, identity: str, actor: Actor | None, as_of: datetime
    ) -> tuple[PastIncident, ...]:
        """Those that look like it, the most alike first; none for one of a recorded world.

        Args:
            identity: the incident's id.
            actor: who looks; None: somebody unknown, to whom nothing restricted is named.
            as_of: nothing that ended or was said later is known.

        Raises:
            UnknownName: there is no such incident.
        """
        incident = await find_incident(self.store, identity)
        unseen = await self.store.restricted() if actor is None else await hidden(self.store, actor)
        found: dict[str, Incident] = {}
        for phrase in phrases(incident):
            looked = await self.store.resembling(identity, phrase, unseen, _EACH)
            found |= {one.id: one for one in looked}
        records = [await self._record(one) for one in found.values()]
        return similar(incident, records, as_of)

    async def _record(self, incident: Incident) -> Record:
        return Record(
            incident=incident,
            verdicts=await self.store.verdicts(incident.id),
            changed_items=await self.store.changed_items(incident.id),
        )
