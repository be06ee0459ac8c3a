"""How many connections are kept, and how long each may take: who says nothing must not keep others out.

uvicorn has a time limit between two requests only. One that never comes, or comes byte by byte, and a body
that never ends would be waited for as long as the other side likes.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from pydantic import Field
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from incidents.value import Value
from nexus.server.corked import corked

#: The longest that requests which run already may take once the server is told to end, in seconds.
DRAIN_FOR = 10


class HttpLimits(Value):
    """The limits of one server; times in seconds."""

    connections: int = Field(default=1024, ge=1, description="more close the one that has been idle longest")
    head: float = Field(default=10, gt=0, description="until a request's head is complete")
    body: float = Field(default=20, gt=0, description="until a request's body is complete")
    keep_alive: float = Field(default=15, gt=0, description="between two requests")
    requests: int = Field(default=600, ge=1, description="of one person, a minute")
    wrong_tokens: int = Field(default=30, ge=1, description="from one address, a minute")


def server_of(app: ASGIApp, limits: HttpLimits, ending: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server for the application that holds the limits; the body's is held where a body is read.

    Args:
        app: that answers.
        limits: to hold.
        ending: is called once it ends, before it waits for what runs: what never ends by itself has to.
    """

    class Limited(_LimitedHttp):
        http_limits = limits

    class Ending(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            ending()
            await super().shutdown(sockets)

    return Ending(
        uvicorn.Config(
            app,
            http=Limited,
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=max(1, round(limits.keep_alive)),
            timeout_graceful_shutdown=DRAIN_FOR,
        )
    )


class _LimitedHttp(H11Protocol):
    """One connection, closed if it is owed a request or the rest of one for too long, or is one too many."""

    http_limits: HttpLimits

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._due: asyncio.TimerHandle | None = None
        self.idle_since = self.loop.time()

    @property
    def idle(self) -> bool:
        """Whether nothing is asked on it at the moment."""
        return self.conn.their_state is h11.IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(corked(transport, self.loop))
        self._close_in(self.http_limits.head)
        if len(self.connections) > self.http_limits.connections:
            idle = [one for one in self.connections if isinstance(one, _LimitedHttp) and one.idle]
            min(idle, key=lambda one: one.idle_since).close_now()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.idle and self._due is None:
            self._close_in(self.http_limits.head)
        elif not self.idle and self.cycle is not None and not self.cycle.response_complete:
            self._keep()

    def on_response_complete(self) -> None:
        self.idle_since = self.loop.time()
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:  # it was answered before its body came to an end
            self._close_in(self.http_limits.body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep()
        super().connection_lost(exc)

    def close_now(self) -> None:
        """Close it without a word: nothing that was asked waits for an answer."""
        self._keep()
        self.transport.close()
        self.connections.discard(self)

    def _close_in(self, seconds: float) -> None:
        self._keep()
        self._due = self.loop.call_later(seconds, self.close_now)

    def _keep(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
