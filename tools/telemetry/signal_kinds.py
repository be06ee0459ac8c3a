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

_KINDS = {
    "errors": SignalKind.ERRORS,
    "success": SignalKind.ERRORS,
    "up": SignalKind.ERRORS,
    "latency": SignalKind.LATENCY,
    "saturation": SignalKind.SATURATION,
    "traffic": SignalKind.TRAFFIC,
}

#: Which statistic of a latency is shown and watched: what the slower users feel, before the average.
_TELLING = ("p95", "p90", "p99", "mean", "p75", "p50", "other")


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
    known = meanings(rates).select("metric", "unit", "family", "side", "bad")
    kind = pl.col("family").replace_strict(
        {family: kind.value for family, kind in _KINDS.items()}, default=None, return_dtype=pl.String
    )
    whole = pl.when(pl.col("unit") == "percent").then(100.0).otherwise(1.0)
    good = pl.col("family").is_in(["success", "up"])
    share = (pl.col("value").max() <= whole.first()).over("metric", "unit")
    # What is counted of what is there, and not shared: instances are a resource, successes are traffic.
    counted = {"up": SignalKind.SATURATION.value, "success": SignalKind.TRAFFIC.value}
    left = pl.col("family").replace_strict(counted, default=None, return_dtype=pl.String)
    falls = (pl.col("bad") == "down") & ~(good & share)
    return (
        rates.join(known, on=("metric", "unit"), how="left")
        .with_columns(
            kind=pl.when(good & ~share).then(left).otherwise(kind),
            value=pl.when(good & share).then(whole - pl.col("value")).otherwise(pl.col("value")),
            falls=falls,
        )
        .drop("bad")
        .sort("time")
    )


def telling(metric: str) -> int:
    """Where a latency metric stands among those that could speak for a service; lower speaks first."""
    return _TELLING.index(conventions().statistic(metric))
