"""Redis asked from inside: a real server on this machine, in the states that incidents have."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.catalogue import Catalogue, Service
from incidents.errors import ToolFailed
from incidents.health import Probe
from tests.tools.live.real import running_redis
from tools.clock import VirtualClock
from tools.live.health import LiveHealth
from tools.live.health.redis_judged import Reading, Slow, judged
from tools.live.health.resp import LARGEST, Resp, ServerError
from tools.live.secrets import Secrets
from tools.live.settings_health import Redis
from tools.telemetry.data_gaps import collect_gaps

CLOCK = VirtualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
PASSWORD = "hunter2-hunter2"
SPEC = Redis.model_validate({"kind": "redis", "service": "cache", "url": "redis://cache"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redis")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    with running_redis(
        folder, "--enable-debug-command", "local", "--slowlog-log-slower-than", "200000"
    ) as found:
        yield found


async def told(port: int, **more: object) -> tuple[tuple[Probe, ...], str]:
    """What the server says to a question, and the gaps."""
    spec = Redis.model_validate(
        {"kind": "redis", "service": "cache", "url": f"redis://127.0.0.1:{port}", **more}
    )
    health = LiveHealth(
        [spec], Catalogue(services=(Service(name="cache"),)), Secrets({"PASSWORD": PASSWORD}), CLOCK
    )
    with collect_gaps() as gaps:
        found = await health.probe()
    await health.aclose()
    return found, "; ".join(gaps)


@asynccontextmanager
async def at(port: int) -> AsyncIterator[Resp]:
    async with Resp("127.0.0.1", port, None) as server:
        yield server


async def fill(server: Resp) -> None:
    for number in range(9):
        await server.ask("SET", f"more {number}", "x" * 200_000)


def figures(probe: Probe) -> dict[str, float]:
    return {one.name: one.value for one in probe.figures}


async def test_a_server_that_is_well_tells_its_memory_its_clients_and_its_part(port: int) -> None:
    (found,), gaps = await told(port)
    assert (found.healthy, gaps) == (True, "")
    assert found.said.startswith("primary with 0 replicas; memory ")
    assert figures(found)["clients"] >= 1
    assert figures(found)["memory in use"] > 100_000


async def test_a_command_that_held_up_the_others_is_named_without_whose_key_it_was(port: int) -> None:
    async with at(port) as server:
        await server.ask("CONFIG", "SET", "slowlog-log-slower-than", "0")
        await server.ask("HGETALL", "session:ana@example.org")
        await server.ask("CONFIG", "SET", "slowlog-log-slower-than", "200000")
        (calm,), _ = await told(port)
        await server.ask("DEBUG", "SLEEP", "1.1")
        (found,), _ = await told(port)
        await server.ask("SLOWLOG", "RESET")
    assert calm.healthy
    assert "HGETALL session:… " in calm.said
    assert not found.healthy
    assert found.said.startswith(
        "1 commands took more than 1 s in the last 10 min, each of which held up all others: DEBUG … 1."
    )
    assert "example.org" not in calm.said + found.said


async def test_a_memory_that_is_nearly_full_is_wrong_where_nothing_is_evicted(port: int) -> None:
    async with at(port) as server:
        await server.ask("SET", "big", "x" * 500_000)
        used = int(str(await server.ask("INFO", "memory")).split("used_memory:")[1].split()[0])
        await server.ask("CONFIG", "SET", "maxmemory", str(used + 20_000))
        (full,), _ = await told(port)
        with pytest.raises(ServerError, match="OOM"):
            await fill(server)
        await server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        await fill(server)
        (evicting,), _ = await told(port)
        for name, value in (("maxmemory", "0"), ("maxmemory-policy", "noeviction")):
            await server.ask("CONFIG", "SET", name, value)
    assert (full.healthy, evicting.healthy) == (False, True)
    assert "of its memory is in use and nothing is evicted: when full it refuses writes" in full.said
    assert re.search(r"\(allkeys-lru\); [1-9] keys evicted since its start", evicting.said)


async def test_the_least_rights_are_enough_and_what_a_lesser_user_lacks_is_named(port: int) -> None:
    async with at(port) as server:
        for user, rights in (
            ("nexus", ("+info", "+slowlog|get")),
            ("less", ("+info",)),
            ("none", ("+ping",)),
        ):
            await server.ask("ACL", "SETUSER", user, "on", f">{PASSWORD}", "resetchannels", "-@all", *rights)
    enough, gaps = await told(port, user="nexus", password="env:PASSWORD")
    assert (len(enough), gaps) == (1, "")
    less, gaps = await told(port, user="less", password="env:PASSWORD")
    assert (len(less), "its user lacks `+slowlog|get`" in gaps) == (1, True)
    for user in ("none", "nobody"):
        found, gaps = await told(port, user=user, password="env:PASSWORD")
        assert found == ()
        assert "answers and refuses the user of Nexus (" in gaps
        assert PASSWORD not in gaps


async def test_a_server_that_wants_a_password_is_no_outage(folder: Path) -> None:
    with running_redis(folder, "--requirepass", PASSWORD) as port:
        found, gaps = await told(port)
        assert (found, "NOAUTH" in gaps) == ((), True)
        (probe,), gaps = await told(port, password="env:PASSWORD")
        assert (probe.healthy, gaps) == (True, "")


async def test_a_server_that_takes_no_more_clients_is_ill(folder: Path) -> None:
    with running_redis(folder, "--maxclients", "10") as port:
        taken = [await _served(port) for _ in range(10)]
        (found,), _ = await told(port)
        for writer in taken:
            writer.close()
    assert not found.healthy
    assert found.said == "does not answer: ERR max number of clients reached"


async def _served(port: int) -> asyncio.StreamWriter:
    """A connection that the server took: whoever asked whether it listens may still have one."""
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PING\r\n")
        if await reader.readline() == b"+PONG\r\n":
            return writer
        writer.close()


async def test_a_replica_without_its_primary_is_ill(folder: Path) -> None:
    with running_redis(folder, "--replicaof", "127.0.0.1 9") as port:
        (found,), _ = await told(port)
    assert not found.healthy
    assert found.said.startswith("this replica has had no link to its primary for ")


async def test_a_primary_knows_its_replica(port: int, folder: Path) -> None:
    with running_redis(folder, "--replicaof", f"127.0.0.1 {port}", "--repl-diskless-sync-delay", "0"):
        while not (found := await told(port))[0][0].said.startswith("primary with 1 replicas"):
            pass
    assert "replica" in found[0][0].said


async def test_what_answers_and_is_no_redis_is_a_gap() -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(web, "127.0.0.1", 0) as server:
        found, gaps = await told(server.sockets[0].getsockname()[1])
    assert (found, "what answers there is no Redis" in gaps) == ((), True)


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    for url in ("redis://:hunter2@cache", "redis://cache/0?password=hunter2", "http://cache"):
        with pytest.raises(ValidationError) as error:
            Redis.model_validate({"kind": "redis", "service": "cache", "url": url})
        assert "hunter2" not in error.value.errors()[0]["msg"]


def test_what_was_slow_long_ago_is_not_of_now() -> None:
    info = {"server_time_usec": "2000000000", "redis_version": "7"}
    old, new = Slow(at=1_000, seconds=9, command="KEYS", first="*"), Slow(1_990, 3, "sort", "orders:7")
    found = judged(Reading({**info, "server_time_usec": str(2_000 * 10**6)}, (old, new)), SPEC)
    assert found.wrong[0].endswith("SORT orders:… 3 s")


@given(
    st.dictionaries(st.sampled_from([*"abc", "slave0", "maxclients", "used_memory", "loading"]), st.text())
)
def test_no_field_of_info_breaks_the_judgement(info: dict[str, str]) -> None:
    assert judged(Reading(info), SPEC).stands


@given(
    st.binary(max_size=60)
    | st.sampled_from([b"$9999999\r\n", b"*1\r\n" * 9, b":x\r\n", b"*-1\r\n", b"$-1\r\n"])
)
def test_whatever_answers_is_read_or_refused(sent: bytes) -> None:
    async def read() -> None:
        server = Resp("", 0, None)
        server._reader = asyncio.StreamReader(limit=LARGEST)
        server._reader.feed_data(sent)
        server._reader.feed_eof()
        with suppress(ToolFailed, ServerError, ConnectionError):
            await server._reply(0)

    asyncio.run(read())
