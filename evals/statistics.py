"""Intervals around what was measured: Wilson for yes and no, a seeded bootstrap for means, and pass^k."""

import math
import random
from collections.abc import Sequence

from incidents.intervals import Interval, wilson

_DRAWS = 2000
_SEED = 20240601


def bootstrap(values: Sequence[float]) -> Interval:
    """The percentile bootstrap interval of a mean; the same values always give the same interval."""
    dice = random.Random(_SEED)  # noqa: S311 - statistics, no secret
    n = len(values)
    means = sorted(math.fsum(dice.choices(values, k=n)) / n for _ in range(_DRAWS))
    return Interval(means[round(0.025 * (_DRAWS - 1))], means[round(0.975 * (_DRAWS - 1))])


def interval(values: Sequence[float], share: bool) -> Interval:
    """Wilson where every answer is yes or no, else the bootstrap."""
    if share and all(value in {0.0, 1.0} for value in values):
        return wilson(round(sum(values)), len(values))
    return bootstrap(values)


def pass_hat(hits: Sequence[Sequence[bool]]) -> tuple[float, ...]:
    """pass^1, pass^2, ...: how likely a case is right k times in a row, over all cases.

    Args:
        hits: for each case, whether each of its epochs was right; k runs up to the fewest epochs of any case.
    """
    most = min((len(case) for case in hits), default=0)
    return tuple(
        math.fsum(math.comb(sum(case), k) / math.comb(len(case), k) for case in hits) / len(hits)
        for k in range(1, most + 1)
    )
