"""The store in a database: the parts of `nexus.store.port` that have no module of their own here."""

import json
from collections.abc import Collection
from datetime import date, datetime

from graph.ports import Intent
from incidents.act_permission import Use
from incidents.action import Outcome, Proposal
from incidents.change_limits import Begun, Limits
from incidents.communications import BacklogEntry
from incidents.errors import UnknownName
from incidents.events import Event
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.severity import Status
from incidents.timeline import Entry
from nexus.store.permissions import SIGNED, deed_of
from nexus.store.records import Message, WorldRef, incident_id
from nexus.store.relational.answers import KeptAnswers
from nexus.store.relational.audit import AuditRows, record
from nexus.store.relational.backtests import BacktestRows
from nexus.store.relational.changes import SentChanges
from nexus.store.relational.credentials import CredentialRows
from nexus.store.relational.dead_letters import SetAside
from nexus.store.relational.decisions import Decisions
from nexus.store.relational.drills import DrillRows
from nexus.store.relational.events import events_of
from nexus.store.relational.files import FileRows
from nexus.store.relational.hindsight import HindsightRows
from nexus.store.relational.intake import AlertDeliveries
from nexus.store.relational.leading import LeaderRows
from nexus.store.relational.leases import LeaseColumns
from nexus.store.relational.outbox import OutboxRows
from nexus.store.relational.permissions import PermissionRows, use_permission, void_permission
from nexus.store.relational.reads import IncidentReads
from nexus.store.relational.regrouping import RegroupedIncidents
from nexus.store.relational.restrictions import RestrictionRows
from nexus.store.relational.retention import ClosedIncidents
from nexus.store.relational.rows import as_json, packed, sortable, unpacked
from nexus.store.relational.sessions import SessionRows
from nexus.store.relational.status_page import StatusPageRows
from nexus.store.relational.transactions import NotThere, Run
from nexus.store.relational.watching import WatchedReads
from nexus.store.relational.workers import WorkerRows
from nexus.store.relational.writes import hold, keep_searchable, register, save
from nexus.store.rules import (
    begun,
    earlier,
    not_closed_if_reopened,
    still_wanted,
    within,
)
from nexus.store.search import evidence_searchable


