"""The HTTP application of a worker without doors: it tells its health and its metrics, and takes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from nexus.runtime.apart import Hands
from nexus.runtime.delivering import delivering
from nexus.runtime.warmup import warm
from nexus.server.health import health_routes
from nexus.server.metrics import MetricsDoor, metrics_route
from nexus.server.problems import HANDLERS
from nexus.service.intake import AlertIntake
from nexus.service.metrics import Load
from nexus.service.watches import watches

if TYPE_CHECKING:
    from nexus.runtime.worker import Worker


def work(intake: AlertIntake, hands: Hands, metrics: MetricsDoor | None = None) -> Starlette:
    """Hands that work as long as the application runs, and what is told of them.

    Args:
        intake: of the live world; nothing comes in, its watches raise what nobody sends.
        hands: opens what drives the incidents.
        metrics: what it tells Prometheus of itself; without a door nothing.
    """
    working: list[Worker] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(warm, intake.home.settings)
        telling = delivering(intake.home, lambda: intake.site)
        async with intake.matcher.watching(), hands() as worker, watches(intake).running(), telling:
            intake.ring = worker.ring
            working.append(worker)
            yield

    def load() -> Load:
        return Load(sum(worker.turns for worker in working), intake.site.worker.at_once, 0)

    def own() -> dict[str, object]:
        return {"turns": load().turns, "at_once": load().hands}

    async def turns() -> bool:
        return True  # the loop of its hands is the one that answers

    routes = health_routes(intake, own, turns)
    if metrics is not None:
        routes.append(metrics_route(metrics, intake, load))
    return Starlette(routes=routes, exception_handlers=HANDLERS, lifespan=lifespan)
