"""Of a large catalogue only what is looked at is asked for; a real Prometheus answers the same rows."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.real import running_prometheus
from tools.clock import VirtualClock
from tools.live.metrics import PrometheusMetrics, live_metrics
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus
from tools.telemetry.data_gaps import collect_gaps

BEGIN = datetime(2026, 3, 12, 10, tzinfo=UTC)
NOW = BEGIN + timedelta(minutes=10)
WINDOW = Window(start=BEGIN, end=NOW)
#: How a backend may call services, and what only looks alike.
SAID = (
    "checkout", "shop/Checkout", "checkout.shop.svc.cluster.local:8080", "checkout-api", "my-checkout",
    "pay.v2", "payxv2", 'od"d\\name', "web",
)  # fmt: skip
NAMES = ("checkout", "pay.v2", "web", 'od"d\\name', *(f"service-{number}" for number in range(60)))
ASKED = ("checkout", "pay.v2", 'od"d\\name')


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def port_of(url: str, names: tuple[str, ...] = NAMES) -> PrometheusMetrics:
    series = [
        {"metric": "cpu", "unit": "ratio", "query": "sum by (service, instance) (cpu)"},
        {
            "metric": "cpu_share",
            "unit": "ratio",
            "query": "sum by (service) (cpu) / on () group_left sum(cpu)",
        },
        {"metric": "jobs", "unit": "count", "query": "jobs"},
    ]
    spec = Prometheus.model_validate({"kind": "prometheus", "url": url, "series": series, "step": "30s"})
    return live_metrics(spec, names, Secrets({}), VirtualClock(NOW))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    samples = [
        f'cpu{{service="{quoted(said)}",instance="{number}"}} {number + 1} {(BEGIN + step).timestamp():.3f}'
        for number, said in enumerate(SAID)
        for step in (timedelta(seconds=30 * n) for n in range(20))
    ]
    with running_prometheus(tmp_path_factory.mktemp("narrowed") / "prometheus", samples) as url:
        yield url


async def frame_of(port: PrometheusMetrics, services: tuple[str, ...]) -> tuple[pl.DataFrame, list[str]]:
    try:
        with collect_gaps() as gaps:
            return await port.metrics(WINDOW, services), gaps
    finally:
        await port.aclose()


async def test_a_narrowed_question_has_the_rows_of_the_whole_one(real: str) -> None:
    whole, _ = await frame_of(port_of(real), ())
    part, gaps = await frame_of(port_of(real), ASKED)
    assert_frame_equal(part, whole.filter(pl.col("service").is_in(ASKED)))
    assert set(part["instance"]) == {"0", "1", "2", "5", "7", ""}
    assert gaps[-1].endswith(" has no data of jobs about the services that are looked at")


async def test_what_is_not_asked_for_is_not_sent_and_a_long_question_is_a_form() -> None:
    empty = told({"status": "success", "data": {"resultType": "matrix", "result": []}})
    with serving(lambda _: empty) as server:
        await frame_of(port_of(server.url), ("web",))
        await frame_of(port_of(server.url), tuple(f"service-{n}-of-the-shop" for n in range(60)))
        await frame_of(port_of(server.url, NAMES[:9]), ("web",))
    # The team's own rules are asked for beside them, where what reads them is installed.
    asked = [one for one in server.asked if not one.path.endswith("/rules")]
    few, many, small = asked[:3], asked[3:6], asked[6:]
    assert {(one.method, "web" in one.one("query")) for one in few} == {("GET", True)}
    assert {(one.method, "service" in one.one("query")) for one in many} == {("POST", True)}
    assert {one.one("query") for one in small} >= {"jobs"}


async def test_two_who_ask_for_different_services_at_once_hear_of_their_own() -> None:
    def answer(asked: Asked) -> Answer:
        query = asked.one("query")
        name = next(name for name in ("web", "checkout") if name in query)
        values = [[NOW.timestamp() - 60, "1"]]
        result = [{"metric": {"service": name, "instance": "a"}, "values": values}]
        return told({"status": "success", "data": {"resultType": "matrix", "result": result}})

    with serving(answer) as server:
        port = port_of(server.url)
        one, two = await asyncio.gather(port.metrics(WINDOW, ("web",)), port.metrics(WINDOW, ("checkout",)))
        await port.aclose()
    assert (set(one["service"]), set(two["service"])) == ({"web"}, {"checkout"})
