"""The shipped sets of series: how they are recognised, what they mean, what a real server makes of them."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.real import running_prometheus
from tools.analysis.conventions import conventions
from tools.clock import VirtualClock
from tools.live.http import Backend
from tools.live.metrics import Discovered, PrometheusMetrics, discover, live_metrics, recognise
from tools.live.metrics.conventions import series_of, shipped
from tools.live.secrets import Secrets
from tools.live.settings import Labels, Prometheus
from tools.telemetry.data_gaps import collect_gaps

BEGIN = datetime(2026, 3, 12, 10, tzinfo=UTC)
NOW = BEGIN + timedelta(minutes=20)
EVERY = timedelta(seconds=15)


def spec_of(url: str = "http://x", **more: object) -> Prometheus:
    return Prometheus.model_validate({"kind": "prometheus", "url": url, **more})


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_analysis_knows_what_every_shipped_metric_means(name: str) -> None:
    for series in shipped()[name].series:
        assert conventions().meaning(series.metric, series.unit).family != "other"


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (["http_server_request_duration_seconds_count", "up"], ("up", "otel-http")),
        (["process_cpu_seconds_total", "http_requests_total"], ("prometheus-client", "prometheus-http")),
        (["istio_requests_total"], ("istio",)),
        (["http_server_requests_seconds_count"], ("spring",)),
        (["nginx_http_requests_total", "nginx_ingress_controller_requests"], ("nginx", "nginx-ingress")),
        (["db_client_connections_usage"], ("otel-db",)),
        (["something_else"], ()),
    ],
)
def test_conventions_are_recognised_by_names(metrics: list[str], expected: tuple[str, ...]) -> None:
    assert recognise(metrics) == expected


def test_shipped_series_group_by_the_labels_that_the_site_names() -> None:
    labels = Labels(service="app", instance="pod", peer="server_address")
    series = series_of(spec_of(conventions=["otel-http"], labels=labels))
    own, edge = series[0], next(one for one in series if one.peer)
    assert own.query.startswith("sum by (app, pod) (rate(")
    assert (own.service, own.instance) == ("app", "pod")
    assert edge.peer == "server_address"
    assert "@" not in "".join(one.query for one in series)


def test_a_convention_that_fixes_its_labels_keeps_them() -> None:
    series = series_of(spec_of(conventions=["istio"], labels=Labels(service="app", instance="pod")))
    assert {one.service for one in series} == {"destination_workload", "source_workload"}
    assert {one.instance for one in series} == {"pod"}


def scraped(start: datetime, end: datetime) -> Iterator[str]:
    """What a small system exports: checkout fails from its tenth minute on and restarts at its fifth."""
    lines: dict[str, list[str]] = {}

    def sample(series: str, value: float, at: datetime) -> None:
        lines.setdefault(series, []).append(f"{series} {value} {at.timestamp():.3f}")

    for step in range(int((end - start) / EVERY)):
        at, served = start + step * EVERY, 30.0 * step
        since = 30.0 * (step - 20) if step >= 20 else served
        checkout, web = 'service="checkout",instance="c-1"', 'service="web",instance="w-1"'
        count = "http_server_request_duration_seconds_count"
        failed = 15.0 * (step - 40)
        sample(f'{count}{{{checkout},http_response_status_code="200"}}', since - max(0.0, failed), at)
        if failed > 0:
            sample(f'{count}{{{checkout},http_response_status_code="500"}}', failed, at)
        for le, share in (("0.1", 0.5), ("0.5", 1.0), ("+Inf", 1.0)):
            sample(f'http_server_request_duration_seconds_bucket{{{checkout},le="{le}"}}', since * share, at)
        edge = f'{web},peer="checkout",http_response_status_code="200"'
        sample(f"http_client_request_duration_seconds_count{{{edge}}}", served, at)
        sample(f'http_requests_total{{{web},code="200"}}', served * 0.9, at)
        sample(f'http_requests_total{{{web},code="503"}}', served * 0.1, at)
        sample(f"process_cpu_seconds_total{{{web}}}", 1.5 * step, at)
        sample(f"process_resident_memory_bytes{{{web}}}", 5e7, at)
        sample(f"up{{{web}}}", 1, at)
        stopped = 'service="payment",instance="p-1"'
        sample(f'{count}{{{stopped},http_response_status_code="200"}}', 7, at)
    for series in sorted(lines):
        yield from lines[series]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus that scraped the small system."""
    with running_prometheus(tmp_path_factory.mktemp("real") / "prometheus", [*scraped(BEGIN, NOW)]) as url:
        yield url


@pytest.fixture
async def everything(real: str) -> AsyncIterator[PrometheusMetrics]:
    """All shipped sets, asked of it."""
    spec = spec_of(real, conventions=list(shipped()), rate_window="1m")
    port = live_metrics(spec, ("web", "checkout", "payment"), Secrets({}), VirtualClock(NOW))
    yield port
    await port.aclose()


def values(frame: pl.DataFrame, service: str, metric: str, peer: str = "") -> pl.DataFrame:
    return frame.filter(service=service, metric=metric, peer=peer).select("time", "value")


