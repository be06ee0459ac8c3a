"""The store's door: everything that SQLite keeps and the in-memory twin imitates."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol

from graph.ports import Backlog, Journal, Outcomes
from incidents.act_permission import Use
from incidents.action import Proposal
from incidents.change_limits import Limits
from incidents.changes import Change
from incidents.events import Event
from incidents.findings import Evidence, Window
from incidents.heartbeat import Heartbeat
from incidents.incident import Incident
from incidents.join_rules import Candidate
from incidents.lessons import Lesson, Lessons
from nexus.store.audit import Audit, Deed
from nexus.store.backtests import Backtests
from nexus.store.credentials import Credentials
from nexus.store.dead_letters import DeadLetters
from nexus.store.deliveries import (
    AlertDelivery,
    Decide,
    DeliveryFilter,
    Filed,
    FiledDelivery,
    Opening,
)
from nexus.store.drills import Drills
from nexus.store.driving import Leading, Leases, Workers
from nexus.store.hindsight import Hindsight
from nexus.store.keeping import Answers, StoredFiles
from nexus.store.outbox import Outbox
from nexus.store.permissions import Permissions
from nexus.store.reads import DecisionStore, IncidentReads
from nexus.store.records import Message, WorldRef
from nexus.store.restrictions import Restrictions
from nexus.store.retention import Retention
from nexus.store.sessions import Sessions
from nexus.store.status_page import StatusPages
from nexus.store.watching import Watching


class Intake(Protocol):
    """What the monitoring sends, filed with what becomes of it."""

    async def take_in(self, delivery: AlertDelivery, site: str, decide: Decide) -> Filed:
        """File a delivery with what becomes of it: all or nothing, one delivery after the other.

        Whatever `decide` raises takes everything of this delivery back, and nothing of its neighbours'. Of
        one that tells nothing new no body is kept.
        """
        ...

    async def deliveries(self, incident: str) -> tuple[FiledDelivery, ...]:
        """What an incident was told by the monitoring, oldest first, without what it knew already."""
        ...

    async def delivery(self, number: int) -> FiledDelivery | None:
        """A delivery with the outcomes of its alerts, or None."""
        ...

    async def filed(
        self, among: DeliveryFilter, limit: int = 100, before: int | None = None
    ) -> tuple[FiledDelivery, ...]:
        """So many deliveries with outcomes and without bodies, newest first; `before` is a number."""
        ...

    async def open_candidates(self, site: str, opened_after: datetime) -> tuple[Candidate, ...]:
        """Every open incident of a site that was opened after a moment, with its keys, oldest first."""
        ...

    async def keyed_candidates(self, site: str, key: str) -> tuple[Candidate, ...]:
        """Every open incident of a site that has a key, with all of its keys, oldest first."""
        ...

    async def changes(self, site: str, window: Window) -> tuple[Change, ...]:
        """What senders told of changes of a site in a window, oldest first, each with its delivery."""
        ...

    async def heartbeats(self, site: str) -> tuple[Heartbeat, ...]:
        """The alerts of a site that always fire, by fingerprint; `take_in` keeps what was heard of them."""
        ...

    async def keep_heartbeat(self, site: str, beat: Heartbeat) -> None:
        """Keep that one stays away, is back, or is expected from now on."""
        ...

    async def forget_bodies(self, before: datetime, most_bytes: int) -> int:
        """Delete bodies that came before a moment, and the oldest beyond so many bytes; how many went."""
        ...


class IncidentStore(
    Journal,
    Outcomes,
    Backlog,
    Leases,
    DeadLetters,
    Workers,
    Leading,
    StoredFiles,
    Intake,
    DecisionStore,
    IncidentReads,
    Watching,
    Answers,
    Sessions,
    Hindsight,
    Credentials,
    Restrictions,
    Permissions,
    Retention,
    Audit,
    StatusPages,
    Drills,
    Backtests,
    Outbox,
    Protocol,
):
    """Everything of the incidents. What belongs to one that was not registered raises `UnknownName`.

    A `deed` that comes with a write is kept in its transaction, if the write changes anything.
    """

    async def next_id(self, day: date) -> str:
        """The next free id of a day, `INC-2026-11-23-001`; no two callers ever get the same."""
        ...

    async def register(
        self, incident: Incident, world: WorldRef, clock: datetime, site: str | None = None
    ) -> None:
        """Keep a new incident together with the world that it was opened with.

        `site` is the name of the live world whose workers drive it; it is due at once then.

        Raises:
            Refused: the id is taken.
        """
        ...

    async def save(self, incident: Incident, clock: datetime, number: int) -> tuple[Event, ...]:
        """Keep the incident as it stands at a moment of its clock (virtual or wall).

        The save that closes it handles whatever is in the inbox, in the same transaction.

        Args:
            incident: as it stands.
            clock: the moment of its clock.
            number: of the lease under which it was driven.

        Returns:
            The events that came too late: unhandled when it was closed and not among its `handled_events`.

        Raises:
            StaleLease: another process has taken it over, or it was given back; nothing was kept.
        """
        ...

    async def regroup(
        self,
        events: tuple[Event, ...],
        opens: Opening | None,
        lessons: tuple[Lesson, ...],
        deed: Deed | None = None,
    ) -> None:
        """Open an incident for alerts that are taken out, tell those that it is about, keep what it teaches.

        All in one transaction; a new incident and the lessons belong to the site of the first event's
        incident. Of several lessons about one pair of subjects the latest is kept.
        """
        ...

    async def lessons(self, site: str) -> Lessons:
        """What people of a site taught by joining and separating."""
        ...

    async def mark_handled(self, ids: tuple[str, ...]) -> None:
        """Mark events as handled; ids that are not there are ignored."""
        ...

    async def begin(
        self, proposal: Proposal, at: datetime, number: int, limits: Limits | None = None,
        use: Use | None = None,
    ) -> bool:  # fmt: skip
        """As `graph.ports.Intents.begin`, whose adapter `nexus.store.fence.FencedIntents` brings the number.

        Raises:
            StaleLease: the lease of that number is no longer the one in force; nothing was begun.
        """
        ...

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a tool's result; the same id again changes nothing."""
        ...

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        ...

    async def bodies(self, incident: str, evidence: Collection[str]) -> dict[str, bytes]:
        """The stored bytes of each of these evidences, by its id; one that is not there is passed over."""
        ...

    async def send(self, message: Message) -> bool:
        """Keep a communication. False if its key was sent before in that incident and kind."""
        ...
