"""Where series stand against their reference: hand-made frames with a known answer."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.findings import Window
from incidents.verification import SignalKind
from tools.analysis import METRICS_SCHEMA, TRACES_SCHEMA
from tools.telemetry.levels import Level, compare
from tools.telemetry.pooling import medians
from tools.telemetry.signal_kinds import signal_rows
from tools.telemetry.span_metrics import span_metrics
from tools.toolbox.phrases import say_level

T0 = datetime(2026, 3, 12, 10, tzinfo=UTC)
EARLY = Window(start=T0, end=T0 + timedelta(minutes=10))
RECENT = Window(start=T0 + timedelta(minutes=18), end=T0 + timedelta(minutes=20))


def series(
    early: float,
    late: float,
    *,
    metric: str = "error_ratio",
    unit: str = "ratio",
    instance: str = "a",
    step: int = 15,
) -> pl.DataFrame:
    """20 minutes of one series; `late` begins at minute 12."""
    moments = [T0 + timedelta(seconds=step * n) for n in range(1200 // step)]
    rows = [
        (at, "web", instance, metric, "", late if at >= T0 + timedelta(minutes=12) else early, unit)
        for at in moments
    ]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def level(*frames: pl.DataFrame, baseline: pl.DataFrame | None = None, same: bool = True) -> Level:
    usual = signal_rows(baseline) if baseline is not None else None
    (found,) = compare(signal_rows(pl.concat(frames)), usual, same, EARLY, RECENT)
    return found


def test_a_step_up_deviates_from_its_moment_on() -> None:
    found = level(series(0.001, 0.4))
    assert found.deviates
    assert found.kind is SignalKind.ERRORS
    assert (found.baseline, found.now) == (0.001, 0.4)
    assert found.onset == T0 + timedelta(minutes=12)
    assert found.times == pytest.approx(400)


def test_success_is_turned_into_failure() -> None:
    found = level(series(99.9, 60.0, metric="success_rate", unit="percent"))
    assert found.kind is SignalKind.ERRORS
    assert found.now == pytest.approx(40)
    assert found.deviates


def test_one_broken_instance_of_many_counts() -> None:
    healthy = [series(0.0, 0.0, instance=name) for name in "bcdef"]
    assert level(series(0.0, 0.9), *healthy).now == pytest.approx(0.9)


def test_a_slow_series_speaks_with_its_last_sample() -> None:
    assert level(series(0.001, 0.4, step=300)).now == 0.4


def test_a_series_that_stopped_has_no_level_now() -> None:
    stopped = series(0.001, 0.4).filter(pl.col("time") < T0 + timedelta(minutes=15))
    other = series(1.0, 1.0, metric="latency_p95", unit="seconds")
    found = compare(signal_rows(pl.concat([stopped, other])), None, True, EARLY, RECENT)
    errors = next(one for one in found if one.kind is SignalKind.ERRORS)
    assert errors.now is None
    assert not errors.deviates


def test_traffic_that_falls_deviates_too() -> None:
    found = level(series(100.0, 5.0, metric="requests", unit="per_second"))
    assert found.kind is SignalKind.TRAFFIC
    assert found.deviates


def test_a_baseline_of_another_day_must_agree_where_the_own_past_is_short() -> None:
    frame = series(0.1, 0.1, step=300)  # three samples before the alert
    quiet = series(0.001, 0.001)
    assert not level(frame, baseline=quiet, same=False).deviates
    assert level(frame, baseline=quiet, same=False).baseline == 0.001


def test_without_any_reference_nothing_deviates() -> None:
    late = series(0.4, 0.4).filter(pl.col("time") >= T0 + timedelta(minutes=15))
    found = level(late)
    assert found.now == 0.4
    assert found.baseline is None
    assert not found.deviates


@settings(max_examples=30)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_failures_never_deviate_less(early: float, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert level(series(early, less)).sigmas <= level(series(early, more)).sigmas


@settings(max_examples=30)
@given(st.floats(0.001, 1000))
def test_nothing_deviates_where_nothing_changes(value: float) -> None:
    assert not level(series(value, value, metric="latency_p95", unit="seconds")).deviates


def test_medians_hold_level_and_number_of_samples() -> None:
    (found,) = medians(signal_rows(series(0.001, 0.4)), [RECENT])
    assert found == {("web", "error_ratio"): (0.4, 8)}


def spans(statuses: list[str]) -> pl.DataFrame:
    rows = [(T0, 1000 * n, f"t{n}", "s", "", "web", "GET /", status) for n, status in enumerate(statuses, 1)]
    return pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row")


def test_traces_give_rate_errors_and_duration() -> None:
    found = {
        row["metric"]: row["value"]
        for row in span_metrics(spans(["ok", "error", "ok", "ok"])).iter_rows(named=True)
    }
    assert found["traced_error_ratio"] == 0.25
    assert found["traced_calls"] == pytest.approx(4 / 15)


def test_traces_without_a_status_say_nothing_about_errors() -> None:
    assert "traced_error_ratio" not in span_metrics(spans(["unset"] * 4))["metric"].to_list()


def test_a_level_that_was_as_high_before_says_so() -> None:
    spiky = pl.concat([series(0.05, 0.05, metric="p95", unit="seconds", instance=name) for name in "abcd"])
    usual = pl.concat([spiky, series(2.0, 2.0, metric="p95", unit="seconds", instance="e")])
    found = level(series(0.05, 0.4, metric="p95", unit="seconds"), baseline=usual)
    assert not found.deviates
    assert found.high == pytest.approx(2.0)
    assert "one in ten above 2 s" in say_level(found)


def test_availability_is_named_as_what_is_shown() -> None:
    found = level(series(99.9, 60.0, metric="availability", unit="percent"))
    assert say_level(found).startswith("availability as failures 40 %")


def test_what_deviates_has_an_onset_even_where_the_last_sample_fell_back() -> None:
    rising = series(0.001, 0.001)
    late = pl.col("time").is_in([T0 + timedelta(minutes=18, seconds=15 * n) for n in range(6)])
    found = level(rising.with_columns(value=pl.when(late).then(0.4).otherwise("value")))
    assert found.deviates
    assert found.onset is not None


def test_what_is_left_of_a_resource_hurts_when_it_falls() -> None:
    found = level(series(40e9, 1e9, metric="FreeStorageSpace", unit="bytes"))
    assert (found.kind, found.falls, found.deviates) == (SignalKind.SATURATION, True, True)
    assert found.onset == T0 + timedelta(minutes=12)
    assert not level(series(40e9, 80e9, metric="FreeStorageSpace", unit="bytes")).deviates


def test_the_place_with_least_left_counts() -> None:
    rest = [
        series(40e9, 40e9, metric="node_filesystem_avail_bytes", unit="bytes", instance=name) for name in "bc"
    ]
    found = level(series(40e9, 1e9, metric="node_filesystem_avail_bytes", unit="bytes"), *rest)
    assert (found.now, found.deviates) == (1e9, True)


def test_instances_that_are_counted_hurt_when_they_fall() -> None:
    found = level(series(12, 1, metric="kube_deployment_status_replicas_available", unit="count"))
    assert (found.kind, found.falls, found.deviates) == (SignalKind.SATURATION, True, True)


def at_minutes(frame: pl.DataFrame, minutes: float, to: float, value: float) -> pl.DataFrame:
    """The series with another value between two minutes."""
    begin, end = T0 + timedelta(minutes=minutes), T0 + timedelta(minutes=to)
    inside = pl.col("time").is_between(begin, end, closed="left")
    return frame.with_columns(value=pl.when(inside).then(value).otherwise(pl.col("value")))


@pytest.mark.parametrize(
    ("minutes", "to", "value", "onset"),
    [
        (13, 13.25, 0.001, 12),  # one good sample does not end a run
        (3, 3.25, 0.9, 12),  # one bad sample long before does not begin it
        (12.5, 17, 0.001, 17),  # more good ones than half as many bad ones do
    ],
)
def test_a_run_lasts_as_long_as_two_samples_of_three_are_off(
    minutes: float, to: float, value: float, onset: float
) -> None:
    found = level(at_minutes(series(0.001, 0.4), minutes, to, value))
    assert found.onset == T0 + timedelta(minutes=onset)


def test_what_is_left_began_to_fall_with_its_worst_instance() -> None:
    full, falling = (
        series(9e9, late, metric="disk_free_bytes", unit="bytes", instance=name)
        for name, late in (("a", 9e9), ("b", 1e9))
    )
    assert level(full, falling).onset == T0 + timedelta(minutes=12)
