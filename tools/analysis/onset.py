"""When a deviation began."""

from datetime import datetime

import polars as pl

from tools.analysis.periods import TAIL
from tools.time_windows import utc_literal

_KEY = ("service", "instance", "metric", "peer")


def onsets(metrics: pl.DataFrame, deviating: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """The beginning of the run of samples that holds each series' peak near the alert.

    A run is a stretch of samples on the far side of the middle between usual and unusual.

    Args:
        metrics: the observed window (metrics schema, counters as rates).
        deviating: series key, `typical`, `now_high`, `now_low` and `falls` (bool: down is bad).
        at: when the alert fired.

    Returns:
        Series key and `onset`; series without such a run are left out.
    """
    chosen = deviating.select(
        *_KEY,
        sign=pl.when("falls").then(-1.0).otherwise(1.0),
        middle=(pl.col("typical") + pl.when("falls").then("now_low").otherwise("now_high")) / 2,
    )
    samples = (
        metrics.join(chosen, on=_KEY)
        .filter(pl.col("time") < utc_literal(at + TAIL))
        .with_columns(height=(pl.col("value") - pl.col("middle")) * pl.col("sign"))
        .sort(*_KEY, "time")
    )
    far = pl.col("height") > 0
    return (
        samples.group_by(_KEY)
        .agg(pl.col("time"), far.alias("far"), run=far.rle_id())
        .explode("time", "far", "run")
        .filter("far")
        .group_by(*_KEY, "run")
        .agg(pl.col("time").min().alias("onset"))
        .sort(*_KEY, "onset", descending=[False, False, False, False, True])
        .group_by(_KEY, maintain_order=True)
        .first()
        .select(*_KEY, "onset")
    )
