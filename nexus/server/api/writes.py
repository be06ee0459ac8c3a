"""Routes of those who ask for something to be done: one for each kind of request, without a rule in any."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Body, Response

from incidents.actor import Actor
from incidents.value import Value
from nexus.server.api.context import ApiContext, Context, Who, answer
from nexus.server.api.description import router
from nexus.server.api.parameters import (
    IncidentId,
    Key,
    NoParameters,
    ReportBody,
    StopBody,
    built,
)
from nexus.service.declaring import Declared, declare
from nexus.service.request import Request
from nexus.service.requests import REQUESTS
from nexus.service.restricting import visible
from nexus.service.status_requests import STATUS_REQUESTS
from nexus.service.views import AllHalted, Regrouped

writes = router()


async def _once(
    context: ApiContext, who: Actor, key: str | None, request: str, do: Callable[[], Awaitable[Value]]
) -> Response:
    """Do it, and under one key once."""
    if key is None:
        return answer(await do())
    kept = await context.idempotency.once(who, key, request, do)
    return Response(kept.answer, kept.status, media_type="application/json")


@writes.post("/incidents", response_model=Declared)
async def report(
    parameters: NoParameters, asked: ReportBody, who: Who, context: Context, key: Key = None
) -> Response:
    """Report what no alert has told: it opens an incident, or joins the open one that it belongs to."""
    request = f"incidents {asked.model_dump_json()}"
    return await _once(context, who, key, request, lambda: declare(context.intake, asked, actor=who))


@writes.post("/stop", response_model=AllHalted)
async def stop_everything(
    parameters: NoParameters, asked: StopBody, who: Who, context: Context, key: Key = None
) -> Response:
    """Stop the agents of every incident that runs; what is pending is revoked, people take over."""

    async def do() -> AllHalted:
        done = await asked.put(context.doors, lambda _: who)
        for one in done.items:
            context.ring(one.incident)
        return AllHalted(items=visible(done.items, await context.hidden(who)))

    return await _once(context, who, key, f"stop {asked.model_dump_json()}", do)


def _add(kind: type[Request]) -> None:
    """The route of one kind of request; a body that may be empty need not be sent."""
    asks, needed = built(kind), any(field.is_required() for field in kind.model_fields.values())
    body: Any = Body(...) if needed else Body(default_factory=asks)

    async def route(
        incident: IncidentId,
        parameters: NoParameters,
        who: Who,
        context: Context,
        key: Key = None,
        asked: asks = body,  # type: ignore[valid-type]  # each route has its own
    ) -> Response:
        async def do() -> Value:
            done = await request.put(context.doors, incident, who, key)
            for one in _touched(incident, done):
                context.ring(one)
            return done

        request: Request = asked
        return await _once(
            context, who, key, f"incidents/{incident}/{kind.path} {request.model_dump_json()}", do
        )

    writes.add_api_route(
        f"/incidents/{{incident}}/{kind.path}",
        route,
        methods=["POST"],
        name=kind.__name__,
        summary=kind.__name__,
        description=kind.__doc__,
        response_model=kind.answer,
    )


def _touched(incident: str, done: Value) -> tuple[str, ...]:
    """The incidents that have something in their inbox now."""
    others = (done.split_into, done.merged) if isinstance(done, Regrouped) else ()
    return (incident, *(one for one in others if one is not None))


for _kind in (*REQUESTS, *STATUS_REQUESTS):
    _add(_kind)
