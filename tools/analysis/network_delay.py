"""Network delay between two services, from series that both ends of an edge report."""

from datetime import timedelta

import polars as pl

from tools.analysis.conventions import conventions
from tools.analysis.telemetry import METRICS_SCHEMA

#: Scrapes of one round are seconds apart.
_APART = timedelta(seconds=5)
#: Only these can be taken from each other: the difference of two tails is nobody's time.
_SUBTRACTABLE = frozenset({"mean", "p50", "other"})
_ENDS = ("_source", "_caller", "_destination", "_callee")


def edge_gaps(metrics: pl.DataFrame) -> pl.DataFrame:
    """Series of caller's time less callee's time per edge (metrics schema, names end in `_gap`).

    The callee's side is its own report for that edge where there is one, else its latency over
    all callers under the same metric name.
    """
    edges = metrics.filter(pl.col("peer") != "")
    names = [
        name
        for name in edges["metric"].unique().sort()
        if conventions().meaning(name).family == "latency" and conventions().statistic(name) in _SUBTRACTABLE
    ]
    if not names:
        return metrics.clear()
    edges = edges.filter(pl.col("metric").is_in(names)).with_columns(stem=_stem(), called=_is_callee_side())
    keys = ["time", "service", "instance", "peer", "stem"]
    both = _nearest(edges.filter(~pl.col("called")), edges.filter("called"), keys[1:])
    own = metrics.filter((pl.col("peer") == "") & pl.col("metric").is_in(names))
    whole = own.group_by("time", pl.col("service").alias("peer"), pl.col("metric").alias("stem")).agg(
        pl.col("value").mean().alias("value_callee")
    )
    reported = both.select("service", "peer", "stem").unique()
    single = edges.filter(~pl.col("called")).join(reported, on=["service", "peer", "stem"], how="anti")
    single = _nearest(single, whole.rename({"value_callee": "value"}), ["peer", "stem"])
    found = pl.concat(
        [
            both.select(*keys, "value", "value_callee", "unit"),
            single.select(*keys, "value", "value_callee", "unit"),
        ]
    )
    return found.with_columns(
        metric=pl.col("stem") + "_gap", value=pl.col("value") - pl.col("value_callee")
    ).select(METRICS_SCHEMA.names())


def _nearest(left: pl.DataFrame, right: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Each row of `left` with the value of the sample of `right` that was scraped in the same round."""
    wanted = right.select("time", *by, pl.col("value").alias("value_callee")).sort("time", *by)
    joined = left.sort("time", *by).join_asof(
        wanted, on="time", by=by, strategy="nearest", tolerance=_APART, check_sortedness=False
    )
    return joined.filter(pl.col("value_callee").is_not_null())


def _stem() -> pl.Expr:
    return pl.col("metric").str.replace(f"({'|'.join(_ENDS)})$", "")


def _is_callee_side() -> pl.Expr:
    return pl.col("metric").str.contains("(_destination|_callee)$")
