"""The Prometheus adapter: what moments it asks for, what it makes of answers, what it says of failures."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import ToolFailed, UnknownName
from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tools.clock import VirtualClock
from tools.extras import install_command, missing_extras
from tools.live.metrics import live_metrics
from tools.live.metrics.coalesced_queries import grid
from tools.live.partial import AT_ONCE
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 3, 12, 10, 40, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=1), end=NOW)
NAMES = ("web", "checkout")
BEGIN = datetime(2020, 1, 1)  # noqa: DTZ001 - hypothesis wants naive bounds
MOMENT = NOW.timestamp() - 30


def matrix(*series: tuple[Mapping[str, str], list[list[Any]]]) -> Answer:
    result = [{"metric": dict(labels), "values": values} for labels, values in series]
    return told({"status": "success", "data": {"resultType": "matrix", "result": result}})


def by_query(answers: Mapping[str, Answer]) -> Handler:
    return lambda asked: answers[asked.one("query")]


async def asked_of(
    handler: Handler, *series: Mapping[str, Any], **more: Any
) -> tuple[pl.DataFrame, list[str]]:
    """The frame that these series answer, and the gaps."""
    with serving(handler) as server:
        spec = {"kind": "prometheus", "url": server.url, "series": series, **more}
        port = live_metrics(Prometheus.model_validate(spec), NAMES, Secrets({}), VirtualClock(NOW))
        try:
            with collect_gaps() as gaps:
                return await port.metrics(WINDOW), gaps
        finally:
            await port.aclose()


CPU = {"metric": "cpu", "unit": "ratio", "query": "cpu"}


@given(
    start=st.datetimes(BEGIN, BEGIN + timedelta(days=3650)),
    length=st.timedeltas(timedelta(), timedelta(days=400)),
    step=st.timedeltas(timedelta(seconds=1), timedelta(hours=1)),
)
def test_no_question_has_too_many_points_and_none_lies_outside(
    start: datetime, length: timedelta, step: timedelta
) -> None:
    window = Window(start=start.replace(tzinfo=UTC), end=start.replace(tzinfo=UTC) + length)
    found = grid(window, step)
    if found is None:
        assert length <= step
        return
    assert window.start.timestamp() * 1000 <= found.first <= found.last < window.end.timestamp() * 1000
    assert (found.last - found.first) // found.step + 1 <= 11_000
    assert found.first % found.step == found.last % found.step == 0
    # Only a window that would have too many points gets wider steps.
    asked = round(step.total_seconds() * 1000)
    assert found.step == asked or length.total_seconds() * 1000 / asked > 10_000


async def test_values_that_are_no_numbers_are_no_rows() -> None:
    values = [[MOMENT - 3 + i, text] for i, text in enumerate(["NaN", "+Inf", "-Inf", "0", "0.25"])]
    frame, gaps = await asked_of(lambda _: matrix(({"service": "web", "instance": "web-1"}, values)), CPU)
    assert frame["value"].to_list() == [0.0, 0.25]
    (gap,) = gaps
    assert gap.startswith("cpu of web is infinite since ")
    assert "these values cannot be used" in gap
    assert frame.drop("value", "time").unique().row(0) == ("web", "web-1", "cpu", "", "ratio")


async def test_a_metric_that_answers_nothing_has_no_row_and_is_named() -> None:
    answers = {"cpu": matrix(({"service": "web"}, [[MOMENT, "1"]])), "mem": matrix(), "err": matrix()}
    frame, gaps = await asked_of(
        by_query(answers),
        CPU,
        {"metric": "memory", "query": "mem"},
        {"metric": "error_ratio", "query": "err"},
    )
    assert frame["metric"].to_list() == ["cpu"]
    # No errors are counted before the first one: that is no gap.
    (gap,) = gaps
    assert gap.endswith("has no data of memory")


async def test_one_broken_query_does_not_cost_the_others_and_is_named() -> None:
    said = {"status": "error", "errorType": "bad_data", "error": "1:5: parse error: unclosed left bracket"}
    answers = {"cpu": matrix(({"service": "web"}, [[MOMENT, "1"]])), "sum(": told(said, 400)}
    frame, gaps = await asked_of(by_query(answers), CPU, {"metric": "memory", "query": "sum("})
    assert frame.height == 1
    (gap,) = gaps
    assert gap.startswith("memory: Prometheus at http://127.0.0.1:")
    assert gap.endswith("refuses the query (400 bad_data): 1:5: parse error: unclosed left bracket")


async def test_if_every_query_is_broken_the_backend_failed() -> None:
    said = {"status": "error", "errorType": "bad_data", "error": "nonsense"}
    with pytest.raises(ToolFailed, match=r"refuses the query \(400 bad_data\): nonsense"):
        await asked_of(lambda _: told(said, 400), CPU, {"metric": "memory", "query": "sum("})


async def test_a_backend_that_is_asked_for_nothing_is_a_gap() -> None:
    frame, gaps = await asked_of(lambda _: matrix())
    assert frame.height == 0
    assert gaps == ["backends.metrics asks for no series; name `conventions`, or write `series` of your own"]


async def test_edges_name_both_ends_from_the_catalogue() -> None:
    answer = matrix(
        ({"service": "web", "peer": "checkout.shop.svc.cluster.local:8080"}, [[MOMENT, "1"]]),
        ({"service": "shop/web", "peer": "shop/checkout"}, [[MOMENT - 10, "2"]]),
        ({"service": "web", "peer": "api.elsewhere.example"}, [[MOMENT, "3"]]),
        ({"service": "web"}, [[MOMENT, "4"]]),
    )
    frame, _ = await asked_of(lambda _: answer, {**CPU, "peer": "peer"})
    assert frame.select("service", "peer", "value").rows() == [
        ("web", "checkout", 2.0),
        ("web", "checkout", 1.0),
    ]


async def test_your_own_series_win_over_shipped_ones() -> None:
    def handle(asked: Asked) -> Answer:
        own = asked.one("query") == "mine"
        return matrix(({"service": "web", "instance": "a"}, [[MOMENT, "1" if own else "2"]]))

    frame, _ = await asked_of(
        handle, {"metric": "cpu", "unit": "ratio", "query": "mine"}, conventions=["prometheus-client"]
    )
    assert frame.filter(pl.col("metric") == "cpu")["value"].to_list() == [1.0]
    assert set(frame["metric"]) == {"cpu", "memory", "file_descriptors"}


async def test_several_values_of_one_instance_are_a_gap() -> None:
    values = [[MOMENT, "1"]]
    answer = matrix(({"service": "web", "route": "/"}, values), ({"service": "web", "route": "/a"}, values))
    frame, gaps = await asked_of(lambda _: answer, CPU)
    assert frame.height == 1
    assert "Aggregate its query by service and instance" in gaps[0]


async def test_a_partial_answer_is_a_gap() -> None:
    body = {"status": "success", "warnings": ["store b is unavailable"], "data": {"result": []}}
    _, gaps = await asked_of(lambda _: told(body), {"metric": "error_ratio", "query": "x"})
    assert gaps[0].endswith("warns: store b is unavailable")


async def test_questions_are_asked_together_but_not_all_at_once() -> None:
    under_way, most, lock = 0, 0, threading.Lock()
    full = threading.Event()

    def handle(asked: Asked) -> Answer:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            if under_way == AT_ONCE:
                full.set()
        full.wait(5)
        with lock:
            under_way -= 1
        return matrix()

    await asked_of(handle, *({"metric": f"m{n}", "query": f"m{n}"} for n in range(AT_ONCE * 2)))
    assert most == AT_ONCE


async def test_the_span_of_rates_and_the_step_are_asked_for() -> None:
    seen: list[Asked] = []

    def handle(asked: Asked) -> Answer:
        seen.append(asked)
        return matrix()

    series = {"metric": "cpu", "query": "rate(x[@{window}])"}
    await asked_of(handle, series, rate_window="3m", step="10s")
    (asked,) = (one for one in seen if one.path.endswith("/query_range"))
    assert asked.one("query") == "rate(x[3m])"
    assert asked.one("step") == "10.000"
    assert (float(asked.one("start")), float(asked.one("end"))) == (
        NOW.timestamp() - 60,
        NOW.timestamp() - 10,
    )


def test_a_set_of_series_that_does_not_exist_is_named_with_the_nearest() -> None:
    spec = Prometheus.model_validate({"kind": "prometheus", "url": "http://x", "conventions": ["otel-htp"]})
    with pytest.raises(UnknownName, match="did you mean otel-http"):
        live_metrics(spec, NAMES, Secrets({}))


async def test_check_says_what_is_there_and_what_is_not() -> None:
    def handle(asked: Asked) -> Answer:
        if asked.path == "/api/v1/query":
            values = [{"metric": {"job": job}, "value": [1.0, up]} for job, up in (("a", "1"), ("b", "0"))]
            return told({"status": "success", "data": {"resultType": "vector", "result": values}})
        if asked.one("query") == "cpu":
            return matrix(({"service": "web"}, [[float(asked.one("end")), "1"]]))
        return matrix()

    with serving(handle) as server:
        series = [CPU, {"metric": "memory", "query": "mem"}]
        spec = Prometheus.model_validate({"kind": "prometheus", "url": server.url, "series": series})
        port = live_metrics(spec, NAMES, Secrets({}), VirtualClock(NOW))
        said = await port.check()
        await port.aclose()
    unread = f"alert rules are not read: {install_command('rules')}"
    assert said == (
        "1 of 2 targets are up; 1 metrics of 1 services have data; "
        f"{unread if missing_extras(['rules']) else 'no alert rules'}; "
        "no data for memory; nothing about checkout"
    )


def test_an_address_that_holds_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="credentials belong into `auth`"):
        Prometheus.model_validate({"kind": "prometheus", "url": "http://me:hunter2@x"})
