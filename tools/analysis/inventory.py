"""Which series a frame of metrics holds, and from when to when: asked often, read once per frame."""

from datetime import datetime
from typing import NamedTuple

import polars as pl

from tools.memo import memoize_by_identity


class Held(NamedTuple):
    """One series: its key, its unit, the moments of its first and last row."""

    service: str
    instance: str
    metric: str
    peer: str
    unit: str
    first: datetime
    last: datetime


@memoize_by_identity
def inventory(metrics: pl.DataFrame) -> tuple[Held, ...]:
    """The series of a frame with the metrics schema, in no order; one for each unit that a series has."""
    rows = metrics.group_by("service", "instance", "metric", "peer", "unit").agg(
        pl.col("time").min().alias("first"), pl.col("time").max().alias("last")
    )
    return tuple(map(Held._make, rows.iter_rows()))
