"""Ever-growing counts read as what they mean: growth per second, and the mean of what they sum."""

import polars as pl

from tools.analysis.conventions import conventions

SERIES = ("service", "instance", "metric", "peer")

#: A count that grows in this share of its steps is a counter; it falls only where its process restarts.
_GROWS = 0.95


def as_rates(metrics: pl.DataFrame) -> pl.DataFrame:
    """Replace ever-growing counts by their growth per second; a restart is a gap, not a fall.

    A sum and its count (a Prometheus histogram or summary) become the mean in the unit of the sum, named with
    `_mean`, and the count's rate; buckets, whose bounds are no part of the series' key, are left out.

    Args:
        metrics: metrics schema.
    """
    names = [name for name in sorted(metrics["metric"].unique()) if conventions().is_counter(name)]
    if not names:
        return metrics
    rest = metrics.filter(~pl.col("metric").is_in(names))
    counted = metrics.filter(pl.col("metric").is_in(names)).sort(*SERIES, "time")
    seconds = pl.col("time").diff().over(SERIES).dt.total_microseconds() / 1e6
    grown = counted.with_columns(step=pl.col("value").diff().over(SERIES), seconds=seconds)
    grows = ((pl.col("step") >= 0) | pl.col("step").is_null()).mean().over("metric") >= _GROWS
    steps = grown.filter(grows).filter((pl.col("step") >= 0) & (pl.col("seconds") > 0))
    means = _means(steps)
    meant = means["metric"].str.replace("_mean$", "_sum").unique().to_list()
    left_out = pl.col("metric").is_in(meant) | pl.col("metric").str.ends_with("_bucket")
    rates = steps.filter(~left_out).with_columns(value=pl.col("step") / pl.col("seconds"))
    columns = metrics.columns
    parts = (rates, grown.filter(~grows), means)
    return pl.concat([rest, *(part.select(columns) for part in parts)])


def _means(steps: pl.DataFrame) -> pl.DataFrame:
    """What each step of a `_sum` grew by, per step of the `_count` of the same name and time."""
    sums = steps.filter(pl.col("metric").str.ends_with("_sum"))
    stem = pl.col("metric").str.replace("_(sum|count)$", "").alias("stem")
    keys = ["time", "service", "instance", "peer", "stem"]
    counts = steps.filter(pl.col("metric").str.ends_with("_count") & (pl.col("step") > 0)).with_columns(stem)
    joined = sums.with_columns(stem).join(counts.select(*keys, pl.col("step").alias("count")), on=keys)
    return joined.with_columns(metric=pl.col("stem") + "_mean", value=pl.col("step") / pl.col("count"))
