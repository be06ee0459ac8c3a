"""What a plain look at all series finds remarkable and the weighing does not: the end of the list."""

from collections.abc import Collection

import polars as pl

from incidents.findings import Channel, Reason, Suspect
from tools.analysis.conventions import OF_A_RULE
from tools.analysis.impact import sureness
from tools.analysis.metric_signals import describe

#: A steady series is as far as that when its level changes by half.
_FAR = 5.0
#: So many of the most remarkable services stand in the list, wherever they stand in it.
_MOST = 5


def remarkable(series: pl.DataFrame, listed: Collection[str], below: float) -> list[Suspect]:
    """The services with the series farthest from their usual values, of those that are not listed yet.

    Whichever direction is bad, and whatever is measured, but for what a team's own rule judges: the largest
    robust z-score over all series, as in BARO (Pham et al., FSE 2024), which knows nothing of calls or users.

    Args:
        series: what `deviations` returns.
        listed: the services that are suspected anyway.
        below: what all their scores stay under, so that they change no conclusion.
    """
    seen = pl.when(pl.col("side").is_in(["source", "destination"]) & (pl.col("peer") != ""))
    falls = pl.col("down") > pl.col("up")
    best = (
        series.with_columns(
            sigmas=pl.max_horizontal("up", "down"),
            about=seen.then("peer").otherwise("service"),
            bad=pl.when(falls).then(pl.lit("down")).otherwise(pl.lit("up")),
        )
        .filter(pl.col("sigmas") >= _FAR, ~pl.col("metric").str.starts_with(OF_A_RULE))
        .sort("sigmas", "service", "metric", descending=[True, False, False], maintain_order=True)
        .unique("about", keep="first", maintain_order=True)
        # Equals stand or fall together: no name decides.
        .filter(pl.col("sigmas").rank("min", descending=True) <= _MOST)
    )
    return [
        Suspect(
            service=row["about"],
            score=(score := round(below * sureness(row["sigmas"]), 9)),
            onset=row["onset"],
            reasons=(Reason(channel=Channel.METRICS, text=describe(row), score=score, onset=row["onset"]),),
        )
        for row in best.iter_rows(named=True)
        if row["about"] not in listed
    ]
