"""Time windows over frames: one way to cut a span of time out of telemetry."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import polars as pl

from incidents.findings import Window
from tools.memo import memoize_by_identity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_TIME = pl.Datetime("us", "UTC")


def utc_literal(at: datetime) -> pl.Expr:
    """A moment in an expression; polars makes one of a number twenty times as fast as of a zoned datetime."""
    return pl.lit((at - _EPOCH) // _TICK).cast(_TIME)


def in_window(frame: pl.DataFrame, window: Window) -> pl.DataFrame:
    """The rows of a window, `start` inclusive, `end` exclusive; of a frame known to be in order a slice.

    The same slice is the same object, so that what was made of it is found again (`tools.memo`).
    """
    times = frame["time"]
    if times.flags["SORTED_ASC"] and not times.null_count():
        ticks = times.cast(pl.Int64)
        first, end = (bisect_left(ticks, (at - _EPOCH) // _TICK) for at in (window.start, window.end))
        return _cut(frame, first, max(0, end - first))
    return frame.filter(
        pl.col("time").is_between(utc_literal(window.start), utc_literal(window.end), closed="left")
    )


def ended_by(spans: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """The spans that had ended by a moment; the same frame where all of them had."""
    ended = _without_late(spans, (moment - _EPOCH) // _TICK)
    return spans if ended is None else ended


@memoize_by_identity
def _without_late(spans: pl.DataFrame, ticks: int) -> pl.DataFrame | None:
    """The spans that end by then; None where all do: an answer must not keep what it is about."""
    late = spans["time"].cast(pl.Int64) + spans["duration_us"] > ticks
    return spans.filter(~late) if late.any() else None


@memoize_by_identity
def _cut(frame: pl.DataFrame, first: int, count: int) -> pl.DataFrame:
    return frame.slice(first, count)
