"""Operations and calls from spans."""

from datetime import timedelta

import polars as pl
import pytest

from tests.tools.analysis.shop import ALERT, CALLS, Fault, metrics, traces
from tools.analysis import TRACES_SCHEMA, infer_topology
from tools.analysis.slow_edges import Way, common_ends
from tools.analysis.spans import at_callee, related
from tools.analysis.trace_signals import trace_signals


def spans(*rows: tuple[str, str, str, int]) -> pl.DataFrame:
    made = [
        (ALERT + timedelta(seconds=1), micros, "t", key, parent, service, f"/{service}", "ok")
        for key, parent, service, micros in rows
    ]
    return pl.DataFrame(made, schema=TRACES_SCHEMA, orient="row")


def test_own_time_is_what_the_children_did_not_take() -> None:
    frame = related(spans(("a", "", "web", 100), ("b", "a", "web", 70), ("c", "b", "pay", 50)))
    assert dict(frame.select("span_id", "own_us").iter_rows()) == {"a": 30, "b": 20, "c": 50}
    assert dict(frame.select("span_id", "client").iter_rows()) == {"a": False, "b": True, "c": False}


@pytest.mark.parametrize(
    ("operation", "status", "answered", "place"),
    [
        ("POST bank/charge", "ok", False, "bank"),
        ("bank:8080/*", "error", False, "bank"),
        ("POST bank/charge", "error", True, "bank"),
        ("POST bank/charge", "ok", True, "pay"),
        ("POST elsewhere/charge", "error", False, "pay"),
        ("GET /bank", "error", False, "pay"),
        ("bank POST /charge", "ok", False, "bank"),
        ("bank POST /charge", "ok", True, "pay"),
        ("bank holiday", "ok", False, "pay"),
    ],
)
def test_what_records_nothing_itself_is_seen_in_the_calls_to_it(
    operation: str, status: str, answered: bool, place: str
) -> None:
    call = spans(("a", "", "pay", 100)).with_columns(operation=pl.lit(operation), status=pl.lit(status))
    frame = pl.concat([call, spans(("b", "a", "bank", 50))]) if answered else call
    moved = at_callee(related(frame), ["pay", "bank"])
    assert moved.filter(pl.col("span_id") == "a")["service"].to_list() == [place]


def test_a_part_that_is_not_traced_is_seen_though_what_it_calls_is() -> None:
    call = spans(("a", "", "pay", 100)).with_columns(operation=pl.lit("POST bank/charge"))
    frame = pl.concat([call, spans(("b", "a", "ledger", 30))])
    moved = at_callee(related(frame), ["pay", "bank", "ledger"])
    assert moved.select("span_id", "service", "own_us").rows() == [("a", "bank", 70), ("b", "ledger", 30)]


def test_the_same_span_twice_counts_once() -> None:
    frame = spans(("a", "", "web", 100), ("b", "a", "pay", 70))
    assert related(pl.concat([frame, frame])).height == 2


@pytest.mark.parametrize("source", ["traces", "metrics"])
def test_the_topology_is_inferred(source: str) -> None:
    empty = pl.DataFrame(schema=TRACES_SCHEMA)
    measured = metrics(Fault())
    found = (
        infer_topology(traces(Fault()), measured.clear())
        if source == "traces"
        else infer_topology(empty, measured)
    )
    assert found.callees() == {name: tuple(sorted(called)) for name, called in sorted(CALLS.items())}


def test_many_slow_ways_have_their_caller_in_common() -> None:
    measured = {"web": frozenset({"a", "b", "c"})}
    assert common_ends([Way("web", "a", 9.0), Way("web", "b", 8.0)], measured) == {"web"}
    assert common_ends([Way("web", "a", 9.0), Way("web", "b", 1.0)], measured) == frozenset()
    assert common_ends([Way("web", "a", 9.0)], measured) == frozenset()


def test_a_caller_that_is_reached_as_slowly_as_it_reaches_is_the_slow_end() -> None:
    into, out = Way("web", "pay", 0.2), Way("pay", "bank", 0.2)
    assert common_ends([into, out], {"web": frozenset({"pay"}), "pay": frozenset({"bank"})}) == {"pay"}
    assert common_ends([out], {"pay": frozenset({"bank"})}) == frozenset()


@pytest.mark.parametrize(("times", "seen"), [(3.0, True), (1.2, False)])
def test_a_few_spans_tell_of_a_difference_that_is_large_enough(times: float, seen: bool) -> None:
    def three(factor: float) -> pl.DataFrame:
        one = spans(("a", "", "web", 1000), ("b", "a", "pay", int(500 * factor)))
        frames = [one.with_columns(trace_id=pl.lit(f"t{n}")) for n in range(3)]
        return related(pl.concat(frames))

    found = [one.service for one in trace_signals(three(times), three(1.0)) if one.aspect == "latency"]
    assert ("pay" in found) is seen
