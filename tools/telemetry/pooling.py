"""The level of series in a window: the instances of each are pooled, the worst one counts."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from incidents.findings import Window
from incidents.verification import SignalKind
from tools.time_windows import in_window

#: A pooled series: instances come and go with every release, so they are not part of it.
SERIES = ("service", "metric", "peer")


class Median(NamedTuple):
    """The level of one series in a span, and how many samples it rests on."""

    level: float
    samples: int


def medians(frame: pl.DataFrame, windows: Sequence[Window]) -> list[dict[tuple[str, str], Median]]:
    """For each window the level and the number of samples of every series (service, metric; no edges).

    The level is the worst instance's median; traffic is the mean over the instances.
    """
    own = frame.filter(pl.col("peer") == "")
    parts = [
        in_window(own, window).with_columns(window=pl.lit(place)) for place, window in enumerate(windows)
    ]
    table = pooled(of_instances(pl.concat(parts), "window"), "window", *SERIES)
    found: list[dict[tuple[str, str], Median]] = [{} for _ in windows]
    for row in table.iter_rows(named=True):
        if row["now"] is not None:
            found[row["window"]][row["service"], row["metric"]] = Median(row["now"], row["count"])
    return found


def of_instances(rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """The level of each instance of a series."""
    return rows.group_by("instance", *SERIES, *keys).agg(
        # Whether something is up is a state and no measurement: its last word counts.
        pl.when(pl.col("family").first() == "up")
        .then(pl.col("value").last())
        .otherwise(pl.col("value").median())
        .alias("level"),
        pl.len().alias("count"),
        pl.col("kind", "unit", "side", "family", "falls").first(),
    )


def pooled(each: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """The level of each series over its instances: the worst of them, or what they carry together."""
    load = pl.col("kind").first().is_null() | (pl.col("kind").first() == SignalKind.TRAFFIC)
    # The share of instances that are not up; of what is left of a resource the worst place counts.
    load = (load | (pl.col("family").first() == "up")) & ~pl.col("falls").first()
    worst = pl.when(pl.col("falls").first()).then(pl.col("level").min()).otherwise(pl.col("level").max())
    return each.group_by(keys).agg(
        pl.when(load).then(pl.col("level").mean()).otherwise(worst).alias("now"),
        pl.col("count").sum(),
        pl.col("kind", "unit", "side", "falls").first(),
    )
