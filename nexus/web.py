"""The HTTP door of a live Nexus: alerts come in, and what is asked of its health is answered."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incidents.errors import AlertError, NexusError
from nexus.desk import Desk, Taken
from tools.intake import LARGEST


def web(desk: Desk, token: SecretStr | None) -> Starlette:
    """The application.

    - `POST /alerts` and `POST /alerts/{form}`: one delivery. 202 once it is on disk (200 if it changes
      nothing), 400 with a sentence if it cannot be read, 401 without the bearer token, 413 if it is too
      large, 503 if it could not be kept.
    - `GET /healthz`: 200 while the store can be read.

    Args:
        desk: takes the deliveries in.
        token: what a sender has to show; None: anyone may send.
    """

    async def alerts(request: Request) -> JSONResponse:
        if not _may(request, token):
            return _said(401, "show the token of nexus.yaml's `intake`: Authorization: Bearer …")
        body = await _body(request)
        if body is None:
            return _said(413, f"the alert body is larger than {LARGEST:,} bytes; nothing was read")
        try:
            receipt = await desk.receive(body, request.path_params.get("form"))
        except AlertError as error:
            return _said(400, str(error))
        except NexusError as error:
            return _said(503, f"the delivery was not kept, send it again: {error}")
        status = 202 if receipt.taken in (Taken.OPENED, Taken.JOINED) else 200
        return JSONResponse(receipt.model_dump(mode="json", exclude_none=True), status)

    async def health(request: Request) -> JSONResponse:
        try:
            running = len(await desk.house.store.open_incidents())
        except NexusError as error:
            return _said(503, str(error))
        return JSONResponse({"status": "ok", "open_incidents": running})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await desk.resume()
        try:
            yield
        finally:
            await desk.close()

    return Starlette(
        routes=[
            Route("/alerts", alerts, methods=["POST"]),
            Route("/alerts/{form}", alerts, methods=["POST"]),
            Route("/healthz", health),
        ],
        lifespan=lifespan,
    )


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
