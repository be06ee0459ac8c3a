"""Nodes that are another name of the symptom's: a probe or gateway that reports the same series."""

from datetime import timedelta

import polars as pl

#: Two series that agree in this share of their samples are one series under two names.
_SAME = 0.9
#: The same figure may be rounded on one of its ways.
_ROUNDING = 1e-4
#: Scrapes of one round are seconds apart.
_APART = timedelta(seconds=5)
#: Fewer samples in common can agree by chance.
_ENOUGH = 5


def without_aliases(metrics: pl.DataFrame, symptom: str | None, known: frozenset[str]) -> pl.DataFrame:
    """The metrics with the names of the symptom's aliases replaced by the symptom's.

    An alias is a service that the topology does not know and of whose series one repeats, sample
    by sample, a series of the symptom.

    Args:
        metrics: metrics schema.
        symptom: the service where it hurts.
        known: the services of the topology.
    """
    if symptom is None or symptom not in known:
        return metrics
    about = metrics.with_columns(about=pl.col("time").dt.truncate("1m"))
    strangers = about.filter(~pl.col("service").is_in(sorted(known)))
    mine = about.filter((pl.col("service") == symptom) & (pl.col("value") != 0))
    sizes = (
        strangers.filter(pl.col("value") != 0).group_by("service", "metric").agg(pl.len().alias("samples"))
    )
    shared = (
        strangers.join(mine, on="about", suffix="_mine")
        .filter((pl.col("time") - pl.col("time_mine")).abs() <= _APART)
        .filter((pl.col("value") - pl.col("value_mine")).abs() <= _ROUNDING * pl.col("value_mine").abs())
        .group_by("service", "metric", "metric_mine")
        .agg(pl.col("time").n_unique().alias("shared"))
        .join(sizes, on=["service", "metric"])
        .filter((pl.col("shared") >= _SAME * pl.col("samples")) & (pl.col("samples") >= _ENOUGH))
    )
    names = shared["service"].unique().to_list()
    if not names:
        return metrics
    renamed = pl.when(pl.col("service").is_in(names)).then(pl.lit(symptom)).otherwise("service")
    return metrics.with_columns(service=renamed)
