"""Since when it hurts where it hurts: an alert may be late, and what was before it the fault already."""

import statistics
from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl

from tools.analysis.conventions import conventions
from tools.analysis.periods import LEAD, MARGIN
from tools.time_windows import utc_literal

_FELT = frozenset({"latency", "errors", "success"})
#: The statistics of a latency that tell of most requests; what only the slowest show is no step of all.
_OF_MOST = frozenset({"mean", "p50", "other"})
#: A step is one where nearly all samples lie on their side of its middle; one in five may not.
_MOSTLY = 0.8
#: What did not change by half is no step of something that somebody is woken for.
_LEAST = 0.5
#: Of a share of requests half a per cent is one: near 100 % success the level says nothing.
_LEAST_SHARE = {"percent": 0.5, "ratio": 0.005}


def began(metrics: pl.DataFrame, baseline: pl.DataFrame | None, at: datetime) -> datetime | None:
    """When a service's own latency, errors or success stepped to the level that they have at the alert.

    Args:
        metrics: the series of the service where it hurts, in the observed window (counters as rates).
        baseline: the same in a quiet time, or None.
        at: when the alert fired.

    Returns:
        The first sample of the earliest step, if that lies well before the alert: that of the whole window
        where it already began on another level than the baseline's. None where there is no such step, or it
        came with the alert.
    """
    quiet = dict(_felt(baseline)) if baseline is not None else {}
    steps = []
    for key, series in _felt(metrics.filter(pl.col("time") <= utc_literal(at))):
        falls = conventions().meaning(*key[:2]).bad == "down"
        heights = _heights(series, falls)
        known = _heights(quiet[key], falls) if key in quiet else []
        least = _LEAST_SHARE.get(key[1])
        place = _step(heights, least)
        if place is None and known and heights and _is_clear([*known, *heights], len(known), least):
            place = 0
        if place is not None and at - series["time"][place] >= LEAD + MARGIN:
            steps.append(series["time"][place])
    return min(steps, default=None)


def _felt(metrics: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """The series by which callers feel a service, each by its metric and unit, oldest sample first."""
    own = metrics.filter(pl.col("peer") == "")
    for (metric, unit), series in own.sort("time", "instance").group_by(
        "metric", "unit", maintain_order=True
    ):
        meaning = conventions().meaning(str(metric), str(unit))
        if meaning.side != "own" or meaning.family not in _FELT:
            continue
        if meaning.family != "latency" or conventions().statistic(str(metric)) in _OF_MOST:
            yield (str(metric), str(unit)), series.filter(pl.col("value").is_finite())


def _heights(series: pl.DataFrame, falls: bool) -> list[float]:
    return [-value if falls else value for value in series["value"]]


def _step(heights: Sequence[float], least: float | None) -> int | None:
    """Where the series steps up for good, if it does: the split that sets its two levels farthest apart."""
    total, count, left = sum(heights), len(heights), 0.0
    best, place = 0.0, None
    for k in range(1, count):
        left += heights[k - 1]
        gap = (total - left) / (count - k) - left / k
        worth = gap * gap * k * (count - k)
        if gap > 0 and worth > best:
            best, place = worth, k
    return place if place is not None and _is_clear(heights, place, least) else None


def _is_clear(heights: Sequence[float], place: int, least: float | None) -> bool:
    """Whether the samples from a place on lie on a level of their own, above that of those before."""
    before, after = statistics.median(heights[:place]), statistics.median(heights[place:])
    middle = (before + after) / 2
    low = sum(one < middle for one in heights[:place]) >= _MOSTLY * place
    high = sum(one > middle for one in heights[place:]) >= _MOSTLY * (len(heights) - place)
    return low and high and after - before > (least if least is not None else _LEAST * abs(before))
