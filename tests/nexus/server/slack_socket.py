"""A stand-in for Slack's Socket Mode, written from its documents: it gives addresses and sends envelopes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.nexus.notify.conformance.provider import Asked, Provider, Reply, provider
from tests.patience import PATIENCE

APP_TOKEN = "xapp-1-A1-17-test"


@dataclass
class Line:
    """One connection of the app, as Slack sees it."""

    connection: ServerConnection
    acknowledged: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, frame: object) -> None:
        await self.connection.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def heard(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self.acknowledged.get()


@dataclass
class SlackSockets:
    """Slack, with its Web API on a port and its WebSockets on another.

    Attributes:
        says: while set, is answered to `apps.connections.open`.
        first: what a connection is greeted with.
        leads_to: where an opening is sent instead; empty: nowhere.
        refuses: the status that an opening of a connection is refused with; 0: it is let in.
    """

    api: Provider
    port: int = 0
    says: Reply | None = None
    first: list[object] = field(default_factory=lambda: [{"type": "hello", "num_connections": 1}])
    leads_to: str = ""
    refuses: int = 0
    tickets: list[str] = field(default_factory=list)
    opened: asyncio.Queue[Line] = field(default_factory=asyncio.Queue)
    _numbers: Any = field(default_factory=lambda: count(1))

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/apps.connections.open":
            return Reply(body={"ok": True})
        if asked.headers.get("authorization") != f"Bearer {APP_TOKEN}":
            return Reply(body={"ok": False, "error": "not_allowed_token_type"})
        if self.says is not None:
            return self.says
        self.tickets.append(f"ticket-{next(self._numbers)}")
        return Reply(
            body={"ok": True, "url": f"ws://127.0.0.1:{self.port}/link/?ticket={self.tickets[-1]}&app_id=1"}
        )

    async def line(self) -> Line:
        """The next connection that is opened."""
        async with asyncio.timeout(PATIENCE):
            return await self.opened.get()

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        ticket = request.path.partition("ticket=")[2].partition("&")[0]
        if self.leads_to:
            elsewhere = connection.respond(302, "moved\n")
            elsewhere.headers["Location"] = self.leads_to
            return elsewhere
        if self.refuses:
            return connection.respond(self.refuses, "no\n")
        if ticket not in self.tickets:
            return connection.respond(401, "each address serves once\n")
        self.tickets.remove(ticket)
        return None

    async def serve(self, connection: ServerConnection) -> None:
        line = Line(connection)
        try:
            for frame in self.first:
                await line.send(frame)
            self.opened.put_nowait(line)
            async for said in connection:
                line.acknowledged.put_nowait(json.loads(said))
        except ConnectionClosed:
            pass
        finally:
            line.ended.set()

    def told(self, method: str) -> list[dict[str, Any]]:
        return [one.json for one in self.api.asked if one.path == f"/{method}"]


@asynccontextmanager
async def slack_sockets() -> AsyncIterator[SlackSockets]:
    """One, while the block lasts."""
    made = list[SlackSockets]()
    async with provider(lambda asked: made[0].answer(asked)) as api:
        made.append(one := SlackSockets(api))
        async with serve(one.serve, "127.0.0.1", 0, process_request=one.check, close_timeout=1) as server:
            one.port = next(iter(server.sockets)).getsockname()[1]
            yield one
