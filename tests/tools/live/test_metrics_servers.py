"""What servers that speak Prometheus' API do otherwise: histograms, copies, remarks, tenants, limits."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tests.tools.live.real import running_prometheus_written_to, running_victoriametrics, write_samples
from tests.tools.live.remote_write import Histogram, write
from tools.clock import VirtualClock
from tools.live.metrics import live_metrics
from tools.live.metrics.native_histograms import NativeHistogram, number_of, quantile_of
from tools.live.metrics.promql_names import in_path, in_query, selector
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 3, 12, 10, 40, tzinfo=UTC)
CPU = {"metric": "cpu", "query": "cpu"}
LATENCY = {"metric": "latency_p90", "unit": "seconds", "query": "nh"}


async def asked_of(
    url: str, *series: object, now: datetime = NOW, minutes: float = 1, **more: object
) -> tuple[pl.DataFrame, list[str]]:
    spec = Prometheus.model_validate({"kind": "prometheus", "url": url, "series": series, **more})
    port = live_metrics(spec, ("web", "checkout"), Secrets({}), VirtualClock(now))
    try:
        with collect_gaps() as gaps:
            return await port.metrics(Window(start=now - timedelta(minutes=minutes), end=now)), gaps
    finally:
        await port.aclose()


async def answered(body: object, *series: object, **more: object) -> tuple[pl.DataFrame, list[str]]:
    with serving(lambda _: told(body)) as server:
        return await asked_of(server.url, *(series or (CPU,)), **more)  # type: ignore[arg-type]


async def test_native_histograms_of_a_real_prometheus_are_the_numbers_that_it_makes_of_them(
    tmp_path: Path,
) -> None:
    now = datetime.fromtimestamp(time.time() // 5 * 5, UTC)
    labels = {"__name__": "nh", "service": "web", "instance": "w-1"}
    grown = [
        Histogram(now.timestamp() - 300 + 15 * n, 40.0 * n, 0, [10 * n, 20 * n, 5 * n, n]) for n in range(21)
    ]
    rates = {
        "latency_p90": "rate(nh[2m])",
        "latency_mean": "rate(nh[2m])",
        "request_rate": "rate(nh[2m])",
        "latency_p95": "histogram_quantile(0.95, rate(nh[2m]))",
    }
    units = {"request_rate": "per_second"}
    series = [{"metric": m, "unit": units.get(m, "seconds"), "query": query} for m, query in rates.items()]
    with running_prometheus_written_to(tmp_path / "prometheus") as url:
        write(url, labels, grown)
        frame, gaps = await asked_of(url, *series, now=now)
    last = dict(frame.group_by("metric").agg(pl.col("value").last()).rows())
    assert not gaps
    assert last["request_rate"] == pytest.approx(36 / 15)
    assert last["latency_mean"] == pytest.approx(40 / 36)
    # Of 36, 32.4 lie below: 30 in the buckets up to 2, 2.4 of the 5 between 2 and 4.
    assert last["latency_p90"] == pytest.approx(2 * 2 ** (2.4 / 5))
    # Prometheus 2.42 interpolates evenly, 3 as we do: of the bucket that holds it they say nearly the same.
    assert 3 < last["latency_p95"] < 4.2
    assert set(frame["service"]) == {"web"}


@pytest.mark.parametrize(
    ("buckets", "quantile", "value"),
    [
        ([[0, "0.5", "1", "95"]], 0.9, 0.5 * 2**0.9),
        ([[3, "-0.001", "0.001", "10"], [0, "1", "2", "10"]], 0.25, 0.0005),
        ([[1, "-2", "-1", "10"]], 0.5, -(2**0.5)),
        ([[0, "1", "2", "10"], [0, "2", "+Inf", "10"]], 0.9, 2.0),
        ([[0, "1", "2", "0"]], 0.5, math.nan),
        ([], 0.5, math.nan),
    ],
)
def test_a_quantile_lies_in_its_bucket(buckets: list[Any], quantile: float, value: float) -> None:
    count = sum(float(one[3]) for one in buckets)
    held = NativeHistogram.model_validate({"count": str(count), "sum": "1", "buckets": buckets})
    assert quantile_of(held, quantile) == pytest.approx(value, nan_ok=True)


@given(
    counts=st.lists(st.integers(0, 1000), min_size=1, max_size=12),
    quantiles=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    first=st.integers(-10, 10),
)
def test_quantiles_rise_and_stay_within_the_bounds(
    counts: list[int], quantiles: tuple[float, float], first: int
) -> None:
    buckets = [
        [0, str(2.0 ** (first + n - 1)), str(2.0 ** (first + n)), str(c)] for n, c in enumerate(counts)
    ]
    held = NativeHistogram.model_validate({"count": str(sum(counts)), "sum": "1", "buckets": buckets})
    low, high = (quantile_of(held, one) for one in sorted(quantiles))
    if not sum(counts):
        assert math.isnan(low)
        return
    assert 2.0 ** (first - 1) <= low <= high * (1 + 1e-9) <= 2.0 ** (first + len(counts) - 1) * (1 + 1e-8)


def test_a_histogram_without_observations_is_no_value() -> None:
    empty = NativeHistogram.model_validate({"count": "0", "sum": "0"})
    assert math.isnan(number_of(empty, "latency_mean", "seconds"))
    assert number_of(empty, "request_rate", "per_second") == 0


async def test_a_series_may_have_values_and_histograms() -> None:
    at = NOW.timestamp() - 30
    both = {
        "metric": {"service": "web"},
        "values": [[at, "1.5"]],
        "histograms": [[at + 15, {"count": "4", "sum": "8", "buckets": [[0, "1", "2", "4"]]}]],
    }
    body = {"status": "success", "data": {"resultType": "matrix", "result": [both]}}
    frame, gaps = await answered(body, {"metric": "latency_mean", "unit": "seconds", "query": "x"})
    assert frame["value"].to_list() == [1.5, 2.0]
    assert not gaps


async def test_the_newest_samples_of_a_real_victoriametrics_are_never_copies(tmp_path: Path) -> None:
    """A gauge that was 0 and is 1 since ten seconds: its last half minute must not look unchanged."""
    now = datetime.fromtimestamp(time.time(), UTC)
    line = 'g{{service="web"}} {} {}'.format
    times = [round(now.timestamp() * 1000) - 5_000 * n for n in range(40)]
    with running_victoriametrics(tmp_path / "vm", []) as url:
        write_samples(url, [line(1 if n < 3 else 0, at) for n, at in enumerate(times)])
        frame, gaps = await asked_of(url, {"metric": "cpu", "query": "g"}, now=now, minutes=3, step="5s")
    assert frame.height > 20
    assert set(frame["value"]) == {0.0}
    assert frame["time"].max() <= now - timedelta(seconds=24)  # type: ignore[operator]
    (gap,) = gaps
    assert "(VictoriaMetrics) has only copies of older values from " in gap
    assert gap.endswith("(-search.latencyOffset); they are left out")


async def test_a_real_victoriametrics_is_asked_on_multiples_of_the_step(tmp_path: Path) -> None:
    """It moves what is not (49 points and more), so that a sample would stand at another moment."""
    now = datetime.fromtimestamp(time.time() - 3600, UTC)
    line = 'g{{service="web"}} {} {}'.format
    end = round(now.timestamp())
    with running_victoriametrics(
        tmp_path / "vm", [line(t, t * 1000) for t in range(end - 900, end + 2)]
    ) as url:
        frame, gaps = await asked_of(url, {"metric": "cpu", "query": "g"}, now=now, minutes=14, step="7s")
    assert frame.height == 120
    assert (frame["time"].dt.epoch("s") == frame["value"].cast(pl.Int64)).all()
    assert not gaps


def scripted(copied: float) -> Handler:
    """A VictoriaMetrics whose answers are copies for so many seconds, as 1.79.5 was seen to make them."""

    def handle(asked: Asked) -> Answer:
        if asked.path != "/api/v1/query_range":
            return told({"status": "success", "data": {"groups": []}})
        start, end, step = (float(asked.one(name)) for name in ("start", "end", "step"))
        moments = [start + step * n for n in range(round((end - start) / step) + 1)]
        fresh = NOW.timestamp() - copied
        last = max((at for at in moments if at <= fresh), default=start)
        seen = [[at, str(min(at, last) if asked.one("query") == "time()" else 1)] for at in moments]
        body = {"status": "success", "data": {"result": [{"metric": {"service": "web"}, "values": seen}]}}
        return Answer(told(body).body, headers={"X-Server-Hostname": "vm"})

    return handle


@pytest.mark.parametrize(("copied", "left"), [(30, 7), (0, 12), (1, 12)])
async def test_as_many_samples_are_left_out_as_are_copies(copied: float, left: int) -> None:
    with serving(scripted(copied)) as server:
        frame, gaps = await asked_of(server.url, CPU, step="5s")
        asked = [one for one in server.asked if one.path == "/api/v1/query_range"]
    assert frame.height == left
    assert bool(gaps) == (left < 12)
    assert all(one.one("nocache") == "1" and one.one("latency_offset") == "1s" for one in asked)


async def test_of_a_time_long_ago_no_copies_are_looked_for() -> None:
    with serving(scripted(30)) as server:
        spec = Prometheus.model_validate({"kind": "prometheus", "url": server.url, "series": [CPU]})
        port = live_metrics(spec, ("web",), Secrets({}), VirtualClock(NOW))
        await port.metrics(Window(start=NOW - timedelta(hours=2), end=NOW - timedelta(hours=1)))
        await port.aclose()
        assert "time()" not in [one.one("query") for one in server.asked]


async def test_what_a_server_remarks_is_told_like_what_it_warns_of() -> None:
    body = {
        "status": "success",
        "warnings": ["PromQL warning: quantile value should be between 0 and 1, got 2"],
        "infos": ['PromQL info: metric might not be a counter, name does not end in _total: "up"'],
        "data": {"result": []},
    }
    _, gaps = await answered(body, {"metric": "error_ratio", "query": "x"})
    assert gaps[0].endswith("warns: PromQL warning: quantile value should be between 0 and 1, got 2")
    assert "remarks: PromQL info: metric might not be a counter" in gaps[1]


def refusal(kind: str, why: str) -> Answer:
    return told({"status": "error", "errorType": kind, "error": why}, 422)


#: From the documents and sources of Mimir, Thanos and Cortex; none of them was tried.
REFUSALS = [
    (Answer("no org id", 401), "name yours in `auth.headers`, X-Scope-OrgID"),
    (
        refusal("bad_data", "the query time range exceeds the limit"),
        "refuses the query (422 bad_data): the query time range exceeds the limit",
    ),
    (
        refusal("execution", "exceeded chunks limit (err-mimir-max)"),
        "refuses the query (422 execution): exceeded chunks limit (err-mimir-max)",
    ),
    (Answer("too many outstanding requests", 429), "answered 429: too many outstanding requests"),
]


@pytest.mark.parametrize(("answer", "said"), REFUSALS)
async def test_what_servers_of_many_tenants_refuse_is_told_in_their_words(answer: Answer, said: str) -> None:
    with serving(lambda _: answer) as server, pytest.raises(ToolFailed) as failed:
        await asked_of(server.url, CPU)
    assert said in str(failed.value)


async def test_a_tenant_is_named_in_a_header_and_a_part_that_does_not_answer_is_told() -> None:
    """Thanos answers without the stores that are down, and says so in `warnings`."""
    body = {"status": "success", "warnings": ["fetch series for store-b: deadline"], "data": {"result": []}}
    with serving(lambda _: told(body)) as server:
        series = {"metric": "error_ratio", "query": "x"}
        spec = {"kind": "prometheus", "url": server.url, "series": [series]}
        auth = {"headers": {"X-Scope-OrgID": "env:TENANT"}}
        port = live_metrics(
            Prometheus.model_validate({**spec, "auth": auth}), ("web",), Secrets({"TENANT": "shop"}),
            VirtualClock(NOW),
        )  # fmt: skip
        with collect_gaps() as gaps:
            await port.metrics(Window(start=NOW - timedelta(minutes=1), end=NOW))
        await port.aclose()
        assert {one.headers["X-Scope-Orgid" if "X-Scope-Orgid" in one.headers else "X-Scope-OrgID"]
                for one in server.asked} == {"shop"}  # fmt: skip
    assert gaps[0].endswith("warns: fetch series for store-b: deadline")


@pytest.mark.parametrize(
    ("write_name", "name", "written"),
    [
        (in_query, "pod", "pod"),
        (in_query, "service.name", '"service.name"'),
        (in_query, 'a"b', '"a\\"b"'),
        (selector, "job:rate", "job:rate"),
        (selector, "http.server.request.duration", '{"http.server.request.duration"}'),
        (in_path, "service_name", "service_name"),
        (in_path, "service.name", "U__service_2e_name"),
        (in_path, "my_label.x", "U__my__label_2e_x"),
    ],
)
def test_names_in_utf_8_are_quoted_in_queries_and_escaped_in_addresses(
    write_name: Callable[[str], str], name: str, written: str
) -> None:
    assert write_name(name) == written


async def test_a_label_with_a_dot_is_quoted_in_the_query_and_read_as_it_is() -> None:
    seen: list[str] = []

    def handle(asked: Asked) -> Answer:
        seen.append(asked.one("query"))
        values = [[NOW.timestamp() - 30, "1"]]
        result = [{"metric": {"service.name": "web", "k8s.pod.name": "w-1"}, "values": values}]
        return told({"status": "success", "data": {"result": result}})

    with serving(handle) as server:
        labels = {"service": "service.name", "instance": "k8s.pod.name"}
        frame, _ = await asked_of(server.url, conventions=["up"], labels=labels)
    assert [one for one in seen if one] == ['sum by ("service.name", "k8s.pod.name") (up)']
    assert frame.select("service", "instance").rows() == [("web", "w-1")]


@pytest.mark.parametrize(("interval", "said"), [("1m", True), ("1m30s", True), ("30s", False), ("", False)])
async def test_doctor_says_when_rates_have_one_sample_to_go_by(interval: str, said: bool) -> None:
    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/v1/targets":
            target = {"labels": {"job": "shop"}, "health": "up", "scrapeInterval": interval}
            return told({"data": {"activeTargets": [target, {"labels": {}, "health": "up"}]}})
        return told({"status": "success", "data": {"result": [], "groups": []}})

    with serving(handle) as server:
        spec = {"kind": "prometheus", "url": server.url, "series": [CPU], "rate_window": "1m"}
        port = live_metrics(Prometheus.model_validate(spec), ("web",), Secrets({}), VirtualClock(NOW))
        told_by_doctor = await port.check()
        await port.aclose()
    assert ("rate_window 1m may hold one sample" in told_by_doctor) == said
