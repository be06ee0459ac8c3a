"""How long something took in several incidents. Pure."""

from collections.abc import Iterable
from statistics import fmean, stdev

from incidents.value import Value


class Spread(Value):
    """How long something took in several incidents, in seconds.

    Attributes:
        known: of how many it is known.
        mean: of these; null: of none.
        deviation: their standard deviation, of a sample; null: of one or none.
        shortest: null: of none.
        longest: null: of none.
    """

    known: int
    mean: float | None = None
    deviation: float | None = None
    shortest: float | None = None
    longest: float | None = None


def spread(seconds: Iterable[float | None]) -> Spread:
    """Of those that are known."""
    known = sorted(one for one in seconds if one is not None)
    if not known:
        return Spread(known=0)
    return Spread(
        known=len(known),
        mean=round(fmean(known), 3),
        deviation=round(stdev(known), 3) if len(known) > 1 else None,
        shortest=known[0],
        longest=known[-1],
    )
