"""The store's door: everything that SQLite keeps and the in-memory twin imitates."""

from datetime import date, datetime
from typing import Protocol

from graph.ports import Backlog, Intents, Journal
from incidents.action import Approval
from incidents.events import DecisionMade, Event
from incidents.findings import Evidence
from incidents.incident import Incident
from nexus.store.records import Claim, Message, Summary, WorldRef


class IncidentStore(Journal, Intents, Backlog, Protocol):
    """Nothing is ever deleted. What belongs to an incident that was not registered raises `UnknownName`."""

    async def next_id(self, day: date) -> str:
        """The next free id of a day, `INC-2026-11-23-001`; no two callers ever get the same."""
        ...

    async def register(self, incident: Incident, world: WorldRef, clock: datetime) -> None:
        """Keep a new incident together with the world that it was opened with.

        Raises:
            Refused: the id is taken.
        """
        ...

    async def world_of(self, incident: str) -> WorldRef:
        """The world that an incident was opened with."""
        ...

    async def save(self, incident: Incident, clock: datetime) -> None:
        """Keep the incident as it stands at a moment of its clock (virtual or wall)."""
        ...

    async def load(self, incident: str) -> Incident | None:
        """The incident as it was saved last, or None."""
        ...

    async def clock_of(self, incident: str) -> datetime:
        """The moment of its clock when it was saved last."""
        ...

    async def incidents(self) -> tuple[Summary, ...]:
        """All incidents, newest first."""
        ...

    async def open_incidents(self) -> tuple[Summary, ...]:
        """The incidents that still run or owe something (an update, a post-mortem), newest first."""
        ...

    async def add_event(self, event: Event) -> bool:
        """Put an event in the inbox. False if its id is there already."""
        ...

    async def events(self, incident: str, unhandled_only: bool = True) -> tuple[Event, ...]:
        """The events of an incident in the order in which they came."""
        ...

    async def mark_handled(self, ids: tuple[str, ...]) -> None:
        """Mark events as handled; ids that are not there are ignored."""
        ...

    async def record_approval(self, event: DecisionMade) -> None:
        """Keep a person's decision and put it in the inbox: both or neither.

        Raises:
            ApprovalRefused: this person has already decided on that digest of that proposal, or it has begun.
        """
        ...

    async def approvals(self, incident: str) -> tuple[Approval, ...]:
        """Every decision on an incident, oldest first."""
        ...

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a tool's result; the same id again changes nothing."""
        ...

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        ...

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        ...

    async def send(self, message: Message) -> bool:
        """Keep a communication. False if its key was sent before in that incident and kind."""
        ...

    async def messages(self, incident: str) -> tuple[Message, ...]:
        """Everything that was sent, oldest first."""
        ...

    async def claim(self, incident: str, owner: str, now: datetime, take_over: bool = False) -> Claim | None:
        """Take the incident for this process; the same owner may take it again.

        A claim of a process that is dead is free. One of a living process, or of another machine, where
        nobody can tell, is only taken with `take_over`.

        Returns:
            The claim of somebody else that this one replaces, or None.

        Raises:
            Refused: somebody else works on it; the message says who.
        """
        ...

    async def holds(self, incident: str, owner: str) -> bool:
        """Whether the claim is still this owner's."""
        ...

    async def release(self, incident: str, owner: str) -> None:
        """Give the claim back; somebody else's is left alone."""
        ...
