"""Services that report nothing any more, while the others go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from tools.analysis.conventions import conventions
from tools.analysis.inventory import inventory
from tools.analysis.meanings import meanings
from tools.time_windows import utc_literal

#: As long without a row is a pause between two samples.
_PAUSE = timedelta(seconds=60)
#: ... or as many of the service's own intervals.
_INTERVALS = 3
#: What was reported at fewer moments than this has no rhythm that could break off.
_ENOUGH = 5
#: Where more than this share of the services end, what measures them has.
_MOST = 0.5


@dataclass(frozen=True)
class Ending:
    """A service whose series have all ended: when the last row was, and how many there were.

    `down`: what tells whether something is up says that nothing of it is.
    """

    service: str
    last: datetime
    series: int
    down: bool


def endings(metrics: pl.DataFrame, end: datetime) -> tuple[Ending, ...]:
    """The services that reported regularly and do so no more, by name.

    Args:
        metrics: metrics schema.
        end: rows from here on are not looked at.
    """
    if not _any_silent(metrics, end):
        return ()
    rows = metrics.filter((pl.col("time") < utc_literal(end)) & (pl.col("peer") == ""))
    last = rows["time"].max()
    if not isinstance(last, datetime):
        return ()
    told = rows.join(meanings(rows).select("metric", "unit", "family"), on=("metric", "unit"))
    state = pl.col("family") == "up"
    spans = told.filter(~state).group_by("service").agg(
        pl.col("time").max().alias("last"),
        pl.col("time").n_unique().alias("moments"),
        pl.col("time").unique().sort().diff().median().alias("interval"),
        pl.struct("instance", "metric").n_unique().alias("series"),
    )  # fmt: skip
    pause = pl.max_horizontal(pl.col("interval") * _INTERVALS, pl.lit(_PAUSE))
    over = (pl.col("moments") >= _ENOUGH) & (utc_literal(last) - pl.col("last") > pause)
    ended = spans.filter(over).sort("service")
    down = _down(told.filter(state))
    found = [
        Ending(row["service"], row["last"], row["series"], row["service"] in down)
        for row in ended.iter_rows(named=True)
    ]
    if len(found) > _MOST * spans.height:
        found = [one for one in found if one.down]
    return tuple(found)


def _any_silent(metrics: pl.DataFrame, end: datetime) -> bool:
    """Whether any service may have ended; that most have not is told by when their series do."""
    heard = [one for one in inventory(metrics) if not one.peer]
    newest = max((one.last for one in heard), default=end)
    if newest >= end:
        return True
    lasts: dict[str, datetime] = {}
    for one in heard:
        if conventions().meaning(one.metric, one.unit).family != "up":
            lasts[one.service] = max(one.last, lasts.get(one.service, one.last))
    return any(newest - last > _PAUSE for last in lasts.values())


def _down(states: pl.DataFrame) -> frozenset[str]:
    """The services of which the last word of every instance is that it is not up."""
    words = states.sort("time").group_by("service", "instance", "metric").agg(pl.col("value").last())
    best = words.group_by("service").agg(pl.col("value").max())
    return frozenset(best.filter(pl.col("value") <= 0)["service"])


def say_ending(one: Ending) -> str:
    """One ending in words."""
    up = "; it is reported as not up" if one.down else ""
    return f"all {one.series} series ended at {one.last:%H:%M:%S} UTC{up}"
