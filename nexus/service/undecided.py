"""What waits for people's decisions, as the doors show it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from incidents.action import Proposal
from incidents.findings import Diagnosis, Evidence
from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.store.find import find_proposed, incident_now
from nexus.store.lists import IncidentFilter
from nexus.store.records import WorldKind

if TYPE_CHECKING:
    from incidents.incident import Incident
    from incidents.proposed import Proposed
    from nexus.reading import ReadableHome
    from nexus.store.reads import ProposalReads
    from nexus.store.relational.proposals import ProposalReads as StoredProposals
    from tools.clock import Clock

#: How many are read at once where all are asked for.
PAGE = 200


class Undecided(Value):
    """An incident in which a change waits for people, with what they need to decide.

    Attributes:
        incident: its id.
        now: the moment of its clock, the wall's of a live one, for what expires.
        pending: what waits to be approved or rejected.
        unsettled: what was begun, and of which nobody knows what became.
        evidence: what the pending changes cite.
    """

    incident: str
    title: str
    severity: Severity | None
    diagnosis: Diagnosis | None
    now: Moment
    pending: tuple[Proposal, ...]
    unsettled: tuple[Proposal, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @classmethod
    def of(
        cls, incident: "Proposed | Incident", now: datetime, evidence: Sequence[Evidence] = ()
    ) -> "Undecided":
        """What waits in an incident as it stands."""
        return cls.model_construct(  # its parts are valid already
            incident=incident.id, title=incident.title, severity=incident.severity,
            diagnosis=incident.diagnosis, now=now, pending=incident.pending, unsettled=incident.unsettled,
            evidence=tuple(evidence),
        )  # fmt: skip


class Decidable(Undecided):
    """What waits in one incident, and all that it proposed: what is approved can still be rejected."""

    proposals: tuple[Proposal, ...]


class UndecidedPage(Value):
    """What waits for decisions, the newest incident first; `next` is the id to go on behind."""

    items: tuple[Undecided, ...]
    next: str | None


@dataclass(frozen=True)
class UndecidedQueries:
    """The door of everyone who looks at what waits for a decision. `wall` is the time of live worlds."""

    store: "ProposalReads"
    wall: "Clock"

    @classmethod
    def of(cls, home: "ReadableHome[StoredProposals]") -> Self:
        """The door of a home."""
        return cls(home.store, home.clock)

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
            incident = await find_proposed(self.store, line.id)
            if incident.pending or incident.unsettled:
                found.append(await self._undecided(incident))
        return UndecidedPage(items=tuple(found), next=lines[-1].id if len(lines) == limit else None)

    async def decidable(self, identity: str) -> Decidable:
        """What waits for people in one incident, beside all that it proposed.

        Raises:
            UnknownName: there is none of that id; the message has the nearest ones.
        """
        incident = await self.proposed(identity)
        return Decidable(**dict(await self._undecided(incident)), proposals=incident.proposals)

    async def _undecided(self, incident: "Proposed") -> Undecided:
        now = await incident_now(self.store, incident.id, self.wall)
        return Undecided.of(incident, now, await self.cited(incident))

    async def proposed(self, identity: str) -> "Proposed":
        """What one incident proposed, and on what; raises as `decidable`."""
        return await find_proposed(self.store, identity)

    async def cited(self, incident: "Proposed | Incident") -> "tuple[Evidence, ...]":
        """What the changes cite that wait for people."""
        return await self.store.cited(incident.id, {one for p in incident.pending for one in p.evidence})

    async def live_configuration(self, identity: str) -> Path | None:
        """The `nexus.yaml` of an incident of a live world; None for one of a recorded world.

        Raises:
            UnknownName: there is none of that id.
        """
        world = await self.store.world_of(identity)
        return Path(world.path) if world.kind is WorldKind.LIVE else None
