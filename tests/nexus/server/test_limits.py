"""A real server with short limits, and clients that say nothing, too little or too slowly."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from nexus.server.body import read_body
from nexus.server.limits import HttpLimits, server_of
from nexus.server.problems import HANDLERS
from tests.patience import PATIENCE

#: A limit that no test is meant to meet.
NEVER = 600.0
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
SLOW_POST = b"POST / HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"


@asynccontextmanager
async def running(limits: HttpLimits) -> AsyncIterator[int]:
    """A server that answers every request with the length of its body; its port."""

    async def length(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await read_body(request))))

    routes = [Route("/", length, methods=["GET", "POST"])]
    app = Starlette(routes=routes, exception_handlers=HANDLERS)
    app.state.limits = limits
    server = server_of(app, limits)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        serving = asyncio.create_task(server.serve([sock]))
        try:
            yield sock.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What still comes until the other side closes."""
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


async def says(reader: asyncio.StreamReader, words: bytes) -> bytes:
    """Wait until the server says some words; all that it said up to them."""
    async with asyncio.timeout(PATIENCE):
        return await reader.readuntil(words)


@pytest.mark.parametrize("begun", [b"", b"POST /", GET[:-2]])
async def test_a_request_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    async with running(HttpLimits(head=0.2, body=NEVER, keep_alive=NEVER)) as port:
        many = [await connected(port) for _ in range(20)]
        for _, writer in many:
            writer.write(begun)
        for reader, writer in many:
            assert await rest(reader) == b""
            writer.close()


async def test_nor_is_a_second_request_that_comes_in_part() -> None:
    async with running(HttpLimits(head=0.2, keep_alive=NEVER)) as port:
        reader, writer = await connected(port)
        writer.write(GET)
        await says(reader, b"\r\n\r\n0")
        writer.write(GET[:5])
        assert await rest(reader) == b""
        writer.close()


async def test_what_is_no_http_is_refused_and_the_next_one_is_answered() -> None:
    async with running(HttpLimits()) as port:
        for asked, status in ((b"\0\r\n\r\n", b"400"), (b"GET /" + b"a" * 99_999, b"400"), (GET, b"200")):
            reader, writer = await connected(port)
            writer.write(asked)
            assert (await says(reader, b"\r\n")).startswith(b"HTTP/1.1 " + status)
            writer.close()


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async with running(HttpLimits(head=NEVER, body=0.2, keep_alive=NEVER)) as port:
        reader, writer = await connected(port)
        writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
        said = await rest(reader)
        assert said.startswith(b"HTTP/1.1 408")
        assert b"the body did not come within 0.2 s; nothing was read, send it again" in said
        writer.close()


async def test_a_connection_is_kept_between_requests_only_so_long() -> None:
    async with running(HttpLimits(head=NEVER, keep_alive=1)) as port:
        reader, writer = await connected(port)
        writer.write(GET)
        assert (await rest(reader)).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_of_too_many_connections_the_one_that_is_idle_longest_is_closed() -> None:
    async with running(HttpLimits(connections=3, head=NEVER, keep_alive=NEVER)) as port:
        first, second, *others = [await connected(port) for _ in range(3)]
        first[1].write(GET)  # it asked something after the second one came
        await says(first[0], b"\r\n\r\n0")
        others.append(await connected(port))
        assert await rest(second[0]) == b""
        first[1].write(GET)
        await says(first[0], b"200 OK")
        for _, writer in (first, second, *others):
            writer.close()


async def test_while_every_connection_is_busy_a_further_one_is_closed() -> None:
    async with running(HttpLimits(connections=2, head=NEVER, body=NEVER)) as port:
        busy = [await connected(port) for _ in range(2)]
        for reader, writer in busy:
            writer.write(SLOW_POST)
            await says(reader, b"100 Continue")
        turned_away, writer = await connected(port)
        assert await rest(turned_away) == b""
        writer.close()
        for reader, writer in busy:
            writer.write(b"{}")
            await says(reader, b"200 OK")
            writer.close()
