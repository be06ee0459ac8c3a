"""What every metric of a frame means, as a frame to join with."""

from functools import lru_cache

import polars as pl

from tools.analysis.conventions import STATISTICS, conventions
from tools.analysis.inventory import inventory

_SCHEMA = {
    "metric": pl.String, "unit": pl.String, "family": pl.String, "side": pl.String, "bad": pl.String,
    "rank": pl.Int64, "counter": pl.Boolean,
}  # fmt: skip


def meanings(*metrics: pl.DataFrame) -> pl.DataFrame:
    """One row per (metric, unit) with family, side, bad, rank (of its statistic) and counter."""
    return _meant(frozenset((one.metric, one.unit) for frame in metrics for one in inventory(frame)))


@lru_cache(maxsize=64)
def _meant(named: frozenset[tuple[str, str]]) -> pl.DataFrame:
    known = conventions()
    rows = []
    for metric, unit in sorted(named):
        meaning = known.meaning(metric, unit)
        rank = STATISTICS.index(known.statistic(metric))
        rows.append((metric, unit, meaning.family, meaning.side, meaning.bad, rank, known.is_counter(metric)))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")
