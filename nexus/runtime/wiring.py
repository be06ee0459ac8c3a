"""The composition root: the only place where the adapters of a running incident are named and wired."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agents.engine import Engine
from agents.role import Roster
from graph.build import build
from graph.ports import Journal
from graph.state import Deps
from graph.timeline import entry
from incidents.incident import Incident
from incidents.reports import PostMortemReport
from incidents.runbook import Runbook
from incidents.timeline import Entry, EntryKind
from nexus.config.runbook import roster_of, runbook_of
from nexus.home import House
from nexus.notify.file_channel import Outbox
from nexus.runtime.driver import Driver
from nexus.runtime.post_mortem_file import file_post_mortem, post_mortem
from nexus.runtime.recorded_run import recorded_stage
from nexus.runtime.run_context import Stage
from nexus.runtime.waiting import Approver
from nexus.store import Message, WorldKind
from nexus.store.sqlite.sql import FENCE
from tools.clock import WallClock
from tools.toolbox import BOX, available
from tools.toolset import Kit, Sources

if TYPE_CHECKING:
    from tools.live.latency import Heard


@dataclass(frozen=True)
class Listeners:
    """Who is told what, while an incident runs; `waited`: how long live backends took."""

    entry: Callable[[Entry], None]
    message: Callable[[Message], None]
    waited: "Heard | None" = None


class Announced:
    """A journal that also tells somebody each entry that is new.

    A proposal, and what is written behind it, is told once the incident that holds it is saved: whoever hears
    of it can decide on it.
    """

    def __init__(self, journal: Journal, tell: Callable[[Entry], None]) -> None:
        self._journal = journal
        self._tell = tell
        self._held: list[Entry] = []

    async def write(self, entry: Entry) -> bool:
        """Keep the entry; tell it if it is new."""
        new = await self._journal.write(entry)
        if new and (self._held or entry.kind is EntryKind.PROPOSAL):
            self._held.append(entry)
        elif new:
            self._tell(entry)
        return new

    def saved(self) -> None:
        """The incident is saved as the entries so far tell it."""
        held, self._held = self._held, []
        for line in held:
            self._tell(line)

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """All entries of an incident."""
        return await self._journal.entries(incident)


@asynccontextmanager
async def driver(
    house: House, incident: str, engine: Engine, approver: Approver, listeners: Listeners
) -> AsyncIterator[Driver]:
    """Everything that is needed to drive one registered incident, wired; the files are closed afterwards."""
    runbook, roster = runbook_of(house.settings), roster_of(house.settings, BOX)
    async with (
        open_stage(house, incident, approver, listeners.waited) as stage,
        AsyncSqliteSaver.from_conn_string(str(house.store.path)) as saver,
    ):
        saver.serde = JsonPlusSerializer(allowed_msgpack_modules=None)
        await saver.setup()
        await saver.conn.execute("pragma busy_timeout = 15000")  # as long as the store waits
        await saver.conn.executescript(FENCE)
        runbook = stage.fitted(runbook)
        journal = Announced(house.store, listeners.entry)
        deps = _deps(house, stage, engine, runbook, roster, journal, listeners)
        for number, gap in enumerate(stage.gaps, start=1):
            now = stage.clock.now()
            told = entry(await house.find(incident), now, EntryKind.GAP, gap, f"tools:{number}")
            await deps.journal.write(told)
        graph = build(runbook, saver)
        yield Driver(house.store, graph, deps, stage.waiter, saved=journal.saved)


@asynccontextmanager
async def open_stage(
    house: House, incident: str, approver: Approver, waited: "Heard | None" = None
) -> AsyncIterator[Stage]:
    """What a registered incident is played on; its connections are closed afterwards."""
    ref = await house.store.world_of(incident)
    if ref.kind is WorldKind.CASE:
        yield await recorded_stage(house, incident, ref, approver)
        return
    # Imported late: a recorded incident needs no backend.
    from nexus.runtime.live_run import live_stage  # noqa: PLC0415

    async with live_stage(house, await house.find(incident), ref, approver, WallClock(), waited) as stage:
        yield stage


def _deps(
    house: House, stage: Stage, engine: Engine, runbook: Runbook, roster: Roster, journal: Journal,
    listeners: Listeners,
) -> Deps:  # fmt: skip
    def make_kit(sources: Sources, role: str, tools: tuple[str, ...]) -> Kit:
        more = stage.more_tools.get(role, ())
        return Kit(sources, house.store, role, (*available(tools, sources.world), *more))

    async def write_post_mortem(incident: Incident, report: PostMortemReport, who: str, engine: str) -> str:
        written = post_mortem(
            incident,
            report,
            await house.store.entries(incident.id),
            await house.store.evidence(incident.id),
            written_by=who,
            engine=engine,
            written_at=stage.clock.now(),
        )
        return await file_post_mortem(written, house.folder)

    return Deps(
        clock=stage.clock,
        runbook=runbook,
        roster=roster,
        policy=stage.policy,
        revenue_threshold=stage.revenue_threshold,
        world=stage.world,
        engine=engine,
        evidence=house.store,
        journal=journal,
        intents=house.store,
        comms=Outbox(house.folder, house.store, stage.clock, listeners.message),
        backlog=house.store,
        files=house.folder,
        make_kit=make_kit,
        write_post_mortem=write_post_mortem,
        pace=stage.pace,
        catch_up=stage.catch_up,
    )
