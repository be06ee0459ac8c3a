"""Servers that answer and do not tell: worded as refusals with the server's reason, and never as outages."""

import json

import psycopg
import pytest

from incidents.catalogue import Service
from incidents.errors import Declined, ToolFailed
from tests.postgres import PostgresServer
from tests.tools.live.fakes.server import Answer, serving
from tests.tools.live.test_health import health
from tools.live.http import Backend
from tools.live.partial import gather_parts
from tools.live.secrets import Secrets
from tools.live.settings_health import Postgres
from tools.live.settings_http import Http
from tools.telemetry.data_gaps import collect_gaps


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, '{"message": "token expired at 09:00"}', "token expired at 09:00"),
        (403, "tenant shop is suspended", "tenant shop is suspended"),
        (403, "<html>forbidden</html>", ""),
        (407, "the proxy wants a name", "the proxy wants a name"),
    ],
)
async def test_a_backend_that_refuses_is_told_with_its_reason(status: int, body: str, reason: str) -> None:
    with serving(lambda _: Answer(body, status)) as server:
        backend = Backend("Loki", Http.model_validate({"url": server.url}), Secrets({}))
        with pytest.raises(Declined) as refused:
            await backend.get("/x")
        await backend.aclose()
    said = str(refused.value)
    assert f"refused the credentials ({status})" in said
    assert reason in said
    assert "unavailable" not in said
    assert "cannot be reached" not in said


@pytest.mark.parametrize(("others", "kind"), [(403, Declined), (500, ToolFailed)])
async def test_parts_that_are_all_refused_are_a_refusal(others: int, kind: type[ToolFailed]) -> None:
    def answer(asked: object) -> Answer:
        return Answer("no", 403 if getattr(asked, "path", "") == "/a" else others)

    with serving(answer) as server:
        backend = Backend("Loki", Http.model_validate({"url": server.url}), Secrets({}))
        with pytest.raises(ToolFailed) as failed:
            await gather_parts({"a": lambda: backend.get("/a"), "b": lambda: backend.get("/b")})
        await backend.aclose()
    assert type(failed.value) is kind


@pytest.mark.parametrize("status", [401, 403])
async def test_an_endpoint_that_wants_a_login_is_not_called_ill(status: int) -> None:
    with serving(lambda _: Answer(json.dumps({"error": "staff only"}), status)) as server:
        web = Service.model_validate(
            {
                "name": "web",
                "endpoints": [
                    {"name": "/health", "url": f"{server.url}/health"},
                    {"name": "/admin", "url": f"{server.url}/admin", "expect": status},
                ],
            }
        )
        async with health(services=(web,)) as asked:
            with collect_gaps() as gaps:
                found = await asked.probe()
    assert [(one.target, one.healthy) for one in found] == [("GET /admin", True)]
    (gap,) = gaps
    assert f"GET /health of web answers and refuses to tell how it is ({status}" in gap
    assert "staff only" in gap
    assert "no outage" in gap


async def test_a_database_that_turns_the_account_away_is_not_called_ill(postgres: PostgresServer) -> None:
    spec = Postgres.model_validate({"kind": "postgres", "service": "db", "dsn": "env:DSN"})
    dsn = postgres.uri
    for wrong in (dsn.replace("://postgres:", "://nobody:"), dsn.replace("/postgres?", "/elsewhere?")):
        assert wrong != dsn
        async with health(spec, services=(Service(name="db"),), DSN=wrong) as asked:
            with collect_gaps() as gaps:
                assert await asked.probe() == ()
        (gap,) = gaps
        assert "does not exist" in gap
        assert "no outage" in gap
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as own:
        await own.execute("create role crowd login connection limit 0")
        full_dsn = dsn.replace("://postgres:", "://crowd:")
        async with health(spec, services=(Service(name="db"),), DSN=full_dsn) as asked:
            (full,) = await asked.probe()
        await own.execute("drop role crowd")
    assert not full.healthy
