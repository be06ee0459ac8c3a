"""A game day in the war room: the shop breaks, a browser shows it, whoever sits there decides."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agents.engine import Engine
from demo.gameday.stage import Stage
from demo.scenarios import Scenario
from incidents.access import AccessRole
from incidents.incident import Incident
from incidents.timeline import Entry
from nexus.config.site import load_site
from nexus.home import Home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.wiring import worker
from nexus.server.listening import url_of
from nexus.server.trial import Trial, interrupted, you
from nexus.service.approving import PROPOSAL_POLL, left_by_the_agents
from nexus.service.intake import AlertIntake
from nexus.service.metrics import ServerMetrics
from nexus.store.lists import IncidentFilter
from tools.clock import WallClock


@dataclass(frozen=True)
class WarRoomDay:
    """One scenario, and a server that stays until it is interrupted.

    Attributes:
        scenario: What goes wrong.
        home: Settings and store of Nexus.
        engine: Makes the engine that speaks for the roles.
        mode: Its name.
        work: A fresh folder for everything that runs.
        say: Told what happens outside of Nexus, in one line each.
        tell: Told what happens inside, line by line of the timeline.
    """

    scenario: Scenario
    home: Home
    engine: Callable[[], Engine]
    mode: str
    work: Path
    say: Callable[[str], None]
    tell: Callable[[Entry], None]

    async def hold(self, sock: socket.socket) -> None:
        """Serve on a socket of the loopback interface; whatever was started is stopped when this returns.

        Raises:
            NotReadyError: The shop or its monitoring does not do what it should.
        """
        port, people = sock.getsockname()[1], (you(*AccessRole),)
        with interrupted() as ended, Stage.built(self.work, port, self.say, people) as stage:
            trial = self._trial(stage.path)
            serving = asyncio.create_task(trial.serve(sock, ended))
            playing = asyncio.create_task(self._play(stage, url_of(sock)))
            self.say(f"the war room, logged in by a link that counts once, is at {trial.link(sock)}")
            self.say(f"its metrics are at {url_of(sock)}/metrics; Ctrl-C ends everything")
            try:
                await asyncio.wait((serving, playing), return_when=asyncio.FIRST_COMPLETED)
                if playing.done():
                    playing.result()  # it says what kept it from being held
                await serving
            finally:
                ended.set()
                playing.cancel()
                await asyncio.wait((serving, playing))
                self.say("stopping the shop and its monitoring")

    def _trial(self, path: Path) -> Trial:
        site = load_site(path)
        metrics = ServerMetrics.of(site)
        listeners = RunListeners(
            self.tell, message=lambda message: None, began=metrics.began, saved=metrics.saved
        )
        intake = AlertIntake(home=self.home, site=site, path=path, mode=self.mode, clock=WallClock())
        intake.listener = metrics
        return Trial.of(intake, lambda: worker(self.home, site, path, self.engine, listeners), metrics)

    async def _play(self, stage: Stage, root: str) -> None:
        await stage.begin(self.scenario)
        await stage.break_by(self.scenario)
        incident = await self._opened()
        self.say(f"{root}/incidents/{incident.id} is open; what it proposes is decided there")
        await left_by_the_agents(self.home, incident.id)
        self.say(f"{incident.id} is over; its pages stay until Ctrl-C")

    async def _opened(self) -> Incident:
        while not (found := await self.home.store.page(IncidentFilter())):  # noqa: ASYNC110 - rows
            await asyncio.sleep(PROPOSAL_POLL)
        return await self.home.find(found[0].id)
