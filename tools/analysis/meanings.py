"""What every metric of a frame means, as a frame to join with."""

import polars as pl

from tools.analysis.conventions import STATISTICS, conventions


def meanings(metrics: pl.DataFrame) -> pl.DataFrame:
    """One row per (metric, unit) with family, side, bad, rank (of its statistic) and counter."""
    known = conventions()
    rows = []
    for metric, unit in sorted(metrics.select("metric", "unit").unique().rows()):
        meaning = known.meaning(metric, unit)
        rank = STATISTICS.index(known.statistic(metric))
        rows.append((metric, unit, meaning.family, meaning.side, meaning.bad, rank, known.is_counter(metric)))
    schema = {
        "metric": pl.String, "unit": pl.String, "family": pl.String, "side": pl.String, "bad": pl.String,
        "rank": pl.Int64, "counter": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
