"""The composition root: the only place where the adapters of a running incident are named and wired."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

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
from nexus.config.causes import shipped_causes
from nexus.config.runbook import roster_of, runbook_of
from nexus.config.site import Site
from nexus.home import Home
from nexus.notify.file_channel import FileChannel
from nexus.runtime.announcer import AnnouncingJournal, RunListeners
from nexus.runtime.checkpoints.opening import checkpoints_beside
from nexus.runtime.checkpoints.port import Checkpoints
from nexus.runtime.connections import SiteConnections
from nexus.runtime.driver import Driver
from nexus.runtime.effects import LeasedIntents
from nexus.runtime.giving_up import LastResort
from nexus.runtime.inbox import InboxWatch
from nexus.runtime.lease_keeper import LEASE, HeldLease, LeaseKeeper
from nexus.runtime.live_run import live_context
from nexus.runtime.loop_lag import LoopLag
from nexus.runtime.post_mortem_file import file_post_mortem, post_mortem
from nexus.runtime.presence import Presence
from nexus.runtime.public_updates import PublicUpdates
from nexus.runtime.recorded_run import recorded_context
from nexus.runtime.run_context import RunContext
from nexus.runtime.sharing import queue_of
from nexus.runtime.waiting import Approver
from nexus.runtime.worker import Worker
from nexus.store.earned import EarnedPermissions
from nexus.store.past import PastQueries
from nexus.store.records import WorldKind
from tools.toolbox import TOOLS, available
from tools.toolset import Sources, Toolset

if TYPE_CHECKING:
    from tools.live.latency import OnCall


@dataclass(frozen=True)
class Process:
    """What all that one process drives has in common: the checkpoints, the leases, the inboxes."""

    home: Home
    checkpoints: Checkpoints
    keeper: LeaseKeeper
    inbox: InboxWatch

    @classmethod
    @asynccontextmanager
    async def of(cls, home: Home, lease: timedelta = LEASE) -> AsyncIterator[Self]:
        """Opened for a home; its connection is closed afterwards."""
        async with checkpoints_beside(home.store) as checkpoints:
            keeper = LeaseKeeper(home.store, lease, home.clock.now)
            yield cls(home, checkpoints, keeper, InboxWatch(home.store))

    async def driver(
        self, incident: Incident, stage: RunContext, engine: Engine, listeners: RunListeners,
        lease: HeldLease,
    ) -> Driver:  # fmt: skip
        """Everything that is needed to drive one incident on its stage; the lease fences its effects."""
        home = self.home
        journal = AnnouncingJournal(home.store, listeners.entry)
        roster = roster_of(home.settings, TOOLS)
        runbook = stage.fitted(runbook_of(home.settings))
        deps = _deps(home, stage, engine, runbook, roster, journal, listeners, lease)
        for number, gap in enumerate(stage.gaps, start=1):
            await journal.write(entry(incident, stage.clock.now(), EntryKind.GAP, gap, f"tools:{number}"))

        def saved(known: Incident) -> None:
            journal.saved()
            listeners.saved(known)

        return Driver(
            home.store,
            build(runbook, self.checkpoints.saver()),
            deps,
            stage.waiter,
            self.inbox,
            self.checkpoints,
            saved=saved,
        )


async def drive_recorded(
    home: Home, incident: str, engine: Engine, approver: Approver, listeners: RunListeners
) -> Incident:
    """Drive one incident of a recorded world until its end, or until it waits for what does not come here.

    Raises:
        Refused: somebody else drives this incident.
        UnknownName: there is no such incident.
    """
    async with (
        open_run_context(home, incident, approver, listeners.waited) as stage,
        Process.of(home) as process,
        process.keeper.hold(incident) as lease,
    ):
        ready = await process.driver(await home.find(incident), stage, engine, listeners, lease)
        rest = await ready.go_on(lease)
        await home.store.give_back(incident, lease.number, rest.until)
    await home.store.compact()  # nothing reads the file any more that would keep free pages in it
    return rest.incident


@asynccontextmanager
async def worker(
    home: Home, site: Site, path: Path, engine: Callable[[], Engine], listeners: RunListeners,
    only: frozenset[str] | None = None,
) -> AsyncIterator[Worker]:  # fmt: skip
    """The hands of this process for the live world of a `nexus.yaml`; they run while the block lasts.

    Args:
        home: the settings and the store.
        site: what `nexus.yaml` says.
        path: where it lies; it is read again when it has changed.
        engine: made anew for each turn.
        listeners: who is told what.
        only: drive these incidents alone.
    """
    clock = home.clock
    connections = SiteConnections(home, path, clock)
    lag = LoopLag()
    async with Process.of(home, site.worker.lease) as process, lag.measuring():

        @asynccontextmanager
        async def opened(lease: HeldLease) -> AsyncIterator[Driver]:
            incident = await home.find(lease.incident)
            listeners.began(incident)
            async with connections.use() as live:
                stage = live_context(live, incident, clock, listeners.waited)
                yield await process.driver(incident, stage, engine(), listeners, lease)

        hands = Worker(
            store=home.store,
            queue=queue_of(home, site, only, lambda: lag.seconds),
            keeper=process.keeper,
            inbox=process.inbox,
            drivers=opened,
            threads=process.checkpoints,
            people=LastResort(
                home.store,
                AnnouncingJournal(home.store, listeners.entry),
                FileChannel(home.files, home.store, clock, listeners.message),
            ),
            drain_for=site.worker.drain_for,
            now=clock.now,
        )
        presence = Presence(home.store, process.keeper.owner, site.site, site.worker.at_once, clock.now)
        async with presence.shown():
            running = asyncio.create_task(hands.run())
            try:
                yield hands
            finally:
                await hands.drain()
                await running
                await connections.aclose()


@asynccontextmanager
async def open_run_context(
    home: Home, incident: str, approver: Approver, waited: "OnCall | None" = None
) -> AsyncIterator[RunContext]:
    """What a registered incident is played on; its connections are closed afterwards."""
    ref = await home.store.world_of(incident)
    if ref.kind is WorldKind.CASE:
        yield await recorded_context(home, incident, ref, approver)
        return
    clock = home.clock
    connections = SiteConnections(home, Path(ref.path), clock)
    async with connections.use() as live:
        yield live_context(live, await home.find(incident), clock, waited)
    await connections.aclose()


def _deps(
    home: Home, stage: RunContext, engine: Engine, runbook: Runbook, roster: Roster, journal: Journal,
    listeners: RunListeners, lease: HeldLease,
) -> Deps:  # fmt: skip
    def make_toolset(sources: Sources, role: str, tools: tuple[str, ...]) -> Toolset:
        more = stage.more_tools.get(role, ())
        return Toolset(sources, home.store, role, (*available(tools, sources.world), *more))

    past = PastQueries(home.store)

    async def write_post_mortem(incident: Incident, report: PostMortemReport, who: str, engine: str) -> str:
        written = post_mortem(
            incident,
            report,
            await home.store.entries(incident.id),
            await home.store.evidence(incident.id),
            written_by=who,
            engine=engine,
            written_at=stage.clock.now(),
            history=await past.history(incident, stage.clock.now()),
        )
        return await file_post_mortem(written, home.files, incident.language)

    public = None
    if stage.site is not None:
        public = PublicUpdates(home.store, stage.site, stage.world.catalogue, stage.clock)
    return Deps(
        clock=stage.clock,
        runbook=runbook,
        causes=shipped_causes().with_own(stage.own_causes),
        roster=roster,
        policy=stage.policy,
        revenue_threshold=stage.revenue_threshold,
        world=stage.world,
        engine=engine,
        evidence=home.store,
        journal=journal,
        intents=LeasedIntents(home.store, lease.number, lease),
        permissions=EarnedPermissions(home.store, stage.site or ""),
        fence=lease.fence,
        comms=FileChannel(home.files, home.store, stage.clock, listeners.message, public),
        backlog=home.store,
        history=past,
        files=home.files,
        make_toolset=make_toolset,
        write_post_mortem=write_post_mortem,
        pace=stage.pace,
        catch_up=stage.catch_up,
    )
