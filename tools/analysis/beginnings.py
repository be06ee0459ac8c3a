"""Series of failures that begin with the first failure: before it, no row means none so far."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

import polars as pl

from tools.analysis.conventions import conventions
from tools.analysis.counters import SERIES
from tools.analysis.inventory import inventory
from tools.analysis.meanings import meanings

#: A series that begins no later than this after its service did is only sampled at other moments.
_LATER = timedelta(seconds=30)
#: ... nor is one that begins no later than this many of its own intervals.
_INTERVALS = 2
_SHARES = ("ratio", "percent")
#: In these units a name that ends in `_total` is no count that only grows.
_MEASURED = (*_SHARES, "per_second")


def from_nothing(metrics: pl.DataFrame, later: pl.DataFrame | None = None) -> pl.DataFrame:
    """The metrics with a 0 of each series of failures for the moments before it that have other rows.

    Many counters have no row before they are first raised. Whether a service reported at all is told by its
    other series: of one that reported nothing, nothing is known, and nothing is added. A share needs
    requests to be a share of, so that moments without traffic tell nothing of it.

    Args:
        metrics: metrics schema, or more columns that are constant in a series.
        later: what was reported afterwards, in the same columns: its series may have had no row before.
    """
    frames = [metrics] if later is None else [metrics, later]
    names = _begun_later(frames)
    if not names:
        return metrics
    known, mine = meanings(*frames), pl.col("metric").is_in(names)
    rows = [frame.select(metrics.columns).filter(mine) for frame in frames]
    counted = known.select("metric", "unit", raised="counter")
    failing = pl.concat(rows).join(counted, on=("metric", "unit"))
    starts = metrics.group_by("service").agg(pl.col("time").min().alias("starts"))
    born = _born(failing, metrics).join(starts, on="service").filter(
        pl.col("first") - pl.col("starts") > pl.col("reach")
    )  # fmt: skip
    if born.is_empty():
        return metrics
    reported = metrics.select("service", "time").unique()
    shares = pl.col("unit").is_in(_SHARES)
    asked = reported.join(_idle(metrics, known), on=("service", "time"), how="anti")
    parts = (born.filter(~shares).join(reported, on="service"), born.filter(shares).join(asked, on="service"))
    added = pl.concat(parts).filter(pl.col("time") < pl.col("first"))
    return pl.concat([metrics, added.select(metrics.columns)])


def _begun_later(frames: Sequence[pl.DataFrame]) -> frozenset[str]:
    """What series of failures are called that begin well after the first row of their service."""
    starts: dict[str, datetime] = {}
    for one in inventory(frames[0]):
        starts[one.service] = min(one.first, starts.get(one.service, one.first))
    firsts: dict[tuple[str, ...], datetime] = {}
    for one in chain.from_iterable(map(inventory, frames)):
        if one.service in starts and conventions().meaning(one.metric, one.unit).family == "errors":
            key = one[:4]
            firsts[key] = min(one.first, firsts.get(key, one.first))
    return frozenset(key[2] for key, first in firsts.items() if first - starts[key[0]] > _LATER)


def _born(failing: pl.DataFrame, metrics: pl.DataFrame) -> pl.DataFrame:
    """One row per series of failures: when it began (`first`), its value before, how much later is late."""
    columns = [name for name in metrics.columns if name not in (*SERIES, "time", "value")]
    value = pl.col("value")
    # A count older than the rows did not begin with them: it held what it holds.
    old = (pl.col("raised") & ~pl.col("unit").is_in(_MEASURED)).first() & (
        value.first() > value.diff().max().fill_null(value.first())
    )
    interval = pl.col("time").diff().median().fill_null(_LATER)
    return (
        failing.sort("time")
        .group_by(SERIES)
        .agg(
            *(pl.col(name).first() for name in columns),
            pl.col("time").first().alias("first"),
            pl.when(old).then(value.first()).otherwise(0.0).alias("value"),
            pl.max_horizontal(interval * _INTERVALS, pl.lit(_LATER)).alias("reach"),
        )
    )


def _idle(metrics: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Moments at which a service, whose traffic is measured, served nothing."""
    traffic = (
        metrics.filter(pl.col("peer") == "")
        .join(
            known.filter((pl.col("family") == "traffic") & (pl.col("side") == "own")), on=("metric", "unit")
        )
        .group_by("service", "time")
        .agg(pl.col("value").max())
    )
    measured = metrics.join(traffic, on="service", how="semi").select("service", "time").unique()
    return measured.join(traffic.filter(pl.col("value") > 0), on=("service", "time"), how="anti")
