"""A request's body, as far as it is read: no larger than any alert, no slower than the limits allow."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from tools.alerts.formats import LARGEST


async def read_body(request: Request) -> bytes:
    """The whole body.

    Raises:
        HTTPException: 413 if it is larger than any alert, 408 if it does not come in time, 400 if its sender
            left before its end.
    """
    within: float = request.app.state.limits.body
    try:
        async with asyncio.timeout(within):
            return await _read(request)
    except TimeoutError:
        raise HTTPException(
            408, f"the body did not come within {within:g} s; nothing was read, send it again"
        ) from None
    except ClientDisconnect:
        raise HTTPException(400, "the body ended before its end; nothing was read, send it again") from None


def read_again(body: bytes, receive: Receive) -> Receive:
    """A request whose body was read already, for who reads it next."""
    unread = True

    async def read() -> Message:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return read


async def _read(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise HTTPException(413, f"the body is larger than {LARGEST:,} bytes; nothing was read")
        parts.append(part)
    return b"".join(parts)
