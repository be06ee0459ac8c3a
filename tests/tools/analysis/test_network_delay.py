"""The way between two services: only from statistics that can be taken from each other."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tools.analysis import METRICS_SCHEMA
from tools.analysis.network_delay import edge_gaps

T0 = datetime(2026, 3, 12, 10, tzinfo=UTC)


def edge(metric: str) -> pl.DataFrame:
    """A caller that sees 0.5 s where the callee itself sees 0.2 s."""
    rows = [
        (T0 + timedelta(seconds=15 * n), service, f"{service}-1", metric, peer, value, "seconds")
        for n in range(4)
        for service, peer, value in (("web", "orders", 0.5), ("orders", "", 0.2))
    ]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


@pytest.mark.parametrize("metric", ["latency_p50", "latency_mean", "latency"])
def test_means_and_medians_are_subtracted(metric: str) -> None:
    found = edge_gaps(edge(metric))
    assert found["metric"].unique().to_list() == [f"{metric}_gap"]
    assert found["value"].to_list() == pytest.approx([0.3] * 4)


@pytest.mark.parametrize("metric", ["latency_p90", "latency_p95", "latency_p99"])
def test_tails_are_not(metric: str) -> None:
    assert edge_gaps(edge(metric)).is_empty()


def test_a_caller_that_sees_less_than_its_callee_is_noise_and_not_nothing() -> None:
    seen = edge("latency_p50").with_columns(value=pl.when(pl.col("peer") != "").then(0.15).otherwise(0.2))
    assert edge_gaps(seen)["value"].to_list() == pytest.approx([-0.05] * 4)
