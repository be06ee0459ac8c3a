"""The HTTP door of a live Nexus: alerts and decisions come in, its health is told."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import Field, SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.action import Verdict
from incidents.actor import Actor, Via
from incidents.errors import AlertError, NexusError, Refused, UnknownName, UsageError
from incidents.value import Value
from nexus.runtime.warmup import warm
from nexus.runtime.worker import Worker
from nexus.service.commands import IncidentCommands
from nexus.service.intake import AlertIntake, Disposition
from tools.alerts.formats import LARGEST


class Decision(Value):
    """What a person decides on a proposal; `digest` is what they looked at, its first 8 digits at least."""

    verdict: Verdict
    action: str
    digest: str = Field(min_length=8)
    note: str = ""


#: How HTTP says why a decision was not taken.
_STATUS: Mapping[type[NexusError], int] = {UnknownName: 404, UsageError: 400, Refused: 409, NexusError: 503}


Hands = Callable[[], AbstractAsyncContextManager[Worker]]


def web(
    desk: AlertIntake, hands: Hands, token: SecretStr | None, people: Mapping[str, SecretStr] | None = None
) -> Starlette:
    """The application.

    - `POST /alerts` and `POST /alerts/{form}`: one delivery. 202 once it is on disk (200 if it changes
      nothing), 400 with a sentence if it cannot be read, 401 without the bearer token, 413 if it is too
      large, 503 if it could not be kept.
    - `POST /incidents/{id}/decisions`: a `Decision` of the person whose bearer token is shown. 200 with how
      the proposal stands, also if it was sent before; 400, 401, 404 for what does not exist, 409 if it does
      not count, 503 if it could not be kept.
    - `GET /healthz`: 200 while the store can be read; `degraded` while turns of incidents break off.

    Args:
        desk: takes the deliveries in.
        hands: opens what drives the incidents.
        token: what a sender has to show; None: anyone may send.
        people: who may decide over HTTP, with the token of each; without one nobody may.
    """
    service = IncidentCommands.of(desk.home)

    async def alerts(request: Request) -> JSONResponse:
        if not _may(request, token):
            return _said(401, "show the token of nexus.yaml's `intake`: Authorization: Bearer …")
        return await _received(request, desk)

    async def decisions(request: Request) -> JSONResponse:
        answer = await _decided(request, service, people or {})
        desk.ring(request.path_params["incident"])
        return answer

    async def health(request: Request) -> JSONResponse:
        try:
            running = len(await desk.home.store.open_incidents())
            broken = [one.incident for one in await desk.home.store.broken_off()]
        except NexusError as error:
            return _said(503, str(error))
        status = "degraded" if broken else "ok"
        return JSONResponse({"status": status, "open_incidents": running, "broken_off": broken})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(warm, desk.home.settings)
        async with hands() as worker:
            desk.ring = worker.ring
            yield

    return Starlette(
        routes=[
            Route("/alerts", alerts, methods=["POST"]),
            Route("/alerts/{form}", alerts, methods=["POST"]),
            Route("/incidents/{incident}/decisions", decisions, methods=["POST"]),
            Route("/healthz", health),
        ],
        lifespan=lifespan,
    )


async def _received(request: Request, desk: AlertIntake) -> JSONResponse:
    body = await _body(request)
    if body is None:
        return _said(413, f"the alert body is larger than {LARGEST:,} bytes; nothing was read")
    try:
        receipt = await desk.receive(body, request.path_params.get("form"))
    except AlertError as error:
        return _said(400, str(error))
    except NexusError as error:
        return _said(503, f"the delivery was not kept, send it again: {error}")
    status = 202 if receipt.taken in (Disposition.OPENED, Disposition.JOINED) else 200
    return JSONResponse(receipt.model_dump(mode="json", exclude_none=True), status)


async def _decided(
    request: Request, service: IncidentCommands, people: Mapping[str, SecretStr]
) -> JSONResponse:
    by = next((name for name, shown in people.items() if _may(request, shown)), None)
    if by is None:
        return _said(401, "show your own token of nexus.yaml's `people`: Authorization: Bearer …")
    actor = Actor.named(by, Via.HTTP).model_copy(update={"authenticated": True})
    body, incident = await _body(request), request.path_params["incident"]
    if body is None:
        return _said(413, f"the decision is larger than {LARGEST:,} bytes; nothing was read")
    try:
        said = Decision.model_validate_json(body)
        proposal = await service.decide(
            incident, said.verdict, actor=actor, note=said.note, action=said.action, digest=said.digest
        )
    except ValidationError:
        return _said(400, "a decision is {verdict: approve or reject, action, digest, note}")
    except NexusError as error:
        return _said(next(status for kind, status in _STATUS.items() if isinstance(error, kind)), str(error))
    stands = {"incident": incident, "action": proposal.id, "state": proposal.state.value}
    return JSONResponse(stands | {"missing": proposal.approvers_needed - len(proposal.approvals)})


def _may(request: Request, token: SecretStr | None) -> bool:
    if token is None:
        return True
    shown = request.headers.get("authorization", "")
    return secrets.compare_digest(shown.encode(), f"Bearer {token.get_secret_value()}".encode())


async def _body(request: Request) -> bytes | None:
    """The body; None if it is larger than any alert."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST:
                return None
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)


def _said(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)
