"""The door for whoever watches the server: `GET /healthz`, open to all, tells no incident's words."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.server.problems import problem
from nexus.server.senders import SenderDoor
from nexus.service.intake import AlertIntake


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
