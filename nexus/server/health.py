"""The doors for whoever watches a process, open to all: they tell no incident's words."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.server.problems import problem
from nexus.service.destinations import DestinationLine, how_destinations_stand
from nexus.service.intake import AlertIntake
from nexus.store.port import IncidentStore


def health_routes(
    intake: AlertIntake, own: Callable[[], dict[str, object]], turns: Callable[[], Awaitable[bool]]
) -> list[Route]:
    """`GET /healthz`, `/readyz` and `/livez`; their arguments are said below."""
    return [_health(intake, own), _ready(intake.home.store), _live(turns)]


def _health(intake: AlertIntake, own: Callable[[], dict[str, object]]) -> Route:
    """`GET /healthz`: 200 while the store can be read; `degraded` while something breaks off or lies aside.

    It says how many alerts wait for a hand and for how long the oldest does, and since when at most an
    incident is due with nobody at it, and which destinations fail or are disabled. An incident that not
    everybody sees is counted and not named.

    Args:
        intake: whose store is asked.
        own: what else this process says of itself.
    """

    async def health(request: Request) -> JSONResponse:
        store, site, now = intake.home.store, intake.site.site, intake.clock.now()
        try:
            running = sum(one.many for one in await store.open_counts())
            waiting = await store.waiting(site, now)
            due = await store.due_since(now, site)
            unseen = await store.restricted()
            broken = [one.incident for one in await store.broken_off()]
            aside = sorted({one.incident for one in await store.dead_letters()})
            jobs = [job.name for job in await store.failing_jobs() if job.site == site]
            stand = (await how_destinations_stand(store, intake.site)).items
        except NexusError as error:
            return problem(503, str(error))
        told = {
            "status": "degraded" if broken or aside or jobs or _unwell(stand) else "ok",
            "open_incidents": running,
            "broken_off": [one for one in broken if one not in unseen],
            "dead_letters": [one for one in aside if one not in unseen],
            "failing_jobs": jobs,
            "destinations": _unwell(stand),
            "waiting": {"alerts": waiting.alerts, "oldest_seconds": waiting.oldest(now)},
            "oldest_due_seconds": max(0.0, (now - due).total_seconds()) if due is not None else 0.0,
        }
        return JSONResponse(told | own())

    return Route("/healthz", health)


def _unwell(stand: tuple[DestinationLine, ...]) -> dict[str, str]:
    """The destinations that do not take what they should; what they said may name what is inside."""
    told = {one.name: "failing" for one in stand if one.failing}
    return told | {one.name: "disabled" for one in stand if one.disabled_since is not None}


def _ready(store: IncidentStore) -> Route:
    """`GET /readyz`: 200 and one word while the store answers; 503 else, and nobody should be sent here."""

    async def ready(request: Request) -> PlainTextResponse:
        try:
            await store.changed()
        except NexusError:
            return PlainTextResponse("waiting", status_code=503)
        return PlainTextResponse("ready")

    return Route("/readyz", ready)


def _live(turns: Callable[[], Awaitable[bool]]) -> Route:
    """`GET /livez`: 200 and one word while this process gets on, whatever its store does; else restart it.

    Args:
        turns: whether the event loop of the hands turns; that of the doors does if this answers.
    """

    async def live(request: Request) -> PlainTextResponse:
        return PlainTextResponse("live") if await turns() else PlainTextResponse("stuck", status_code=503)

    return Route("/livez", live)
