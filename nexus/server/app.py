"""The HTTP application of a live Nexus: alerts and decisions come in, its health is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.runtime.warmup import warm
from nexus.runtime.worker import Worker
from nexus.server.alerts import alert_routes
from nexus.server.decisions import decision_routes
from nexus.server.limits import HttpLimits
from nexus.server.problems import HANDLERS, problem
from nexus.server.senders import SenderDoor
from nexus.service.commands import IncidentCommands
from nexus.service.heartbeats import HeartbeatWatch
from nexus.service.identity import People
from nexus.service.intake import AlertIntake
from nexus.service.left_out import LeftOutAlerts
from nexus.service.rematching import RematchWatch
from nexus.service.siblings import SiblingWatch

Hands = Callable[[], AbstractAsyncContextManager[Worker]]


def web(
    intake: AlertIntake,
    hands: Hands,
    door: SenderDoor,
    people: People | None = None,
    limits: HttpLimits | None = None,
) -> Starlette:
    """The application: doors for alerts and decisions, and the server's health.

    `GET /healthz` is 200 while the store can be read; `degraded` while turns of incidents break off. It says
    how many alerts wait for a hand and for how long the oldest does, and how many senders were turned away.

    Args:
        intake: takes the deliveries in.
        hands: opens what drives the incidents.
        door: knows what each sender has to show.
        people: who may decide over HTTP; without one nobody may.
        limits: of its server.
    """

    async def health(request: Request) -> JSONResponse:
        try:
            running = await intake.home.store.count_open()
            waiting = await intake.home.store.waiting(intake.site.site, intake.clock.now())
            broken = [one.incident for one in await intake.home.store.broken_off()]
        except NexusError as error:
            return problem(503, str(error))
        status = "degraded" if broken else "ok"
        told = {"status": status, "open_incidents": running, "broken_off": broken}
        return JSONResponse(
            told
            | {"waiting": {"alerts": waiting.alerts, "oldest_seconds": waiting.oldest(intake.clock.now())}}
            | {"turned_away": door.turned_away.total, "sent_away": intake.admission.turned_away}
        )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(warm, intake.home.settings)
        async with intake.matcher.watching(), hands() as worker:
            intake.ring = worker.ring
            watches = (HeartbeatWatch(intake), RematchWatch(intake), SiblingWatch(intake))
            async with AsyncExitStack() as watching, LeftOutAlerts(intake).fetching():
                for watch in watches:
                    await watching.enter_async_context(watch.watching())
                yield

    app = Starlette(
        routes=[
            *alert_routes(intake, door),
            *decision_routes(
                IncidentCommands.of(intake.home), people or People(), lambda one: intake.ring(one)
            ),
            Route("/healthz", health),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.limits = limits or HttpLimits()
    return app
