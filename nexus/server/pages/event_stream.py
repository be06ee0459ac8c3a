"""Server-sent events as an answer: lean, for many are open at once, and over at once when the server ends."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

#: What proxies and browsers take for a dead connection is spoken into so often, in seconds.
HEARTBEAT = 15.0
#: How soon a browser comes back after its stream broke off, in milliseconds.
_COME_BACK = 1_000


def event(name: str, data: str, identity: str = "") -> str:
    """One event; a line end in its data begins another line of data."""
    told = [f"id: {identity}"] if identity else []
    told += [f"event: {name}", *(f"data: {row}" for row in data.split("\n"))]
    return "\n".join(told) + "\n\n"


class EventStream(Response):
    """Sends what comes until it ends, or the other side is gone.

    Args:
        events: what is sent, each a text of whole events; an empty one is sent as a sign of life.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[str]) -> None:
        self.events, self.background = events, None
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send(_body(f"retry: {_COME_BACK}\n\n"))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            async for told in self.events:
                if gone.done():
                    break
                await send(_body(told or ": still here\n\n"))
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(text: str) -> dict[str, object]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


async def first_of(waits: Iterable[asyncio.Event], seconds: float) -> None:
    """Return as soon as one of the events is set, or after so many seconds."""
    tasks = [asyncio.ensure_future(one.wait()) for one in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in tasks:
            one.cancel()
