"""The Wilson score interval: what a share that was counted says of the share that is. Pure."""

import math
from typing import NamedTuple

_Z = 1.959964  # two-sided 95 %

#: Of a share of fewer nothing is said: 9 of 9 may be as little as 70 %.
ENOUGH = 10


class Interval(NamedTuple):
    """The 95 % interval of a measure."""

    low: float
    high: float


def wilson(hits: int, n: int) -> Interval:
    """The Wilson score interval of a share.

    Args:
        hits: how often it held.
        n: how often it was asked, above 0.
    """
    share, square = hits / n, _Z**2
    centre = share + square / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low, high = (centre - spread) / (1 + square / n), (centre + spread) / (1 + square / n)
    # Exact at the ends, where rounding may leave a hair.
    return Interval(0.0 if hits == 0 else max(low, 0.0), 1.0 if hits == n else min(high, 1.0))