class RelationalStore(
    LeaseColumns,
    WorkerRows,
    LeaderRows,
    FileRows,
    HindsightRows,
    AlertDeliveries,
    SentChanges,
    SetAside,
    Decisions,
    IncidentReads,
    WatchedReads,
    KeptAnswers,
    SessionRows,
    CredentialRows,
    RestrictionRows,
    PermissionRows,
    ClosedIncidents,
    AuditRows,
    StatusPageRows,
    DrillRows,
    BacktestRows,
    RegroupedIncidents,
    OutboxRows,
):
    """Implements `nexus.store.port.IncidentStore`, and with it the graph's ports and `EvidenceStore`.

    Use one per process. Several processes may write to the same database.

    Attributes:
        place: where it is, for people.
        schema: the version of its tables.
    """

    place: str
    schema: int

    # Incidents

    async def next_id(self, day: date) -> str:
        """The next free id of a day."""
        row = await self._database.atomically(lambda run: run("next_number", day=day.isoformat()).fetchone())
        return incident_id(day, row[0])

    async def register(
        self, incident: Incident, world: WorldRef, clock: datetime, site: str | None = None
    ) -> None:
        """Keep a new incident together with the world that it was opened with."""
        await self._database.atomically(lambda run: register(run, incident, world, clock, site))

    async def save(self, incident: Incident, clock: datetime, number: int) -> tuple[Event, ...]:
        """Keep the incident as it stands; the save that closes it returns the events that came too late."""

        def work(run: Run) -> tuple[Event, ...]:
            before = run("was_closed", id=incident.id).fetchone()
            if before is None:
                raise NotThere
            waiting = events_of(run("events", incident=incident.id, handled=0))
            saved = not_closed_if_reopened(incident, waiting)
            save(run, saved, clock, number)
            if not saved.closed or before[0]:
                return ()
            run("handle_all", incident=incident.id)
            return tuple(late for late in waiting if late.id not in incident.handled_events)

        return await self._atomically(incident.id, work)

    # Timeline and inbox

    async def write(self, entry: Entry) -> bool:
        """Keep an entry of the timeline, once; True if it is new."""
        # Alone, so that numbers are read in their order: whoever has read one has missed none before it.
        return await self._insert(
            "write_entry", entry.incident, "timeline", id=entry.id, at=sortable(entry.at), body=as_json(entry)
        )

    async def mark_handled(self, ids: tuple[str, ...]) -> None:
        """Mark events as handled."""

        def work(run: Run) -> None:
            for identity in ids:
                run("mark_handled", id=identity)

        await self._database.atomically(work)

    # Evidence

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a tool's result, once."""
        kept, encoding = packed(body)
        values = {"value": as_json(evidence), "body": kept, "encoding": encoding}
        found = (evidence_searchable(evidence),)

        def work(run: Run) -> None:
            if run("put_evidence", incident=evidence.incident, id=evidence.id, **values).rowcount:
                keep_searchable(run, evidence.incident, found)

        await self._atomically(evidence.incident, work)

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        for body, encoding in await self._database.read("evidence_body", incident=incident, id=evidence):
            return unpacked(body, encoding)  # type: ignore[arg-type]  # the one column that is no text
        return None

    async def bodies(self, incident: str, evidence: Collection[str]) -> dict[str, bytes]:
        """The stored bytes of each of these evidences, by its id."""
        rows = await self._database.read("bodies", incident=incident, ids=json.dumps(list(evidence)))
        return {one: unpacked(body, encoding) for one, body, encoding in rows}  # type: ignore[arg-type]

    # Approvals and intents

    async def begin(
        self, proposal: Proposal, at: datetime, number: int, limits: Limits | None = None,
        use: Use | None = None,
    ) -> bool:  # fmt: skip
        """Keep the intent to execute a proposal, once, if nobody stopped it and the limits allow it."""
        intent = begun(proposal, at)

        def work(run: Run) -> bool:
            hold(run, intent.incident, number)
            waiting = run("events", incident=intent.incident, handled=0)
            still_wanted(proposal, events_of(waiting))
            within(limits, intent, (_begun(*row) for row in run("live_intents", key=intent.key)))
            values = {"key": intent.key, "digest": intent.digest, "body": as_json(intent)}
            new = run("begin_intent", incident=intent.incident, **values).rowcount > 0
            if new and use is not None:
                used = use_permission(run, use, proposal, at)
                record(run, deed_of(used, at, "undone" if use.undo else used.state))
            elif new:
                void_permission(run, proposal.digest, at, SIGNED)
            return new

        # Alone, since the limits hold over all incidents.
        return await self._atomically(intent.incident, work, "changes")

    async def finish(self, key: str, outcome: Outcome) -> None:
        """Keep what became of a key; the first outcome stays."""
        if not await self._database.write("finish_intent", key=key, outcome=as_json(outcome)):
            raise UnknownName("intent", key, (known for (known,) in await self._database.read("keys")))

    async def unfinished(self, incident: str) -> tuple[Intent, ...]:
        """The intents without an outcome, oldest first."""
        return await self._all(Intent, "unfinished", incident=incident)

    async def finished(self, key: str) -> Outcome | None:
        """The outcome of a key, or None."""
        for (body,) in await self._database.read("outcome", key=key):
            return Outcome.from_stored(body) if body is not None else None
        return None

    # Backlog and messages

    async def add_tasks(self, incident: str, tasks: tuple[BacklogEntry, ...]) -> None:
        """Add tasks to the backlog, each once."""

        def work(run: Run) -> None:
            for task in tasks:
                run("add_task", incident=incident, id=task.id, body=as_json(task))

        await self._atomically(incident, work)

    async def backlog(self, incident: str | None = None) -> tuple[BacklogEntry, ...]:
        """The tasks of one incident or of all."""
        return await self._all(BacklogEntry, "backlog", incident=incident)

    async def send(self, message: Message) -> bool:
        """Keep a communication. False if its key was sent before."""
        return await self._insert(
            "send", message.incident, kind=message.kind, key=message.key, body=as_json(message)
        )


def _begun(body: str, outcome: str | None, status: str) -> Begun:
    intent = Intent.from_stored(body)
    if outcome is not None:
        intent = intent.model_copy(update={"outcome": Outcome.from_stored(outcome)})
    return earlier(intent, still_open=status == Status.OPEN)
