"""What every part that is asked directly keeps to, whatever it is: well, ill, or gone."""

import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from incidents.health import Probe
from nexus.config.site import Site
from tests.tools.live.fakes import kubernetes as cluster
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.real import MARIADB_ROOT, running_mariadb, running_redis
from tools.clock import VirtualClock
from tools.live.checks import check_backends
from tools.live.health import LiveHealth
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.telemetry.data_gaps import collect_gaps

CLOCK = VirtualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
#: Nobody listens there.
NOWHERE = "127.0.0.1:9"
#: Of servers that live for a test.
PASSWORD = "hunter2-hunter2"
#: As much as a sentence of a part may have, in characters.
LONGEST = 1_000

KINDS = (
    "endpoint", "openapi", "status_page", "http", "kubernetes", "postgres", "mariadb", "redis", "rabbitmq",
)  # fmt: skip


@dataclass
class Part:
    """One part of the service `till`: what `nexus.yaml` says of it, there and where nobody is.

    Attributes:
        spec: an entry of `backends.health`; empty for an endpoint of the catalogue.
        gone: the same at an address that nobody answers.
        secrets: what the references stand for; those of `gone` hold the password.
    """

    spec: Mapping[str, object]
    gone: Mapping[str, object]
    secrets: dict[str, str] = field(default_factory=dict)

    def site(self, *, gone: bool = False) -> Site:
        """The configuration, as a file would say it."""
        spec = dict(self.gone if gone else self.spec)
        endpoints = [spec.pop("endpoint")] if "endpoint" in spec else []
        return Site.model_validate(
            {
                "services": [{"name": "till", "endpoints": endpoints}, {"name": "other"}],
                "backends": {"health": [spec] if spec else []},
            }
        )


def _over_http(asked: Asked) -> Answer:
    if asked.path == "/openapi.json":
        return told({"paths": {"/status": {"get": {}}}})
    if asked.path == "/api/v2/summary.json":
        return told({"status": {"indicator": "none", "description": "All Systems Operational"}})
    # RabbitMQ is a stand-in here, of 3.10 (tests/tools/live/test_health_rabbitmq.py asks a real one).
    match asked.path:
        case "/api/overview":
            return told({"rabbitmq_version": "3.10.8", "object_totals": {"queues": 1}, "queue_totals": {}})
        case "/api/nodes":
            return told([{"name": "a", "running": True}])
        case "/api/queues":
            return told({"items": [{"name": "mails", "vhost": "/", "consumers": 1}], "total_count": 1})
    return told({"waiting": 3})


@contextmanager
def _http(kind: str) -> Iterator[Part]:
    with serving(_over_http) as server:
        common: dict[str, object] = {"kind": kind, "service": "till", "timeout": "2s"}
        common["auth"] = {"bearer": "env:TOKEN"}
        if kind == "http":
            common["gauges"] = [{"name": "waiting", "find": "waiting", "above": 10}]
        yield Part(common | {"url": server.url}, common | {"url": f"http://{NOWHERE}"}, {"TOKEN": PASSWORD})


@contextmanager
def _endpoint() -> Iterator[Part]:
    with serving(_over_http) as server:
        there, gone = (
            {"endpoint": {"name": "/status", "url": f"{at}/status"}}
            for at in (server.url, f"http://{NOWHERE}")
        )
        yield Part(there, gone)


@contextmanager
def _kubernetes() -> Iterator[Part]:
    with serving(cluster.FakeKubernetes()) as server:
        common = {"kind": "kubernetes", "service": "till", "namespace": "shop", "workload": "checkout",
                  "auth": {"bearer": "env:KUBE"}, "timeout": "2s"}  # fmt: skip
        secrets = {"KUBE": cluster.TOKEN}
        yield Part(common | {"url": server.url}, common | {"url": f"http://{NOWHERE}"}, secrets)


