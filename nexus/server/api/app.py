"""The application of the API, mounted under `/api/v1`."""

from functools import partial
from http.client import METHOD_NOT_ALLOWED

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.server.api.context import ApiContext
from nexus.server.api.description import describe
from nexus.server.api.door import OPEN, ApiDoor
from nexus.server.api.page_twins import twins
from nexus.server.api.reads import reads
from nexus.server.api.settings_twins import settings_twins
from nexus.server.api.writes import writes
from nexus.server.auth import Doorkeeper
from nexus.server.limits import HttpLimits
from nexus.server.problems import (
    UNFORESEEN,
    Fault,
    Kind,
    kind_of,
    kind_of_status,
    problem_answer,
    retry_of,
    sentence_of,
)

_ABOUT = "What people do with incidents, and what they look at; all of it can be typed as well."
#: FastAPI would send spans and logs of every request wherever a collector is set up, with what was asked.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
}  # fmt: skip
#: Of a request that is wrong in more places the rest need not be told.
_MOST_FAULTS = 20


def api(context: ApiContext, door: Doorkeeper, limits: HttpLimits) -> FastAPI:
    """The application.

    Args:
        context: the service of the live world that is served.
        door: knows people by their token, or by the cookie of their browser.
        limits: of the server.
    """
    app = FastAPI(
        title="Nexus",
        version="1",
        description=_ABOUT,
        openapi_url=OPEN,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        routes=[*reads.routes, *writes.routes, *twins.routes, *settings_twins.routes],
        exception_handlers={
            RequestValidationError: _wrong,
            NexusError: _stopped,
            HTTPException: _http,
            Exception: _unforeseen,
        },
    )
    app.state.context, app.state.limits = context, limits
    app.add_middleware(ApiDoor, door=door)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]  # how FastAPI wants it
    return app


async def _wrong(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # it is registered for these  # noqa: S101
    faults = [
        Fault(at=".".join(str(part) for part in one["loc"]), mistake=str(one["msg"]))
        for one in error.errors()[:_MOST_FAULTS]
    ]
    first = f"{faults[0].at}: {faults[0].mistake}" if faults else "it is not as it has to be"
    return problem_answer(Kind.BadRequest, f"the request cannot be taken: {first}", faults=faults)


async def _stopped(request: Request, error: Exception) -> Response:
    assert isinstance(error, NexusError)  # noqa: S101
    return problem_answer(kind_of(error), str(error), retry_of(error))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = {"Allow": _allowed(request)} if error.status_code == METHOD_NOT_ALLOWED else error.headers
    return problem_answer(kind_of_status(error.status_code), sentence_of(request, error), headers)


def _allowed(request: Request) -> str:
    """Every method of a path: the framework tells those of the first route that has it."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    methods = set[str]()
    for found in iter_route_contexts(request.app.routes):
        route = found.original_route
        if isinstance(route, Route) and route.path_regex.match(path):
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


async def _unforeseen(request: Request, error: Exception) -> Response:
    return problem_answer(Kind.Unforeseen, UNFORESEEN)
