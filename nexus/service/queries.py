"""What anyone may look at: one incident with its timeline, its evidence, the decisions on it, the backlog."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from nexus.store.dead_letters import DeadLetter
from nexus.store.find import find_incident

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from incidents.action import Approval
    from incidents.communications import BacklogEntry
    from incidents.disposition import ToldOutcome
    from incidents.findings import Evidence
    from incidents.incident import Incident
    from incidents.timeline import Entry
    from nexus.reading import ReadableHome
    from nexus.store.outbox import MessageDelivery
    from nexus.store.reads import IncidentReads
    from nexus.store.records import Message
    from nexus.store.relational.reads import IncidentReads as StoredReads

__all__ = ["DeadLetter", "IncidentQueries"]

#: How many are read at once where all are asked for.
PAGE = 200


@dataclass(frozen=True)
class IncidentQueries:
    """The door of everyone who only looks."""

    store: "IncidentReads"

    @classmethod
    def of(cls, home: "ReadableHome[StoredReads]") -> Self:
        """The door of a home."""
        return cls(home.store)

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

    async def messages(self, identity: str) -> "tuple[tuple[Message, ...], tuple[MessageDelivery, ...]]":
        """What was told of it, and every delivery of that with its attempts, oldest first."""
        return await self.store.messages(identity), await self.store.deliveries_of(identity)

    async def evidence(self, identity: str) -> "tuple[Evidence, ...]":
        """All evidence of an incident, oldest first."""
        return await self.store.evidence(identity)

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
