"""The samples of watched signals as charts show them, the worst instance of each moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from incidents.findings import Window
from incidents.verification import Signal
from tools.memo import memoize_by_identity
from tools.telemetry.observation import Observation
from tools.time_windows import in_window


class Samples(NamedTuple):
    """One signal over time. `usual`: the range in which nine of ten usual samples lie, if known."""

    times: Sequence[datetime]
    values: Sequence[float]
    usual: tuple[float, float] | None


def shown_span(seen: Observation) -> Window:
    """The span that a chart shows: from the quiet time, if it is of the same source, until now."""
    if seen.same_source and seen.quiet is not None:
        return Window(start=min(seen.quiet.start, seen.at), end=seen.at)
    first = seen.signals["time"].min()
    start = max(seen.window.start, first) if isinstance(first, datetime) else seen.window.start
    return Window(start=min(start, seen.at), end=seen.at)


def baseline_span(seen: Observation) -> Window | None:
    """The part of the span that counts as usual: the quiet time, if shown, and the time before the alert."""
    start = seen.quiet.start if seen.same_source and seen.quiet is not None else seen.untroubled.start
    end = seen.untroubled.end
    return Window(start=start, end=end) if end > start else None


def samples(seen: Observation, signal: Signal) -> Samples | None:
    """The samples of a signal, the worst instance of each moment; None if there is none."""
    frames = [_rows_of(seen.signals, signal.service, signal.metric)]
    if seen.same_source and seen.baseline_signals is not None:
        frames.insert(0, _rows_of(seen.baseline_signals, signal.service, signal.metric))
    worse = min if signal.falls else max
    worst: dict[datetime, float] = {}
    for frame in frames:
        for at, value in frame.iter_rows():
            worst[at] = worse(value, worst.get(at, value))
    if not worst:
        return None
    times = sorted(worst)
    return Samples(times, [worst[at] for at in times], _usual(seen, signal))


@memoize_by_identity
def _rows_of(signals: pl.DataFrame, service: str, metric: str) -> pl.DataFrame:
    """`time` and `value` of what one service says of itself in a metric, where that is a number."""
    mine = (pl.col("service") == service) & (pl.col("metric") == metric) & (pl.col("peer") == "")
    return signals.filter(mine & pl.col("value").is_finite()).select("time", "value")


def _usual(seen: Observation, signal: Signal) -> tuple[float, float] | None:
    usual = [in_window(_rows_of(seen.signals, signal.service, signal.metric), seen.untroubled)]
    if seen.baseline_signals is not None:
        usual.append(_rows_of(seen.baseline_signals, signal.service, signal.metric))
    values = pl.concat(usual)["value"]
    low, high = values.quantile(0.05), values.quantile(0.95)
    return (low, high) if low is not None and high is not None else None
