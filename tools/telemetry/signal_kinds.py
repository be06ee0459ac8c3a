"""Samples as signals: which kind each series is, with success turned into failure.

What a series means is told by the conventions of the analysis from its name and unit, never from its source.
"""

from functools import cache

import polars as pl

from incidents.verification import SignalKind
from tools.analysis.beginnings import from_nothing
from tools.analysis.conventions import conventions
from tools.analysis.counters import as_rates
from tools.analysis.meanings import meanings
from tools.analysis.telemetry import METRICS_SCHEMA
from tools.memo import memoize_by_identity

_KINDS = {
    "errors": SignalKind.ERRORS.value,
    "success": SignalKind.ERRORS.value,
    "up": SignalKind.ERRORS.value,
    "latency": SignalKind.LATENCY.value,
    "saturation": SignalKind.SATURATION.value,
    "traffic": SignalKind.TRAFFIC.value,
}
#: What is counted of what is there, and not shared: instances are a resource, successes are traffic.
_COUNTED = {"up": SignalKind.SATURATION.value, "success": SignalKind.TRAFFIC.value}

#: Which statistic of a latency is shown and watched: what the slower users feel, before the average.
_TELLING = ("p95", "p90", "p99", "mean", "p75", "p50", "other")


@memoize_by_identity
def signal_rows(metrics: pl.DataFrame) -> pl.DataFrame:
    """Metrics with `family`, `side`, `kind` and `falls`; counters as rates, success as the failed share.

    Args:
        metrics: frame with the metrics schema.

    Returns:
        The same rows; `kind` is null for series that say nothing about health by themselves; `falls`: it
        hurts when it falls (what is left of a resource).
    """
    return _no_rows() if metrics.is_empty() else _rows(metrics)


@cache
def _no_rows() -> pl.DataFrame:
    return _rows(pl.DataFrame(schema=METRICS_SCHEMA))


def _rows(metrics: pl.DataFrame) -> pl.DataFrame:
    rates = as_rates(from_nothing(metrics))
    whole = pl.when(pl.col("unit") == "percent").then(100.0).otherwise(1.0)
    rows = rates.join(_kinds(rates, whole), on=("metric", "unit"), how="left")
    failed = pl.when("shared").then(whole - pl.col("value")).otherwise(pl.col("value"))
    return rows.with_columns(value=failed).drop("shared").sort("time")


def _kinds(rates: pl.DataFrame, whole: pl.Expr) -> pl.DataFrame:
    """One row per (metric, unit) with what `signal_rows` adds, and whether it is a share that succeeds."""
    known = meanings(rates).select("metric", "unit", "family", "side", "bad")
    good = known.filter(pl.col("family").is_in(["success", "up"]))
    most = (
        rates.join(good, on=("metric", "unit"), how="semi")
        .group_by("metric", "unit")
        .agg(shared=pl.col("value").max() <= whole.first())
    )
    counted = pl.col("family").replace_strict(_COUNTED, default=None, return_dtype=pl.String)
    kind = pl.col("family").replace_strict(_KINDS, default=None, return_dtype=pl.String)
    shared = pl.col("shared").fill_null(False)
    return known.join(most, on=("metric", "unit"), how="left").select(
        "metric", "unit", "family", "side",
        kind=pl.when(pl.col("shared").not_()).then(counted).otherwise(kind),
        falls=(pl.col("bad") == "down") & ~shared,
        shared=shared,
    )  # fmt: skip


def telling(metric: str) -> int:
    """Where a latency metric stands among those that could speak for a service; lower speaks first."""
    return _TELLING.index(conventions().statistic(metric))
