"""What anyone may look at: one incident with its timeline, what waits for people, the backlog."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from nexus.service.undecided import Decidable, Undecided, UndecidedPage
from nexus.store.dead_letters import DeadLetter
from nexus.store.find import find_incident
from nexus.store.lists import IncidentFilter
from nexus.store.records import WorldKind

if TYPE_CHECKING:
    from incidents.action import Approval
    from incidents.communications import BacklogEntry
    from incidents.disposition import ToldOutcome
    from incidents.findings import Evidence
    from incidents.incident import Incident
    from incidents.timeline import Entry
    from nexus.reading import ReadableHome
    from nexus.store.reads import IncidentReads
    from nexus.store.relational.reads import IncidentReads as StoredReads
    from tools.clock import Clock

__all__ = ["DeadLetter", "IncidentQueries"]

#: How many are read at once where all are asked for.
PAGE = 200


@dataclass(frozen=True)
class IncidentQueries:
    """The door of everyone who only looks. `wall` is the time of live worlds."""

    store: "IncidentReads"
    wall: "Clock"

    @classmethod
    def of(cls, home: "ReadableHome[StoredReads]") -> Self:
        """The door of a home."""
        return cls(home.store, home.clock)

    async def incident(self, identity: str) -> "Incident":
        """One incident.

        Raises:
            UnknownName: there is none of that id; the message has the nearest ones.
        """
        return await find_incident(self.store, identity)

    async def with_timeline(self, identity: str) -> "tuple[Incident, tuple[Entry, ...]]":
        """One incident and its timeline, by time; raises as `incident`."""
        return await self.incident(identity), await self.store.entries(identity)

    async def dispositions(self, identity: str) -> "tuple[ToldOutcome, ...]":
        """What became of every alert that was told to it, oldest first."""
        return await self.store.outcomes(identity)

    async def dead_letters(self, identity: str) -> tuple[DeadLetter, ...]:
        """Its events that were set aside, oldest first."""
        return await self.store.dead_letters(identity)

    async def evidence(self, identity: str) -> "tuple[Evidence, ...]":
        """All evidence of an incident, oldest first."""
        return await self.store.evidence(identity)

    async def cited(self, incident: "Incident") -> "tuple[Evidence, ...]":
        """What the changes cite that wait for people."""
        return await self.store.cited(incident.id, {one for p in incident.pending for one in p.evidence})

    async def live_configuration(self, identity: str) -> Path | None:
        """The `nexus.yaml` of an incident of a live world; None for one of a recorded world.

        Raises:
            UnknownName: there is none of that id.
        """
        world = await self.store.world_of(identity)
        return Path(world.path) if world.kind is WorldKind.LIVE else None

    async def undecided(self) -> AsyncIterator[Undecided]:
        """Every incident in which a change waits for people, newest first."""
        page = await self.undecided_page()
        while True:
            for one in page.items:
                yield one
            if page.next is None:
                return
            page = await self.undecided_page(after=page.next)

    async def undecided_page(self, limit: int = PAGE, after: str | None = None) -> UndecidedPage:
        """So many incidents in which a change waits for people, newest first.

        Args:
            limit: how many at most.
            after: the id of the last one of the page before.

        Raises:
            UnknownName: `after` is no incident.
        """
        lines, found = await self.store.page(IncidentFilter(undecided=True), limit, after), []
        for line in lines:
            incident = await self.incident(line.id)
            if incident.pending or incident.unsettled:
                found.append(await self._undecided(incident))
        return UndecidedPage(items=tuple(found), next=lines[-1].id if len(lines) == limit else None)

    async def decidable(self, identity: str) -> Decidable:
        """What waits for people in one incident, beside all that it proposed; raises as `incident`."""
        incident = await self.incident(identity)
        return Decidable(**dict(await self._undecided(incident)), proposals=incident.proposals)

    async def _undecided(self, incident: "Incident") -> Undecided:
        live = (await self.store.world_of(incident.id)).kind is WorldKind.LIVE
        now = self.wall.now() if live else await self.store.clock_of(incident.id)
        return Undecided.of(incident, now, await self.cited(incident))

    async def decisions(self, identity: str) -> "tuple[Approval, ...]":
        """Every decision on an incident, oldest first, read by it or not; raises as `incident`."""
        await self.incident(identity)
        return await self.store.approvals(identity)

    async def backlog(self, after: str | None = None) -> "AsyncIterator[BacklogEntry]":
        """The prevention tasks in their order, a page at a time; `after` is the id of the last one before.

        Raises:
            UnknownName: `after` is no task.
        """
        while page := await self.store.tasks(PAGE, after):
            for one in page:
                yield one
            after = page[-1].id