async def test_a_real_prometheus_understands_every_shipped_query(everything: PrometheusMetrics) -> None:
    with collect_gaps() as gaps:
        frame = await everything.metrics(Window(start=BEGIN, end=NOW))
    assert not [gap for gap in gaps if "refuses" in gap]
    assert set(frame["metric"]) >= {"request_rate", "error_ratio", "latency_p95", "cpu", "memory", "up"}
    assert frame["value"].is_finite().all()


async def test_the_values_are_what_was_scraped(everything: PrometheusMetrics) -> None:
    frame = await everything.metrics(Window(start=BEGIN + timedelta(minutes=2), end=NOW))
    rate = values(frame, "web", "request_rate")["value"]
    assert rate.to_list() == pytest.approx([2.0] * rate.len())
    assert values(frame, "web", "error_ratio")["value"].to_list() == pytest.approx([0.1] * rate.len())
    assert values(frame, "web", "cpu")["value"].median() == pytest.approx(0.1)
    assert values(frame, "web", "request_rate", "checkout")["value"].median() == pytest.approx(2.0)
    assert values(frame, "checkout", "latency_p50")["value"].median() == pytest.approx(0.1)


async def test_errors_are_zero_while_requests_are_counted_and_none_failed(
    everything: PrometheusMetrics,
) -> None:
    frame = await everything.metrics(Window(start=BEGIN + timedelta(minutes=2), end=NOW))
    errors = values(frame, "checkout", "error_ratio")
    quiet = errors.filter(pl.col("time") < BEGIN + timedelta(minutes=10))
    assert set(quiet["value"]) == {0.0}
    assert errors["value"][-1] == pytest.approx(0.5)
    # Without requests there is no share of them, and no row: no data is not 0.
    assert values(frame, "payment", "error_ratio").height == 0
    assert set(values(frame, "payment", "request_rate")["value"]) == {0.0}


async def test_a_counter_that_restarts_is_no_fall_and_no_peak(everything: PrometheusMetrics) -> None:
    around = Window(start=BEGIN + timedelta(minutes=4), end=BEGIN + timedelta(minutes=8))
    rate = values(await everything.metrics(around), "checkout", "request_rate")["value"].to_list()
    assert min(rate) >= 0
    assert max(rate) <= 3


async def test_what_ended_has_no_row_after_its_end(real: str) -> None:
    later = NOW + timedelta(minutes=9)
    spec = spec_of(real, conventions=["otel-http", "prometheus-client"])
    port = live_metrics(spec, ("web", "checkout"), Secrets({}), VirtualClock(later))
    with collect_gaps() as gaps:
        frame = await port.metrics(Window(start=NOW + timedelta(minutes=6), end=later))
    await port.aclose()
    assert frame.height == 0
    assert "has no data of request_rate, latency_p50" in gaps[0]


async def test_a_window_of_a_month_is_answered(everything: PrometheusMetrics) -> None:
    frame = await everything.metrics(Window(start=NOW - timedelta(days=30), end=NOW))
    assert frame.height > 0


async def test_discover_asks_a_real_prometheus(real: str) -> None:
    backend = Backend("Prometheus", spec_of(real), Secrets({}))
    found = await discover(backend)
    await backend.aclose()
    assert set(found.conventions) == {"up", "otel-http", "prometheus-client", "prometheus-http"}
    assert set(found.services) == {"web", "checkout", "payment"}
    assert found.labels == Labels()
    assert found.targets == ()  # its past was written for it, it scrapes nothing
    assert found.not_found == ()


async def discovered(values: Mapping[str, Sequence[str]], targets: Answer) -> Discovered:
    """What is made of these values of labels and these targets."""

    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/v1/targets":
            return targets
        return told({"status": "success", "data": list(values.get(asked.path.split("/")[-2], ()))})

    with serving(handle) as server:
        backend = Backend("Prometheus", spec_of(server.url), Secrets({}))
        found = await discover(backend)
        await backend.aclose()
    return found


async def test_discover_says_what_is_scraped_and_what_does_not_answer() -> None:
    targets = [
        {"labels": {"job": "shop/web", "instance": "a:1"}, "health": "up"},
        {"labels": {"job": "shop/checkout", "instance": "b:1"}, "health": "down"},
    ]
    found = await discovered(
        {
            "__name__": ["up", "istio_requests_total"],
            "job": ["shop/web", "shop/checkout"],
            "instance": ["a:1"],
        },
        told({"status": "success", "data": {"activeTargets": targets, "droppedTargets": []}}),
    )
    assert found.services == ("web", "checkout")
    assert found.labels.service == "job"
    assert found.conventions == ("up", "istio")
    assert [target.up for target in found.targets] == [True, False]
    assert "shop/checkout b:1: it is scraped and does not answer" in found.not_found
    assert any("names who is called" in one for one in found.not_found)


async def test_discover_says_what_it_could_not_find() -> None:
    found = await discovered({"__name__": ["my_metric"]}, Answer("404 page not found", 404))
    assert found.services == ()
    assert found.conventions == ()
    said = "\n".join(found.not_found)
    assert "it does not list them, as is usual for what only stores series" in said
    assert "a label that names services" in said
    for wanted in ("request_rate", "error_ratio", "latency"):
        assert f"a known convention for {wanted}; write a query of your own under `series`" in said
