"""One game day, from the shop's start to its end."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from agents.engine import Engine
from demo.gameday.acts import Acted, Ending, acted, over, person, renewed, spoil
from demo.gameday.earning import drilled
from demo.gameday.policy import KIND, UNSIGNED
from demo.gameday.record import recorded
from demo.gameday.stage import Stage
from demo.gameday.verdict import Seen
from demo.processes import NotReadyError
from demo.scenarios import Scenario
from incidents.act_permission import ActPermission
from incidents.incident import Incident
from incidents.replays import Replay
from incidents.timeline import Entry, EntryKind
from nexus.config.site import load_site
from nexus.home import Home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.waiting import Approver
from nexus.runtime.wiring import worker
from nexus.server.app import web
from nexus.server.senders import SenderDoor
from nexus.service.approving import PROPOSAL_POLL, ask_about, left_by_the_agents
from nexus.service.intake import AlertIntake
from nexus.store.lists import IncidentFilter
from tools.clock import WallClock
from tools.live.latency import CallLatency, waited_until

ALERT_SECONDS, END_SECONDS, RESOLVED_SECONDS = 120.0, 300.0, 45.0
#: In shadow the agents' word is waited for, so that what the person does can be held against it; they mend
#: the shop so long after it, and all of it may take longer.
PERSON_SECONDS, SHADOW_SECONDS = 20.0, 900.0
#: After a drill: as long as the shop's windows look back, with what is usual before.
CALM_AGAIN_SECONDS = 70.0


@dataclass(frozen=True)
class GameDay:
    """One run of one scenario.

    Attributes:
        scenario: What goes wrong.
        home: Settings and store of Nexus.
        engine: Makes the engine that speaks for the roles.
        mode: Its name.
        approver: Who is asked.
        work: A fresh folder for everything that runs.
        say: Told what happens outside of Nexus, in one line each.
        tell: Told what happens inside, line by line of the timeline.
        record: A folder that gets the incident as a case.
        waits: Filled with every question to a backend.
        shadow: Nexus only watches, and a scripted person mends the shop outside of it.
        ending: a change is announced that begins without a person, and what shall come of it.
        replays: by what it is earned beside a drill.
    """

    scenario: Scenario
    home: Home
    engine: Callable[[], Engine]
    mode: str
    approver: Approver
    work: Path
    say: Callable[[str], None]
    tell: Callable[[Entry], None]
    record: Path | None = None
    waits: list[CallLatency] = field(default_factory=list)
    shadow: bool = False
    ending: Ending | None = None
    replays: tuple[Replay, ...] = ()

    async def hold(self) -> tuple[Seen, Incident | None]:
        """Run it; whatever it started is stopped when this returns.

        Raises:
            NotReadyError: The shop or its monitoring does not do what it should.
        """
        with (
            _listening() as sock,
            Stage.built(
                self.work,
                sock.getsockname()[1],
                self.say,
                on=self.scenario.on,
                shadow=self.shadow,
                unsigned=self.ending is not None,
            ) as stage,
        ):
            async with self._served(stage.path, sock):
                await stage.begin(self.scenario)
                await self._nothing_is_open()
                if self.ending is not None:
                    await self._earned(stage, self.ending)
                    await self._nothing_is_open()
                return await self._broken(stage)

    @asynccontextmanager
    async def _served(self, path: Path, sock: socket.socket) -> AsyncIterator[None]:
        site = load_site(path)
        listeners = RunListeners(self.tell, message=lambda message: None, waited=self.waits.append)
        intake = AlertIntake(home=self.home, site=site, path=path, mode=self.mode, clock=WallClock())
        app = web(intake, lambda: worker(self.home, site, path, self.engine, listeners), SenderDoor())
        server = _Server(uvicorn.Config(app, log_level="warning", access_log=False))
        serving = asyncio.create_task(server.serve([sock]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    async def _nothing_is_open(self) -> None:
        if found := await self.home.store.page(IncidentFilter(not_closed=True)):
            raise NotReadyError(f"an incident before anything was broken: {found[0].title}")

    async def _earned(self, stage: Stage, ending: Ending) -> None:
        """The record is kept and the undo proven by a drill, which is history before anything breaks."""
        await self.home.store.keep_replays(load_site(stage.path).site, self.replays)
        await drilled(self.home, stage.path, self.say)
        self.say(f"nexus.yaml: a {KIND} of {UNSIGNED} may begin without a person, announced a minute before")
        await asyncio.sleep(CALM_AGAIN_SECONDS)
        if ending is Ending.WRONG and (remedy := self.scenario.remedy) and remedy.arguments.version:
            spoil(stage.shop, remedy.arguments.version)
            self.say(f"unseen: {UNSIGNED} {remedy.arguments.version}, which would be gone back to, is broken")

    async def _broken(self, stage: Stage) -> tuple[Seen, Incident | None]:
        fault = datetime.now(UTC)
        change = await stage.break_by(self.scenario)
        known = Seen(scenario=self.scenario.id, fault=fault, change=change.id if change else None)
        identity = await self._opened(fault)
        if identity is None:
            return known, None
        self.say(f"{identity} is open")
        people = asyncio.create_task(self._people(stage, identity))
        with suppress(TimeoutError):
            within = SHADOW_SECONDS if self.shadow or self.ending else END_SECONDS
            await asyncio.wait_for(self._left(identity), within)
        people.cancel()
        incident = await self.home.find(identity)
        resolved = await self._resolved(identity, incident)
        if self.record is not None and (incident.in_peoples_hands or not incident.open):
            self.say("recording the incident as a case")
            await recorded(self.home, identity, self.scenario, known, self.record / self.scenario.id)
        entries = await self.home.store.entries(identity)
        if self.ending is not None:
            known = known.model_copy(update={"acted": await self._acted(incident, self.ending)})
        return _seen(known, incident, resolved, entries, self.waits), incident

    async def _left(self, identity: str) -> None:
        """Until the agents owe nothing any more, or all has happened that the day is about."""
        if self.ending is None:
            await left_by_the_agents(self.home, identity)
            return
        while True:
            incident = await self.home.find(identity)
            if over(incident, await self._permission(incident), self.ending, datetime.now(UTC)):
                return
            await asyncio.sleep(PROPOSAL_POLL)

    async def _permission(self, incident: Incident) -> ActPermission | None:
        first = next(iter(incident.proposals), None)
        return await self.home.store.permission(first.digest) if first is not None else None

    async def _acted(self, incident: Incident, ending: Ending) -> Acted:
        gone = await self.home.store.withdrawals(load_site(self.work / "nexus.yaml").site)
        withdrawn = next(iter(gone), None)
        found = acted(incident, await self._permission(incident), withdrawn, ending)
        if withdrawn is None:
            return found
        return found.model_copy(update={"told": (*found.told, await renewed(self.home, incident))})

    async def _people(self, stage: Stage, identity: str) -> None:
        """Who decides on what is proposed; of a shadow, who mends the shop and knows nothing of Nexus."""
        if not self.shadow:
            asked = person(self.ending, self.say) if self.ending is not None else self.approver
            said = lambda why: self.say(str(why))  # noqa: E731
            await ask_about(self.home, identity, asked, WallClock(), said)
        elif (remedy := self.scenario.remedy) is not None:
            while not (await self.home.find(identity)).rests:  # noqa: ASYNC110 - rows
                await asyncio.sleep(PROPOSAL_POLL)
            await asyncio.sleep(PERSON_SECONDS)
            self.say(f"a person on call, outside of Nexus: {remedy.title}")
            await stage.mend(remedy)

    async def _opened(self, since: datetime) -> str | None:
        """The incident that the alert opens."""
        deadline = time.monotonic() + ALERT_SECONDS
        while time.monotonic() < deadline:
            for one in await self.home.store.page():
                if one.opened_at >= since:
                    return one.id
            await asyncio.sleep(0.1)
        return None

    async def _resolved(self, identity: str, incident: Incident) -> datetime | None:
        """When the alert that fired said that it is over; it may say so a little after the incident's end."""
        deadline = time.monotonic() + (RESOLVED_SECONDS if incident.mitigated_at else 0)
        while True:
            events = await self.home.store.events(identity, unhandled_only=False)
            over = [e.at for e in events if e.kind == "alerts" and not any(a.firing for a in e.alerts)]
            if over or time.monotonic() >= deadline:
                return min(over, default=None)
            await asyncio.sleep(0.5)


def _seen(
    known: Seen,
    incident: Incident,
    resolved: datetime | None,
    entries: tuple[Entry, ...],
    waits: Sequence[CallLatency],
) -> Seen:
    """The same with the times of the incident."""
    first: dict[EntryKind, datetime] = {}
    for entry in entries:
        first.setdefault(entry.kind, entry.at)
    return known.model_copy(
        update={
            "alert": min(alert.received_at for alert in incident.alerts),
            "finding": first.get(EntryKind.FINDING),
            "proposal": first.get(EntryKind.PROPOSAL),
            "approval": first.get(EntryKind.DECISION),
            "execution": first.get(EntryKind.EXECUTION),
            "recovery": resolved,
            "people": next((one.people_did for one in incident.shadowed), None),
            "end": incident.ended_at or incident.handed_over_at,
            "waited": waited_until(waits, first.get(EntryKind.PROPOSAL, entries[-1].at)),
        }
    )


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """A socket on a free port; connections wait until the server answers."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


class _Server(uvicorn.Server):
    """Leaves the signals to who runs the game day: they have to stop more than this server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield
