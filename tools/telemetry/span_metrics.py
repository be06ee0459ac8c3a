"""Span metrics (RED): rate, errors, duration of each service out of traces, where metrics do not say."""

import polars as pl

from tools.analysis import METRICS_SCHEMA
from tools.analysis.spans import related
from tools.memo import memoize_by_identity

#: Long enough for a share of failures over a handful of calls, short enough to see an onset.
_BUCKET = "15s"


@memoize_by_identity
def server_spans(spans: pl.DataFrame) -> pl.DataFrame:
    """The spans in which a service answers a call: roots, and children of another service.

    Args:
        spans: frame with the traces schema.

    Returns:
        Those spans with `caller` (null for a root or an unknown parent) and `own_us`, their time less their
        children's.
    """
    joined = related(spans)
    return joined.filter(pl.col("caller").is_null() | (pl.col("caller") != pl.col("service")))


def error_share() -> pl.Expr:
    """The share of failed calls, null where no status is recorded: absence of a mark proves nothing."""
    marked = (pl.col("status") != "unset").any()
    return pl.when(marked).then((pl.col("status") == "error").mean())


@memoize_by_identity
def span_metrics(spans: pl.DataFrame) -> pl.DataFrame:
    """Metric rows per service and quarter minute: `traced_calls`, `traced_error_ratio`, `traced_latency_p95`.

    Args:
        spans: frame with the traces schema.

    Returns:
        Frame with the metrics schema.
    """
    if not spans.height:
        return pl.DataFrame(schema=METRICS_SCHEMA)
    buckets = (
        server_spans(spans)
        .group_by(pl.col("time").dt.truncate(_BUCKET), "service")
        .agg(
            (pl.len() / 15).cast(pl.Float64).alias("traced_calls"),
            error_share().alias("traced_error_ratio"),
            (pl.col("duration_us").quantile(0.95) / 1e6).alias("traced_latency_p95"),
        )
    )
    units = {"traced_calls": "per_second", "traced_error_ratio": "ratio", "traced_latency_p95": "seconds"}
    long = buckets.unpivot(list(units), index=["time", "service"], variable_name="metric").drop_nulls("value")
    return long.with_columns(
        instance=pl.lit(""),
        peer=pl.lit(""),
        unit=pl.col("metric").replace_strict(units, return_dtype=pl.String),
    ).select(METRICS_SCHEMA.names())
