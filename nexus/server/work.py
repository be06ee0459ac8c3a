"""The HTTP application of a worker without doors: it tells its health, and takes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.warmup import warm
from nexus.server.app import Hands
from nexus.server.health import ready_route
from nexus.server.problems import problem


def work(home: Home, site: Site, hands: Hands) -> Starlette:
    """Hands that work as long as the application runs, and what is told of them.

    Args:
        home: whose incidents are driven.
        site: of which live world.
        hands: opens what drives them.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(warm, home.settings)
        async with hands() as worker:
            app.state.worker = worker
            yield

    async def health(request: Request) -> JSONResponse:
        try:
            broken = [one.incident for one in await home.store.broken_off()]
            since = await home.store.due_since(home.clock.now(), site.site)
        except NexusError as error:
            return problem(503, str(error))
        oldest = (home.clock.now() - since).total_seconds() if since is not None else 0.0
        told = {"status": "degraded" if broken else "ok", "broken_off": broken}
        turns = request.app.state.worker.turns
        return JSONResponse(
            told | {"turns": turns, "at_once": site.worker.at_once, "oldest_due_seconds": oldest}
        )

    return Starlette(routes=[Route("/healthz", health), ready_route(home.store)], lifespan=lifespan)
