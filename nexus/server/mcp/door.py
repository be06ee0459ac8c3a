"""The tools over streamable HTTP, mounted on the server: who comes in, from where, and for whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from incidents.errors import NexusError
from nexus.server.auth import Authenticator
from nexus.server.body import read_again, read_body
from nexus.server.mcp.desk import AgentDesk, Caller
from nexus.server.problems import problem, refusal
from nexus.service.restricting import hidden
from tools.extras import install_command, missing_extras

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

#: Where it is mounted, and where the scope of a request holds for whom it comes.
PATH, CALLER = "/mcp", "nexus.caller"
_PORTS = {"http": 80, "https": 443}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def is_expected(public_url: str | None, host: str, origin: str) -> int:
    """Whether a request is for us: 0, or the status of the refusal.

    A page of another site that has made its own name mean this machine shows that name as the host.

    Args:
        public_url: where browsers reach the server; None: on this machine alone.
        host: the header `Host`.
        origin: the header `Origin`; empty: no browser sent it.
    """
    if public_url is None:
        found = urlsplit(f"//{host}").hostname
        if found not in _HERE:
            return 421
        return 0 if not origin or urlsplit(origin).hostname in _HERE else 403
    ours = urlsplit(public_url)
    if _place(f"{ours.scheme}://{host}") != _place(public_url):
        return 421
    return 0 if not origin or _place(origin) == _place(public_url) else 403


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, name and port; a port that cannot be one is none of ours."""
    try:
        parts = urlsplit(url)
        extra = bool(parts.username or parts.path or parts.query or parts.fragment)
        port = -1 if extra else parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", None, -1
    return parts.scheme, parts.hostname, port


@dataclass
class McpDoor:
    """Answers `POST /mcp`.

    Args:
        desk: the service.
        people: knows whose token it is.
    """

    desk: AgentDesk
    people: Authenticator
    _manager: "StreamableHTTPSessionManager | None" = field(default=None, init=False)

    @property
    def route(self) -> Route:
        """Where it is."""
        return Route(PATH, _Endpoint(self), methods=["POST"])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server runs. Without the extra there is nothing to run, and a call says so."""
        if missing_extras(("mcp",)):
            yield
            return
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: PLC0415

        from nexus.server.mcp.protocol import protocol_server  # noqa: PLC0415 - it comes with the extra

        server = protocol_server(self.desk, _caller_of)
        # Without sessions: each request shows its token, and nothing of another one is kept for it.
        self._manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        async with self._manager.run():
            yield
        self._manager = None

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        request = Request(scope, receive)
        try:
            self._require_for_us(request)
            manager = self._running_manager()
            actor = await self.people.program(request)
            scope[CALLER] = Caller(actor, await hidden(self.desk.home.store, actor))
            body = await read_body(request)
        except HTTPException as error:
            await problem(error.status_code, error.detail, error.headers)(scope, receive, send)
        except NexusError as error:
            await refusal(error)(scope, receive, send)
        else:
            await manager.handle_request(scope, read_again(body, receive), send)

    def _running_manager(self) -> "StreamableHTTPSessionManager":
        if self._manager is None:
            wants = install_command("mcp")
            raise HTTPException(503, f"this server has no extra `mcp`, which this takes: {wants}")
        return self._manager

    def _require_for_us(self, request: Request) -> None:
        site = self.desk.intake.site if self.desk.intake is not None else None
        public_url = site.server.public_url if site is not None else None
        host, origin = request.headers.get("host", ""), request.headers.get("origin", "")
        match is_expected(public_url, host, origin):
            case 421:
                raise HTTPException(
                    421, "this is not the host that server.public_url of nexus.yaml names; without one it is "
                    "this machine alone",
                )  # fmt: skip
            case 403:
                raise HTTPException(403, "a page of another site sent this")
            case _:
                return


class _Endpoint:
    """A class of its own: Starlette takes an instance for an application, a method for a function."""

    def __init__(self, door: McpDoor) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door.answer(scope, receive, send)


async def _caller_of(request: Request | None) -> Caller:
    assert request is not None  # over HTTP there is one  # noqa: S101
    caller: Caller = request.scope[CALLER]
    return caller
