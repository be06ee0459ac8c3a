"""Whatever an address is called or leads to, nothing is asked at a link-local one."""

import ast
import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import ToolFailed
from tests.tools.live.fakes.server import Answer, Asked, serving
from tools.clock import WallClock
from tools.live.http import Backend
from tools.live.link_local import LinkLocal, guarded, is_link_local
from tools.live.secrets import Secrets
from tools.live.settings import Http

ROOT = Path(__file__).parents[3]


@given(st.ip_addresses(network="169.254.0.0/16"))
def test_every_link_local_address_is_one_also_written_into_an_ipv6_one(
    address: ipaddress.IPv4Address,
) -> None:
    number = int(address)
    for written in (
        str(address), f"::ffff:{address}", str(ipaddress.IPv6Address((0x64FF9B << 96) + number)),
    ):  # fmt: skip
        assert is_link_local(written), written


@given(st.ip_addresses(network="fe80::/10"))
def test_so_is_every_one_of_ipv6_with_its_interface(address: ipaddress.IPv6Address) -> None:
    assert is_link_local(str(address))
    assert is_link_local(f"{address}%eth0")


@pytest.mark.parametrize("address", ["fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192"])
def test_so_is_where_clouds_answer_elsewhere(address: str) -> None:
    assert is_link_local(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.7", "203.0.113.9", "fd12::7", "/run/x.sock", ""]
)
def test_what_backends_have_is_none(address: str) -> None:
    assert not is_link_local(address)


class Listener:
    """A server that keeps what it is sent before anything else."""

    def __init__(self) -> None:
        self.heard = b""
        self.connections = 0
        self.ended = asyncio.Event()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.heard += await reader.read()
        writer.close()
        self.ended.set()


@asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[tuple[Listener, int]]:
    listener = Listener()
    async with await asyncio.start_server(listener.take, host, 0, family=socket.AF_INET) as server:
        yield listener, server.sockets[0].getsockname()[1]


def only(address: str) -> "httpx2.AsyncClient":
    """A client that goes anywhere but to one address, as the real one does with those it refuses."""
    return httpx2.AsyncClient(
        event_hooks=guarded(refused=lambda found: found == address), follow_redirects=True, trust_env=False
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_of_a_refused_address_not_a_byte_of_the_request_is_sent(host: str) -> None:
    async with listening() as (listener, port), only("127.0.0.1") as client:
        with pytest.raises(LinkLocal, match=r"127\.0\.0\.1 is a link-local address"):
            await client.get(f"http://{host}:{port}/latest/meta-data", headers={"X-Secret": "s"})
        await listener.ended.wait()
    assert (listener.connections, listener.heard) == (1, b"")


async def test_a_redirect_leads_there_no_more_than_a_name() -> None:
    async with listening("127.0.0.2") as (listener, port):

        def elsewhere(asked: Asked) -> Answer:
            return Answer(status=302, headers={"Location": f"http://127.0.0.2:{port}/latest"})

        with serving(elsewhere) as server:
            async with only("127.0.0.2") as client:
                with pytest.raises(LinkLocal):
                    await client.get(server.url)
        await listener.ended.wait()
    assert (listener.connections, listener.heard) == (1, b"")


async def test_a_backend_that_is_allowed_is_asked_as_before() -> None:
    with serving(lambda asked: Answer("{}")) as server:
        async with httpx2.AsyncClient(event_hooks=guarded(), trust_env=False) as client:
            assert (await client.get(server.url)).text == "{}"


async def test_what_is_configured_link_local_is_named_in_the_sentence() -> None:
    """169.254.0.0 is no host's, so that nothing can answer: the machine says so, or the guard does."""
    spec = Http.model_validate({"url": "http://169.254.0.0:9/", "timeout": "1s"})
    backend = Backend("Prometheus", spec, Secrets({}), WallClock())
    with pytest.raises(ToolFailed, match=r"Prometheus at http://169\.254\.0\.0"):
        await backend.ask("GET", "/", tries=1)
    await backend.aclose()


CLIENTS = ("AsyncClient", "HttpxClient", "OAuth2Client")
#: The user's own server, which they name themselves; this process itself.
FREE = {"nexus/cli/remote.py", "nexus/runtime/warmup.py"}


def clients() -> list[tuple[str, int, bool]]:
    """Where a client over HTTP is made, and whether it is guarded."""
    found = []
    for room in ("agents", "graph", "nexus", "tools"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _named(node.func).endswith(
                    ("AsyncClient", "HttpxClient", "OAuth2Client")
                ):
                    hooked = [one for one in node.keywords if one.arg == "event_hooks"]
                    safe = bool(hooked) and "guarded" in ast.unparse(hooked[0])
                    found.append((str(path.relative_to(ROOT)), node.lineno, safe))
    return found


def _named(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_client_is_guarded() -> None:
    made = clients()
    assert len(made) >= 9
    assert not [(path, line) for path, line, safe in made if not safe and path not in FREE]
