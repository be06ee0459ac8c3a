"""Parts asked directly: real servers on this machine, healthy, ill, silent or talking nonsense."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from incidents.catalogue import Catalogue, Service
from tests.postgres import PostgresServer
from tests.tools.live.fakes.server import Answer, Asked, serving
from tools.clock import VirtualClock
from tools.live.health import LiveHealth
from tools.live.secrets import Secrets
from tools.live.settings_health import OpenApi, Postgres, StatusPageSpec
from tools.telemetry.data_gaps import collect_gaps

CLOCK = VirtualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))

ANSWERS: dict[str, tuple[int, Any]] = {
    "/health": (200, {"ok": True}),
    "/ill": (503, "password=hunter2-hunter2 pool exhausted"),
    "/openapi.json": (
        200,
        {
            "paths": {
                "/health": {"get": {}},
                "/orders/{id}": {"get": {}},
                "/search": {"get": {"parameters": [{"name": "q", "required": True}]}},
                "/pay": {"post": {}},
            }
        },
    ),
    "/fine/api/v2/summary.json": (
        200, {"status": {"indicator": "none", "description": "All Systems Operational"}, "incidents": []}
    ),
    "/down/api/v2/summary.json": (
        200,
        {
            "status": {"indicator": "major", "description": "Major outage"},
            "incidents": [{"name": "Card payments fail"}],
        },
    ),
    "/odd/api/v2/summary.json": (200, {"hello": "there"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    def answer(asked: Asked) -> Answer:
        status, body = ANSWERS.get(asked.path, (404, "nothing here"))
        return Answer(body if isinstance(body, str) else json.dumps(body), status)

    with serving(answer) as server:
        yield server.url


@asynccontextmanager
async def health(
    *specs: object, services: tuple[Service, ...] = (), **secrets: str
) -> AsyncIterator[LiveHealth]:
    made = LiveHealth(specs, Catalogue(services=services), Secrets(secrets), CLOCK)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.aclose()


async def test_endpoints_are_asked_and_the_unhealthy_come_first(url: str) -> None:
    web = Service.model_validate(
        {
            "name": "web",
            "endpoints": [
                {"name": "/health", "url": f"{url}/health"},
                {"name": "/ill", "url": f"{url}/ill"},
                {"name": "/gone", "url": "http://127.0.0.1:9/x"},
            ],
        }
    )
    async with health(services=(web,)) as asked:
        found = await asked.probe()
    assert [(p.target, p.healthy) for p in found] == [
        ("GET /gone", False),
        ("GET /ill", False),
        ("GET /health", True),
    ]
    assert found[0].said == "no answer: ConnectError"
    assert found[1].said.startswith("503 (expected 200)")
    assert "hunter2" not in found[1].said


async def test_an_openapi_document_names_what_can_be_asked_without_parameters(url: str) -> None:
    spec = OpenApi.model_validate({"kind": "openapi", "service": "web", "url": url})
    async with health(spec, services=(Service(name="web"),)) as asked:
        assert [p.target for p in await asked.probe(["web"])] == ["GET /health"]


@pytest.mark.parametrize(
    ("page", "healthy", "said"),
    [("fine", True, "All Systems Operational"), ("down", False, "open incidents: Card payments fail")],
)
async def test_a_vendors_page_says_how_it_is(url: str, page: str, healthy: bool, said: str) -> None:
    spec = StatusPageSpec.model_validate({"kind": "status_page", "service": "bank", "url": f"{url}/{page}"})
    async with health(spec, services=(Service(name="bank"),)) as asked:
        (found,) = await asked.probe()
    assert found.healthy is healthy
    assert said in found.said


async def test_what_cannot_be_asked_is_a_gap_and_the_others_answer(url: str) -> None:
    odd, fine = (
        StatusPageSpec.model_validate({"kind": "status_page", "service": "bank", "url": f"{url}/{page}"})
        for page in ("odd", "fine")
    )
    dsn = Postgres.model_validate({"kind": "postgres", "service": "bank", "dsn": "env:NOWHERE"})
    async with health(odd, fine, dsn, services=(Service(name="bank"),)) as asked:
        with collect_gaps() as gaps:
            found = await asked.probe()
    assert [p.healthy for p in found] == [True]
    assert ["no Statuspage" in " ".join(gaps), "NOWHERE is not set" in " ".join(gaps)] == [True, True]


async def test_a_database_tells_who_holds_the_lock_that_others_wait_for(postgres: PostgresServer) -> None:
    dsn = postgres.new("locked").url.get_secret_value()
    spec = Postgres.model_validate({"kind": "postgres", "service": "db", "dsn": "env:DSN"})
    async with (
        health(spec, services=(Service(name="db"),), DSN=dsn) as asked,
        await psycopg.AsyncConnection.connect(dsn) as holder,
        await psycopg.AsyncConnection.connect(dsn) as waiter,
    ):
        (calm,) = await asked.probe()
        assert calm.healthy, calm.said
        await holder.execute("create table orders (id int)")
        await holder.commit()
        await holder.execute("lock table orders in access exclusive mode")
        blocked = asyncio.create_task(waiter.execute("select * from orders"))
        found = calm
        while "sessions wait for a lock" not in found.said:
            (found,) = await asked.probe()
        assert "idle in transaction" in found.said
        await holder.rollback()
        await blocked
    async with health(
        spec, services=(Service(name="db"),), DSN="postgresql://u:s3cret@127.0.0.1:9/x"
    ) as asked:
        (silent,) = await asked.probe()
    assert (silent.healthy, "s3cret" in silent.said) == (False, False)


async def test_a_database_that_takes_connections_and_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        dsn = f"postgresql://u:s3cret@127.0.0.1:{mute.getsockname()[1]}/x"
        spec = Postgres.model_validate(
            {"kind": "postgres", "service": "db", "dsn": "env:DSN", "timeout": timedelta(seconds=0.2)}
        )
        async with health(spec, services=(Service(name="db"),), DSN=dsn) as asked:
            (silent,) = await asked.probe()
    assert (silent.healthy, silent.said) == (False, "does not answer: TimeoutError")
