"""The composition root: the only place where the adapters of a running incident are named and wired."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agents.engine import Engine
from agents.role import Roster
from graph.build import build
from graph.ports import Journal
from graph.state import Deps
from incidents.errors import UsageError
from incidents.events import AlertsArrived
from incidents.incident import Incident
from incidents.reports import PostMortemReport
from incidents.runbook import Runbook
from incidents.severity import Step
from incidents.timeline import Entry
from nexus.books import roster_of, runbook_of
from nexus.driver import Driver
from nexus.house import House
from nexus.outbox import Outbox
from nexus.postmortem import file_post_mortem, post_mortem
from nexus.store import Message, WorldKind, WorldRef
from nexus.store.sql import FENCE
from nexus.waiters import Approver, VirtualWaiter
from tools.box import BOX
from tools.clock import VirtualClock
from tools.intake import parse_alerts
from tools.kit import Kit, Sources
from tools.recorded import Case, RecordedAlerts, open_case, recorded_world
from tools.redacted import redacted_world

#: How long the work of a step usually takes; on a virtual clock this much time passes when a step begins.
PACE = {
    Step.TRIAGE: timedelta(minutes=2),
    Step.INVESTIGATION: timedelta(minutes=3),
    Step.MITIGATION: timedelta(minutes=1),
}


#: What the ids of a recording's alerts begin with, in an incident's inbox.
DELIVERY = "recorded:"


@dataclass(frozen=True)
class Listeners:
    """Who is told what, while an incident runs."""

    entry: Callable[[Entry], None]
    message: Callable[[Message], None]


class Announced:
    """A journal that also tells somebody each entry that is new."""

    def __init__(self, journal: Journal, tell: Callable[[Entry], None]) -> None:
        self._journal = journal
        self._tell = tell

    async def write(self, entry: Entry) -> bool:
        """Keep the entry; tell it if it is new."""
        new = await self._journal.write(entry)
        if new:
            self._tell(entry)
        return new

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """All entries of an incident."""
        return await self._journal.entries(incident)


class Deliveries:
    """The alerts of a recording, read as if they came over the wire."""

    def __init__(self, incident: str, case: Case, ledger: Path) -> None:
        self._incident = incident
        self._case = case
        self._recorded = RecordedAlerts(case, ledger)

    def due(self, by: datetime) -> tuple[AlertsArrived, ...]:
        """Every delivery that arrives by then, oldest first."""
        return tuple(
            AlertsArrived(
                id=f"{self._incident}:{DELIVERY}{number}",
                incident=self._incident,
                at=alert.at,
                alerts=parse_alerts(alert.body, alert.at, alert.source, self._case.catalogue),
            )
            for number, alert in enumerate(self._recorded.due(by), start=1)
        )


async def open_incident(house: House, case: Path, alerts: bytes | None, mode: str) -> Incident:
    """Register a new incident of a recorded world at an absolute path; without alerts, the case's open it.

    Raises:
        CaseError: the folder breaks the recording format.
        AlertError: the alert body cannot be read.
    """
    recorded = open_case(case)
    first = recorded.alerts[0] if recorded.alerts else None
    if first is None and alerts is None:
        raise UsageError(f"{case.name} has no alerts of its own; give an alert file")
    at = first.at if first is not None else recorded.window.end
    body, source = (
        (alerts, None) if alerts is not None else (first.body, first.source) if first else (b"", None)
    )
    parsed = parse_alerts(body, at, source, recorded.catalogue)
    incident = Incident(
        id=await house.store.next_id(at.date()),
        title=parsed[0].title,
        engine=mode,
        opened_at=at,
        step_since=at,
        alerts=parsed,
    )
    incident = incident.evolve(seen=(f"{incident.id}:{DELIVERY}1",))  # the case's first alert is this one
    await house.store.register(incident, WorldRef(kind=WorldKind.CASE, path=str(case)), at)
    return incident


@asynccontextmanager
async def driver(
    house: House, incident: str, engine: Engine, approver: Approver, listeners: Listeners
) -> AsyncIterator[Driver]:
    """Everything that is needed to drive one registered incident, wired; the files are closed afterwards."""
    ref = await house.store.world_of(incident)
    if ref.kind is not WorldKind.CASE:
        raise UsageError(f"{incident} belongs to a live world, which this version cannot reach")
    case = open_case(Path(ref.path))
    ledger = house.folder.path(incident, "world.jsonl")
    clock = VirtualClock(await house.store.clock_of(incident))
    runbook, roster = runbook_of(house.settings), roster_of(house.settings, BOX)
    deps = _deps(house, case, ledger, clock, engine, runbook, roster, listeners)
    waiter = VirtualWaiter(clock=clock, arrivals=Deliveries(incident, case, ledger), approver=approver)
    async with AsyncSqliteSaver.from_conn_string(str(house.store.path)) as saver:
        saver.serde = JsonPlusSerializer(allowed_msgpack_modules=None)
        await saver.setup()
        await saver.conn.execute("pragma busy_timeout = 15000")  # as long as the store waits
        await saver.conn.executescript(FENCE)
        yield Driver(store=house.store, graph=build(runbook, saver), deps=deps, waiter=waiter)


def _deps(
    house: House,
    case: Case,
    ledger: Path,
    clock: VirtualClock,
    engine: Engine,
    runbook: Runbook,
    roster: Roster,
    listeners: Listeners,
) -> Deps:
    journal = Announced(house.store, listeners.entry)

    def make_kit(sources: Sources, role: str, tools: tuple[str, ...]) -> Kit:
        return Kit(sources, house.store, role, [BOX[name] for name in tools])

    def pace(step: Step) -> None:
        clock.advance(PACE.get(step, timedelta()))

    def catch_up(incident: Incident) -> None:
        if incident.as_of is not None:
            clock.advance_to(incident.as_of)

    async def write_post_mortem(incident: Incident, report: PostMortemReport, who: str, engine: str) -> str:
        written = post_mortem(
            incident,
            report,
            await house.store.entries(incident.id),
            await house.store.evidence(incident.id),
            written_by=who,
            engine=engine,
            written_at=clock.now(),
        )
        return await file_post_mortem(written, house.folder)

    return Deps(
        clock=clock,
        runbook=runbook,
        roster=roster,
        policy=house.policy,
        revenue_threshold=house.settings.revenue_threshold,
        world=redacted_world(recorded_world(case, clock, ledger)),
        engine=engine,
        evidence=house.store,
        journal=journal,
        intents=house.store,
        comms=Outbox(house.folder, house.store, clock, listeners.message),
        backlog=house.store,
        files=house.folder,
        make_kit=make_kit,
        write_post_mortem=write_post_mortem,
        pace=pace,
        catch_up=catch_up,
    )
