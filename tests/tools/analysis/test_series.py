"""Series against their past: counters, gaps, bursts, onset, silence."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pytest

from tests.tools.analysis.shop import ALERT, START
from tools.analysis import METRICS_SCHEMA
from tools.analysis.counters import as_rates
from tools.analysis.series import deviations


def series(values: Sequence[float | None], metric: str = "cpu", unit: str = "ratio") -> pl.DataFrame:
    rows = [
        (START + timedelta(minutes=index), "one", "one-1", metric, "", value, unit)
        for index, value in enumerate(values)
        if value is not None
    ]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def test_a_sustained_rise_is_seen_with_its_onset() -> None:
    frame = series([0.2] * 12 + [0.9] * 4)
    row = deviations(frame, None, ALERT).row(0, named=True)
    assert row["up"] > 10
    assert row["onset"] == START + timedelta(minutes=12)
    assert row["typical"] == pytest.approx(0.2)


def test_one_spike_of_many_samples_is_not_sustained() -> None:
    frame = series([0.2] * 13 + [0.9] + [0.2] * 2)
    assert deviations(frame, None, ALERT)["up"].item() == 0


def test_an_incident_shortly_before_does_not_hide_the_next() -> None:
    frame = series([0.2] * 3 + [0.9] * 4 + [0.2] * 5 + [0.9] * 4)
    baseline = series([0.2, 0.21] * 20)
    assert deviations(frame, baseline, ALERT)["up"].item() > 10


def test_a_regime_that_the_baseline_does_not_know_is_not_an_incident() -> None:
    baseline = series([0.2] * 40)
    frame = series([0.7] * 16)
    assert deviations(frame, baseline, ALERT)["up"].item() == 0


def test_a_counter_that_restarts_is_read_as_growth() -> None:
    grown = as_rates(
        series([float(60 * step) for step in range(30)] + [0.0, 60.0], "requests_total", "count")
    )
    assert grown["value"].to_list() == pytest.approx([1.0] * 30)


def test_a_sum_and_its_count_become_a_mean() -> None:
    total = series([0.0, 6.0, 12.0, 20.0], "http_request_duration_seconds_sum", "seconds")
    count = series([0.0, 60.0, 120.0, 200.0], "http_request_duration_seconds_count", "count")
    buckets = series([0.0, 1.0, 2.0, 3.0], "http_request_duration_seconds_bucket", "count")
    made = as_rates(pl.concat([total, count, buckets]))
    means = made.filter(pl.col("metric") == "http_request_duration_seconds_mean")
    assert means["value"].to_list() == pytest.approx([0.1, 0.1, 0.1])
    assert set(made["metric"]) == {
        "http_request_duration_seconds_mean",
        "http_request_duration_seconds_count",
    }


def test_a_gauge_that_is_named_like_a_counter_stays() -> None:
    frame = series([3.0, 1.0, 4.0, 1.0, 5.0], "queue_count", "count")
    assert sorted(as_rates(frame)["value"].to_list()) == [1.0, 1.0, 3.0, 4.0, 5.0]
