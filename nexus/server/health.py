"""The door for whoever watches the server: `GET /healthz`, open to all, tells no incident's words."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.server.problems import problem
from nexus.server.senders import SenderDoor
from nexus.service.intake import AlertIntake
from nexus.store.port import IncidentStore


def health_route(intake: AlertIntake, door: SenderDoor) -> Route:
    """`GET /healthz`: 200 while the store can be read; `degraded` while turns break off or events lie aside.

    It says how many alerts wait for a hand and for how long the oldest does, and how many senders were
    turned away or told to come again.
    """

    async def health(request: Request) -> JSONResponse:
        try:
            running = sum(one.many for one in await intake.home.store.open_counts())
            waiting = await intake.home.store.waiting(intake.site.site, intake.clock.now())
            broken = [one.incident for one in await intake.home.store.broken_off()]
            aside = sorted({one.incident for one in await intake.home.store.dead_letters()})
        except NexusError as error:
            return problem(503, str(error))
        status = "degraded" if broken or aside else "ok"
        told = {"status": status, "open_incidents": running, "broken_off": broken, "dead_letters": aside}
        return JSONResponse(
            told
            | {"waiting": {"alerts": waiting.alerts, "oldest_seconds": waiting.oldest(intake.clock.now())}}
            | {"turned_away": door.turned_away.total, "sent_away": intake.admission.turned_away}
        )

    return Route("/healthz", health)


def ready_route(store: IncidentStore) -> Route:
    """`GET /readyz`: 200 and one word while the store answers; 503 else, and nobody should be sent here."""

    async def ready(request: Request) -> PlainTextResponse:
        try:
            await store.changed()
        except NexusError:
            return PlainTextResponse("waiting", status_code=503)
        return PlainTextResponse("ready")

    return Route("/readyz", ready)
