"""Past incidents that look like one, out of the store: for who looks, and for the roles as history."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incidents.action_items import ActionItem
from incidents.incident import Incident
from incidents.past import PastIncident, Record, phrases, similar
from incidents.verdicts import DiagnosisVerdict

#: So many that a phrase finds are looked at, the latest, and so many of all: what a look costs does not grow
#: with what is kept.
_EACH, _ALL = 5, 12


class PastReads(Protocol):
    """What is read of the store."""

    async def resembling(
        self, incident: str, words: str, without: Collection[str], limit: int
    ) -> tuple[str, ...]:
        """Ids of incidents of before that are over, whose own text has all of the words; the latest first."""
        ...

    async def load(self, incident: str) -> Incident | None:
        """The incident as it was saved last, or None."""
        ...

    async def restricted(self) -> frozenset[str]:
        """The ids of all that only some may see."""
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
        found: dict[str, None] = {}
        for phrase in phrases(incident):
            found |= dict.fromkeys(await self.store.resembling(incident.id, phrase, unseen, _EACH))
        loaded = [await self.store.load(one) for one in list(found)[:_ALL]]
        records = {one.id: await self._judged(one) for one in loaded if one is not None}
        alike = similar(incident, records.values(), as_of)
        # What became of action items decides nothing of likeness: it is read of the few that are offered.
        offered = [await self._with_items(records[one.incident]) for one in alike]
        return similar(incident, offered, as_of)

    async def history(self, incident: Incident, now: datetime) -> tuple[PastIncident, ...]:
        """The same for the roles, whose words everybody reads: none that only some may see."""
        return await self.like(incident, await self.store.restricted(), now)

    async def _judged(self, incident: Incident) -> Record:
        return Record(incident=incident, verdicts=await self.store.verdicts(incident.id))

    async def _with_items(self, record: Record) -> Record:
        items = await self.store.changed_items(record.incident.id)
        return record.model_copy(update={"changed_items": items})
