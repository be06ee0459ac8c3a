"""The door for Prometheus: `GET /metrics`, for whoever shows the token of nexus.yaml's `server`.

A server that only this machine reaches may leave the token out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.config.site import Site
from nexus.server.problems import refusal
from nexus.service.intake import AlertIntake
from nexus.service.metrics import Load, ServerMetrics, Standing
from tools.alerts.authenticity import Delivery, verify_bearer
from tools.live.secrets import Secrets


@dataclass(frozen=True)
class MetricsDoor:
    """The metrics of a server, and what has to be shown for them as a bearer token; None: nothing."""

    metrics: ServerMetrics
    token: SecretStr | None

    @classmethod
    def of(cls, metrics: ServerMetrics, site: Site, secrets: Secrets) -> Self | None:
        """As `nexus.yaml` opens it; None: it does not."""
        named = site.server.metrics_token
        return cls(metrics, secrets(named)) if named is not None else None

    def refuses(self, request: Request, now: datetime) -> bool:
        """Whether what is shown is not the token."""
        shown = Delivery(headers=dict(request.headers), body=b"", received_at=now)
        return self.token is not None and verify_bearer(shown, [self.token.get_secret_value()]) is not None


def metrics_route(door: MetricsDoor, intake: AlertIntake, load: Callable[[], Load]) -> Route:
    """`GET /metrics`: 200 in Prometheus' text format, 401 without the token, 503 if the store cannot be read.

    Args:
        door: the metrics and their token.
        intake: whose store is asked.
        load: what this process has under way.
    """

    async def expose(request: Request) -> Response:
        if door.refuses(request, intake.clock.now()):
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "show `server.metrics_token` of nexus.yaml as a bearer token", challenge)
        now, store, site = intake.clock.now(), intake.home.store, intake.site.site
        try:
            standing = Standing(
                waiting=await store.waiting(site, now),
                due_since=await store.due_since(now, site),
                open=await store.open_counts(),
                broken_off=len(await store.broken_off()),
                dead_letters=len(await store.dead_letters()),
                failing_jobs=sum(job.site == site for job in await store.failing_jobs()),
            )
        except NexusError as error:
            return refusal(error)
        return Response(door.metrics.exposition(standing, load(), now), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", expose)
