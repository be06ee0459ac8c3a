"""The store's twin in memory, for tests and for runs that leave nothing behind. The same suite holds both."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from graph.ports import Intent
from incidents.act_permission import Use
from incidents.action import Approval, Outcome, Proposal
from incidents.change_limits import Limits
from incidents.communications import BacklogEntry
from incidents.errors import Refused, UnknownName
from incidents.events import AlertsTakenOut, DecisionMade, Event
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.lessons import Lesson, Lessons
from incidents.proposed import Proposed
from incidents.severity import Status
from incidents.timeline import Entry
from nexus.store.audit import Deed
from nexus.store.deliveries import Opening
from nexus.store.leases import stale
from nexus.store.memory_outbox import MemoryOutbox
from nexus.store.permissions import CALLED_FALSE_ALARM, SIGNED
from nexus.store.records import Remains, WorldKind, WorldRef
from nexus.store.refusals import already_decided, too_late
from nexus.store.rules import (
    begun,
    earlier,
    not_closed_if_reopened,
    still_wanted,
    within,
)
from tools.redaction.tree import redact_body, redact_value

if TYPE_CHECKING:
    from nexus.store.memory_lists import Table


class MemoryStore(MemoryOutbox):
    """Implements `nexus.store.port.IncidentStore` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._bodies: dict[tuple[str, str], bytes] = {}
        self._intents: dict[str, Intent] = {}

    # Incidents

    async def next_id(self, day: date) -> str:
        """The next free id of a day."""
        return self._next_id(day)

    async def register(
        self, incident: Incident, world: WorldRef, clock: datetime, site: str | None = None
    ) -> None:
        """Keep a new incident together with its world."""
        self._register(incident, world, clock, site)

    async def world_of(self, incident: str) -> WorldRef:
        """The world that an incident was opened with."""
        self._known(incident)
        return self._worlds[incident]

    async def clock_of(self, incident: str) -> datetime:
        """The moment of its clock when it was saved last."""
        self._known(incident)
        return self._incidents[incident][1].astimezone(UTC)

    async def save(self, incident: Incident, clock: datetime, number: int) -> tuple[Event, ...]:
        """Keep the incident as it stands; the save that closes it returns the events that came too late."""
        self._known(incident.id)
        if not self._holds(incident.id, number):
            raise stale(incident.id, number)
        waiting = await self.events(incident.id)
        incident = not_closed_if_reopened(incident, waiting)
        closes = incident.closed and not self._incidents[incident.id][0].closed
        if not incident.closed:
            self._closed_at.pop(incident.id, None)
        self._incidents[incident.id] = (redact_value(incident), clock)
        self._writes += 1
        if not closes:
            return ()
        self._handled.update(event.id for event in waiting)
        self._waiting[incident.id] = replace(self._waiting[incident.id], wake_at=None)
        self._closed_at[incident.id] = datetime.now(UTC)
        return tuple(late for late in waiting if late.id not in incident.handled_events)

    async def regroup(
        self,
        events: tuple[Event, ...],
        opens: Opening | None,
        lessons: tuple[Lesson, ...],
        deed: Deed | None = None,
    ) -> None:
        """Open an incident for alerts that are taken out, tell those it is about, keep what it teaches."""
        self._known(events[0].incident)
        site = self._waiting[events[0].incident].site
        if opens is not None:
            self._register(opens.incident, opens.world, events[0].at, site)
        for event in events:
            self._queued(event)
            if isinstance(event, AlertsTakenOut):
                self._move_words(event)
        self._lessons.update({(site or "", one.pair): one for one in lessons})
        self._done(deed)

    async def lessons(self, site: str) -> Lessons:
        """What people of a site taught by joining and separating."""
        return self._taught(site)

    async def load(self, incident: str) -> Incident | None:
        """The incident as it was saved last, or None."""
        return self._incidents[incident][0] if incident in self._incidents else None

    async def proposed(self, incident: str) -> Proposed | None:
        """What it proposed as it was saved last, or None."""
        known = await self.load(incident)
        return Proposed(**{name: getattr(known, name) for name in Proposed.model_fields}) if known else None

    # Timeline and inbox

    async def write(self, entry: Entry) -> bool:
        """Keep an entry of the timeline, once; True if it is new."""
        self._known(entry.incident)
        return self._written(entry)

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """The timeline of an incident."""
        return tuple(sorted((one.entry for one in self._timeline.of(incident)), key=lambda entry: entry.at))

    async def add_event(self, event: Event, deed: Deed | None = None) -> bool:
        """Put an event in the inbox and wake the incident. False if its id is there already."""
        self._known(event.incident)
        new = self._queued(event)
        if new and event.kind == "false_alarm":
            self._withdraw_all(event.incident, event.at, CALLED_FALSE_ALARM)
        self._done(deed if new else None)
        return new

    async def mark_handled(self, ids: tuple[str, ...]) -> None:
        """Mark events as handled."""
        self._handled.update(identity for identity in ids if identity in self._inbox)

    # Evidence

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a tool's result, once."""
        self._known(evidence.incident)
        if self._evidence.insert((evidence.incident, evidence.id), evidence):
            self._bodies[evidence.incident, evidence.id] = redact_body(body)

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        return self._evidence.of(incident)

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        return self._bodies.get((incident, evidence))

    async def bodies(self, incident: str, evidence: Collection[str]) -> dict[str, bytes]:
        """The stored bytes of each of these evidences, by its id."""
        return {one: self._bodies[incident, one] for one in evidence if (incident, one) in self._bodies}

    # Approvals and intents

    async def record_approval(self, event: DecisionMade, deed: Deed | None = None) -> None:
        """Keep a person's decision and put it in the inbox: both or neither."""
        self._known(event.incident)
        approval = event.approval
        key = (event.incident, approval.action, approval.digest, approval.signer)
        if key in self._approvals:
            raise already_decided(approval)
        if await self.spent(approval.digest):
            raise too_late(approval.action, approval.digest)
        self._veto(approval)
        self._approvals.insert(key, approval)
        self._queued(event)
        self._done(deed)

    async def approvals(self, incident: str) -> tuple[Approval, ...]:
        """Every decision on an incident, oldest first."""
        return self._approvals.of(incident)

    async def begin(
        self, proposal: Proposal, at: datetime, number: int, limits: Limits | None = None,
        use: Use | None = None,
    ) -> bool:  # fmt: skip
        """Keep the intent to execute a proposal, once, if nobody stopped it and the limits allow it."""
        self._known(proposal.incident)
        if not self._holds(proposal.incident, number):
            raise stale(proposal.incident, number)
        still_wanted(proposal, await self.events(proposal.incident))
        mine = begun(proposal, at)
        within(
            limits,
            mine,
            (
                earlier(intent, self._incidents[intent.incident][0].status is Status.OPEN)
                for intent in self._intents.values()
                if self._worlds[intent.incident].kind is WorldKind.LIVE and intent.key != mine.key
            ),
        )
        new = mine.key not in self._intents
        if new and use is not None:
            self._use(use, proposal, at)
        elif new:
            self._voided(proposal.digest, at, SIGNED)
        self._intents.setdefault(mine.key, mine)
        return new

    async def finish(self, key: str, outcome: Outcome) -> None:
        """Keep what became of a key; the first outcome stays."""
        if key not in self._intents:
            raise UnknownName("intent", key, self._intents)
        if self._intents[key].outcome is None:
            self._intents[key] = self._intents[key].model_copy(update={"outcome": outcome})

    async def unfinished(self, incident: str) -> tuple[Intent, ...]:
        """The intents without an outcome, oldest first."""
        return tuple(i for i in self._intents.values() if i.incident == incident and i.outcome is None)

    async def finished(self, key: str) -> Outcome | None:
        """The outcome of a key, or None."""
        return self._intents[key].outcome if key in self._intents else None

    async def spent(self, digest: str) -> bool:
        """Whether a change was ever begun under this digest."""
        return any(intent.digest == digest for intent in self._intents.values())

    # Backlog

    async def add_tasks(self, incident: str, tasks: tuple[BacklogEntry, ...]) -> None:
        """Add tasks to the backlog, each once."""
        self._known(incident)
        for task in tasks:
            self._backlog.insert((incident, task.id), task)

    async def backlog(self, incident: str | None = None) -> tuple[BacklogEntry, ...]:
        """The tasks of one incident or of all."""
        return tuple(self._backlog.values()) if incident is None else self._backlog.of(incident)

    # Retention

    async def closed(self, before: datetime) -> tuple[Remains, ...]:
        """What is kept of every incident that was closed before that moment; no bytes are on any disk."""
        gone = sorted((at, key) for key, at in self._closed_at.items() if at < before)
        return tuple(
            Remains(
                incident=key, title=self._incidents[key][0].title, closed_at=at, checkpoints=0, bytes=0,
                rows=self._rows(key), tasks=len(self._backlog.of(key)),
            )
            for at, key in gone
        )  # fmt: skip

    def _rows(self, incident: str) -> int:
        events = sum(event.incident == incident for event in self._inbox.values())
        intents = sum(intent.incident == incident for intent in self._intents.values())
        sent = [one for _, one, _ in self._deliveries_out.values() if one.content.incident == incident]
        tries = sum(len(one.attempts) for one in sent)
        permitted = sum(one.incident == incident for one in self._permissions.values())
        return (
            1
            + events
            + intents
            + permitted
            + len(sent)
            + tries
            + sum(len(table.of(incident)) for table in self._tables())
        )

    async def erase(self, incident: str, number: int) -> None:
        """Delete everything of a closed incident."""
        self._known(incident)
        if not self._incidents[incident][0].closed:
            raise Refused(f"{incident} is not closed; nothing was deleted")
        if not self._holds(incident, number):
            raise stale(incident, number)
        self._restrictions.pop(incident, None)
        self._erase_permissions(incident)
        for table in self._tables():
            for key in [key for key in table if key[0] == incident]:
                del table[key]
        for identity in [event.id for event in await self.events(incident, False)]:
            del self._inbox[identity]
            self._dead.pop(identity, None)
        for pair in [pair for pair in self._bodies if pair[0] == incident]:
            del self._bodies[pair]
        for begun_key in [i.key for i in self._intents.values() if i.incident == incident]:
            del self._intents[begun_key]
        for rows in (self._incidents, self._worlds, self._waiting, self._closed_at):
            rows.pop(incident, None)
        self._erase_deliveries_of(incident)
        self._erase_outbox(incident)

    def _tables(self) -> "tuple[Table[Any], ...]":
        return (
            self._timeline, self._evidence, self._approvals, self._backlog, self._messages,
            self._verdicts, self._versions, self._items, self._tickets,
        )  # fmt: skip

    async def compact(self, rewrite: bool = False) -> None:
        """Nothing is on any disk."""
