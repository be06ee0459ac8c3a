"""The composition root: the only place where the adapters of a running incident are named and wired."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from agents.engine import Engine
from agents.role import Roster
from graph.build import build
from graph.ports import Journal
from graph.state import Deps
from graph.timeline import entry
from incidents.incident import Incident
from incidents.reports import PostMortemReport
from incidents.runbook import Runbook
from incidents.timeline import EntryKind
from nexus.config.runbook import roster_of, runbook_of
from nexus.home import Home
from nexus.notify.file_channel import FileChannel
from nexus.runtime.announcer import AnnouncingJournal, RunListeners
from nexus.runtime.checkpoints import Checkpoints
from nexus.runtime.driver import Driver
from nexus.runtime.post_mortem_file import file_post_mortem, post_mortem
from nexus.runtime.recorded_run import recorded_context
from nexus.runtime.run_context import RunContext
from nexus.runtime.waiting import Approver
from nexus.store import WorldKind
from tools.clock import WallClock
from tools.toolbox import TOOLS, available
from tools.toolset import Sources, Toolset

if TYPE_CHECKING:
    from tools.live.latency import OnCall


@asynccontextmanager
async def driver(
    home: Home, incident: str, engine: Engine, approver: Approver, listeners: RunListeners
) -> AsyncIterator[Driver]:
    """Everything that is needed to drive one registered incident, wired; the files are closed afterwards."""
    runbook, roster = runbook_of(home.settings), roster_of(home.settings, TOOLS)
    async with (
        open_run_context(home, incident, approver, listeners.waited) as stage,
        Checkpoints.open(home.store.path) as checkpoints,
    ):
        runbook = stage.fitted(runbook)
        journal = AnnouncingJournal(home.store, listeners.entry)
        deps = _deps(home, stage, engine, runbook, roster, journal, listeners)
        for number, gap in enumerate(stage.gaps, start=1):
            now = stage.clock.now()
            told = entry(await home.find(incident), now, EntryKind.GAP, gap, f"tools:{number}")
            await deps.journal.write(told)
        graph = build(runbook, checkpoints.saver)
        yield Driver(home.store, graph, deps, stage.waiter, saved=journal.saved)


@asynccontextmanager
async def open_run_context(
    home: Home, incident: str, approver: Approver, waited: "OnCall | None" = None
) -> AsyncIterator[RunContext]:
    """What a registered incident is played on; its connections are closed afterwards."""
    ref = await home.store.world_of(incident)
    if ref.kind is WorldKind.CASE:
        yield await recorded_context(home, incident, ref, approver)
        return
    # Imported late: a recorded incident needs no backend.
    from nexus.runtime.live_run import live_context  # noqa: PLC0415

    async with live_context(home, await home.find(incident), ref, approver, WallClock(), waited) as stage:
        yield stage


def _deps(
    home: Home, stage: RunContext, engine: Engine, runbook: Runbook, roster: Roster, journal: Journal,
    listeners: RunListeners,
) -> Deps:  # fmt: skip
    def make_kit(sources: Sources, role: str, tools: tuple[str, ...]) -> Toolset:
        more = stage.more_tools.get(role, ())
        return Toolset(sources, home.store, role, (*available(tools, sources.world), *more))

    async def write_post_mortem(incident: Incident, report: PostMortemReport, who: str, engine: str) -> str:
        written = post_mortem(
            incident,
            report,
            await home.store.entries(incident.id),
            await home.store.evidence(incident.id),
            written_by=who,
            engine=engine,
            written_at=stage.clock.now(),
        )
        return await file_post_mortem(written, home.folder)

    return Deps(
        clock=stage.clock,
        runbook=runbook,
        roster=roster,
        policy=stage.policy,
        revenue_threshold=stage.revenue_threshold,
        world=stage.world,
        engine=engine,
        evidence=home.store,
        journal=journal,
        intents=home.store,
        comms=FileChannel(home.folder, home.store, stage.clock, listeners.message),
        backlog=home.store,
        files=home.folder,
        make_kit=make_kit,
        write_post_mortem=write_post_mortem,
        pace=stage.pace,
        catch_up=stage.catch_up,
    )
