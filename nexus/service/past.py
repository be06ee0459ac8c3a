"""Past incidents that look like one, as somebody may see them: beside the diagnosis, never in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incidents.action_items import ActionItem
from incidents.incident import Incident
from incidents.past import PastIncident, Record, phrases, similar
from incidents.verdicts import DiagnosisVerdict

#: So many of each phrase are looked at, the latest: what a look costs does not grow with what is kept.
_EACH = 10


class PastReads(Protocol):
    """What is read of the store: as `nexus.store.hindsight.Hindsight` has it."""

    async def resembling(
        self, incident: str, words: str, without: Collection[str], limit: int
    ) -> tuple[Incident, ...]:
        """Incidents of before that are over, whose own text has all of the words; the latest first."""
        ...

    async def verdicts(self, incident: str | None = None) -> tuple[DiagnosisVerdict, ...]:
        """What people said of diagnoses."""
        ...

    async def changed_items(self, incident: str | None = None) -> tuple[ActionItem, ...]:
        """What people made of action items."""
        ...


@dataclass(frozen=True)
class PastQueries:
    """The door of those who ask whether it was seen before."""

    store: PastReads

    async def like(
        self, incident: Incident, unseen: Collection[str], as_of: datetime
    ) -> tuple[PastIncident, ...]:
        """Those that look like an incident, the most alike first; none for one of a recorded world.

        Args:
            incident: as it is kept.
            unseen: ids of incidents that who asks does not see.
            as_of: nothing that ended or was said later is known.
        """
        found: dict[str, Incident] = {}
        for phrase in phrases(incident):
            looked = await self.store.resembling(incident.id, phrase, unseen, _EACH)
            found |= {one.id: one for one in looked}
        records = [await self._record(one) for one in found.values()]
        return similar(incident, records, as_of)

    async def _record(self, incident: Incident) -> Record:
        return Record(
            incident=incident,
            verdicts=await self.store.verdicts(incident.id),
            changed_items=await self.store.changed_items(incident.id),
        )
