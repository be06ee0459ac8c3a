"""Native histograms: one number out of each, as PromQL's `histogram_quantile`, `_avg` and `_count` make it.

They come in an answer's `histograms`, never in its `values` (seen in Prometheus 2.42, 2.53 and 3.5), so
whoever reads the values alone sees a series without samples. Quantiles are interpolated as Prometheus 3 does:
exponentially, and evenly in a bucket that holds zero; 2.x interpolates evenly everywhere and says a bit more.
"""

import math
from bisect import bisect_left
from itertools import accumulate
from typing import Annotated

from pydantic import Field

from tools.analysis.conventions import conventions
from tools.live.http import Reply

_QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
#: Which ends of it a bucket includes (not looked at), its lower and upper bound, how many it holds.
_Bucket = tuple[int, str, str, str]


class NativeHistogram(Reply):
    """How many observations there were, or are a second, what they sum up to, and how they are spread."""

    count: float
    sum: float
    buckets: tuple[_Bucket, ...] = ()


#: Seconds since 1970, and the histogram.
Sampled = tuple[Annotated[float, Field(ge=0, lt=190_000_000_000)], NativeHistogram]


def number_of(histogram: NativeHistogram, metric: str, unit: str) -> float:
    """What a metric of this name is in a histogram: a quantile, how many, or the mean; NaN if it is empty."""
    quantile = _QUANTILES.get(conventions().statistic(metric))
    if quantile is not None:
        return quantile_of(histogram, quantile)
    if conventions().meaning(metric, unit).family == "traffic":
        return histogram.count
    return histogram.sum / histogram.count if histogram.count else math.nan


def quantile_of(histogram: NativeHistogram, quantile: float) -> float:
    """The value below which that share of the observations lies; NaN if there is none."""
    buckets = [(float(lower), float(upper), float(count)) for _, lower, upper, count in histogram.buckets]
    filled = sorted(bucket for bucket in buckets if bucket[2] > 0)
    if not filled or not histogram.count > 0:
        return math.nan
    rank = quantile * histogram.count
    until = list(accumulate(count for _, _, count in filled))
    place = min(bisect_left(until, rank), len(filled) - 1)
    lower, upper, count = filled[place]
    below = until[place] - count
    share = min(1.0, max(0.0, (rank - below) / count))
    if lower < 0 < upper:  # the bucket of zero: with others on one side alone, it lies on that side
        lower = lower if filled[0][0] < lower else 0.0
        upper = upper if filled[-1][1] > upper or lower == 0.0 else 0.0
    if math.isinf(upper):
        return lower
    if math.isinf(lower):
        return upper
    if lower <= 0 <= upper:
        return lower + (upper - lower) * share
    if lower > 0:
        return float(lower * (upper / lower) ** share)
    return float(-(abs(upper) * (lower / upper) ** (1 - share)))
