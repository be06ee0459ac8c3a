"""The part of the store's door for those who look and decide: lists, proposals, incidents."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from incidents.action import Approval
from incidents.communications import BacklogEntry
from incidents.disposition import ToldOutcome
from incidents.events import DecisionMade, Event
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.proposed import Proposed
from incidents.timeline import Entry
from nexus.store.audit import Deed
from nexus.store.dead_letters import DeadLetter
from nexus.store.lists import EVERY, IncidentFilter, NumberedEntry, OpenCount, Waiting
from nexus.store.outbox import Told
from nexus.store.records import BrokenOff, Summary, WorldRef
from nexus.store.search import Found


class Lists(Protocol):
    """Lines of incidents, in pages: what a read costs does not grow with the bodies that are kept."""

    async def page(
        self, among: IncidentFilter = EVERY, limit: int = 100, after: str | None = None
    ) -> tuple[Summary, ...]:
        """So many incidents, newest first; `after` is the id of the last one of the page before.

        Raises:
            UnknownName: there is no incident of that id (any more).
        """
        ...

    async def found(self, words: str, incidents: Collection[str]) -> tuple[Found, ...]:
        """The texts of some incidents that words find, at most three of each; by incident and kind."""
        ...

    async def summary_of(self, incident: str) -> Summary:
        """The line of one incident, also where its row cannot be read.

        Raises:
            UnknownName: there is none of that id.
        """
        ...

    async def open_counts(self) -> tuple[OpenCount, ...]:
        """How many incidents run or owe something, by status and severity, in that order."""
        ...

    async def restricted(self) -> frozenset[str]:
        """The ids of the incidents that not everybody sees: no answer to somebody unknown names them."""
        ...

    async def broken_off(self) -> tuple[BrokenOff, ...]:
        """The open incidents whose last turns broke off and that wait for another try, by id."""
        ...

    async def dead_letters(self, incident: str | None = None) -> tuple[DeadLetter, ...]:
        """The events that were set aside of an incident, or of all that are not closed; oldest first."""
        ...

    async def waiting(self, site: str | None, now: datetime) -> Waiting:
        """How many alerts nobody has worked on yet, since their incident waits; None: of all sites."""
        ...


class ProposalReads(Lists, Protocol):
    """What incidents propose, with what people need to decide on it."""

    async def proposed(self, incident: str) -> Proposed | None:
        """What it proposed as it was saved last, or None.

        Raises:
            Unreadable: it is of a form that this version does not know.
        """
        ...

    async def world_of(self, incident: str) -> WorldRef:
        """The world that an incident was opened with."""
        ...

    async def clock_of(self, incident: str) -> datetime:
        """The moment of its clock when it was saved last."""
        ...

    async def cited(self, incident: str, ids: Collection[str]) -> tuple[Evidence, ...]:
        """The evidence of these ids, oldest first; ids that are not there are passed over."""
        ...

    async def approvals(self, incident: str) -> tuple[Approval, ...]:
        """Every decision on an incident, oldest first."""
        ...


class DecisionStore(ProposalReads, Protocol):
    """What a decision is made on, and where it is kept. A `deed` is kept in the transaction of its write."""

    async def events(self, incident: str, unhandled_only: bool = True) -> tuple[Event, ...]:
        """The events of an incident in the order in which they came.

        Raises:
            UnreadableEvent: one of them is none that this version knows, as `save` and `begin` do.
        """
        ...

    async def add_event(self, event: Event, deed: Deed | None = None) -> bool:
        """Put an event in the inbox, and wake the incident. False if its id is there already."""
        ...

    async def record_approval(self, event: DecisionMade, deed: Deed | None = None) -> None:
        """Keep a person's decision and put it in the inbox: both or neither.

        Raises:
            ApprovalRefused: this person has already decided on that digest of that proposal, or it has begun.
        """
        ...

    async def spent(self, digest: str) -> bool:
        """Whether a change was ever begun under this digest."""
        ...


class IncidentReads(ProposalReads, Told, Protocol):
    """Incidents, what belongs to them, and the lists that hold parts of many."""

    async def load(self, incident: str) -> Incident | None:
        """The incident as it was saved last, or None.

        Raises:
            Unreadable: its row is of a form that this version does not know.
        """
        ...

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """All entries of an incident by time; those of one moment in the order in which they were written."""
        ...

    async def entries_after(
        self, sequence: int, limit: int = 100, incident: str | None = None
    ) -> tuple[NumberedEntry, ...]:
        """So many entries of all timelines, or of one, whose number is higher, by number."""
        ...

    async def last_sequence(self) -> int:
        """The number of the last entry that is kept, 0 if there is none."""
        ...

    async def outcomes(self, incident: str) -> tuple[ToldOutcome, ...]:
        """What became of every alert that was told to an incident, oldest first; repeats are counted."""
        ...

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        ...

    async def tasks(self, limit: int = 100, after: str | None = None) -> tuple[BacklogEntry, ...]:
        """So many tasks of the backlog in their order; `after` is the id of the last one of the page before.

        Raises:
            UnknownName: there is no task of that id (any more).
        """
        ...