@contextmanager
def _postgres(request: pytest.FixtureRequest) -> Iterator[Part]:
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    secrets = {
        "DSN": request.getfixturevalue("postgres").empty().url.get_secret_value(),
        "GONE": f"postgresql://nexus:{PASSWORD}@{NOWHERE}/x",
    }
    common = {"kind": "postgres", "service": "till", "timeout": "2s"}
    yield Part(common | {"dsn": "env:DSN"}, common | {"dsn": "env:GONE"}, secrets)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running_redis(tmp_path_factory.mktemp("redis"), "--requirepass", PASSWORD) as port:
        yield port


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as port:
        yield port


@contextmanager
def _server(kind: str, port: int, password: str, **more: str) -> Iterator[Part]:
    common = {"kind": kind, "service": "till", "timeout": "2s", "password": "env:PASSWORD", **more}
    there, gone = (common | {"url": f"{kind}://{at}"} for at in (f"127.0.0.1:{port}", NOWHERE))
    yield Part(there, gone, {"PASSWORD": password})


@pytest.fixture(params=KINDS)
def part(request: pytest.FixtureRequest) -> Iterator[Part]:
    match str(request.param):
        case "endpoint":
            made = _endpoint()
        case "kubernetes":
            made = _kubernetes()
        case "postgres":
            made = _postgres(request)
        case "redis":
            made = _server("redis", request.getfixturevalue("redis"), PASSWORD)
        case "mariadb":
            made = _server("mariadb", request.getfixturevalue("mariadb"), MARIADB_ROOT, user="root")
        case kind:
            made = _http(kind)
    with made as found:
        yield found


@asynccontextmanager
async def health(site: Site, secrets: Mapping[str, str]) -> AsyncIterator[LiveHealth]:
    made = LiveHealth(site.backends.health, site.catalogue, Secrets(secrets), CLOCK)
    try:
        yield made
    finally:
        await made.aclose()


def well_formed(probe: Probe) -> bool:
    return (
        probe.service == "till"
        and probe.at == CLOCK.now()
        and probe.milliseconds >= 0
        and probe.said == " ".join(probe.said.split())
        and 0 < len(probe.said) <= LONGEST
        and all(math.isfinite(figure.value) and figure.name for figure in probe.figures)
    )


async def test_a_part_that_is_well_says_so_in_a_sentence_with_finite_figures(part: Part) -> None:
    async with health(part.site(), part.secrets) as asked:
        (probe,) = await asked.probe()
    assert (probe.healthy, well_formed(probe)) == (True, True), probe


async def test_only_the_parts_of_the_services_named_are_asked(part: Part) -> None:
    async with health(part.site(), part.secrets) as asked:
        assert [one.service for one in await asked.probe(["till"])] == ["till"]
        assert await asked.probe(["other"]) == ()


async def test_a_part_that_is_gone_is_unhealthy_or_a_gap_and_tells_no_secret(part: Part) -> None:
    async with health(part.site(gone=True), part.secrets) as asked:
        with collect_gaps() as gaps:
            found = await asked.probe()
    assert [one for one in found if one.healthy] == []
    assert all(map(well_formed, found))
    assert bool(found) is not bool(gaps)
    assert PASSWORD not in f"{found} {gaps}"


async def test_doctor_asks_it_and_says_what_it_said(part: Part) -> None:
    for gone in (False, True):
        site = part.site(gone=gone)
        checked = await check_backends(site.backends, site.catalogue, Secrets(part.secrets), CLOCK)
        assert any(one.answers for one in checked) is not gone, checked
        assert PASSWORD not in str(checked)


async def test_a_secret_that_is_not_set_is_named_and_nothing_is_asked(part: Part) -> None:
    site = part.site()
    named = [name for name in ("TOKEN", "KUBE", "DSN", "PASSWORD") if f"env:{name}" in str(part.spec)]
    # What is public on purpose is asked without.
    if not named:
        pytest.skip("it takes no secret")
    async with health(site, {}) as asked:
        with collect_gaps() as gaps:
            assert await asked.probe() == ()
    assert f"{named[0]} is not set" in "; ".join(gaps)


def test_what_can_be_configured_is_in_this_suite() -> None:
    tried = {kind for kind in KINDS if kind != "endpoint"}
    schema = Backends.model_json_schema()["properties"]["health"]["items"]["discriminator"]["mapping"]
    assert tried == set(schema)
