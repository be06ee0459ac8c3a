"""Implements `nexus.store.reads.IncidentReads`."""

from incidents.communications import BacklogEntry
from incidents.disposition import AlertOutcome, ToldOutcome
from incidents.errors import UnknownName
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.timeline import Entry
from nexus.store.lists import NumberedEntry
from nexus.store.relational.past import HindsightReads
from nexus.store.relational.proposals import ProposalReads
from nexus.store.relational.told import ToldReads


class IncidentReads(ProposalReads, ToldReads, HindsightReads):
    """Incidents and what belongs to them."""

    async def load(self, incident: str) -> Incident | None:
        """The incident as it was saved last, or None."""
        return next(iter(await self._all(Incident, "load", id=incident)), None)

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """The timeline of an incident."""
        return await self._all(Entry, "entries", incident=incident)

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

    async def outcomes(self, incident: str) -> tuple[ToldOutcome, ...]:
        """What became of the alerts of an incident."""
        rows = await self._database.read("outcomes_of_incident", incident=incident)
        return tuple(
            ToldOutcome(**dict(outcome_of(tuple(told))), delivery=int(first), times=int(times))
            for *told, first, times in rows
        )

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        return await self._all(Evidence, "evidence", incident=incident)

    async def tasks(self, limit: int = 100, after: str | None = None) -> tuple[BacklogEntry, ...]:
        """So many tasks of the backlog in their order."""
        place = 0
        if after is not None:
            found = await self._database.read("place_of_task", id=after)
            if not found:
                raise UnknownName("task", after, ())
            place = int(found[0][0])
        return await self._all(BacklogEntry, "tasks", after=place, limit=limit)


def outcome_of(row: tuple[str, ...]) -> AlertOutcome:
    """What became of an alert, as a row has it."""
    disposition, reason, title, service, fingerprint, incident = row
    return AlertOutcome.model_validate(
        {
            "disposition": disposition, "reason": reason, "title": title, "service": service,
            "fingerprint": fingerprint, "incident": incident,
        }
    )  # fmt: skip
