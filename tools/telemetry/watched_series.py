"""The samples of watched signals as charts show them, the worst instance of each moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from incidents.findings import Window
from incidents.verification import Signal
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
    mine = (
        (pl.col("service") == signal.service) & (pl.col("metric") == signal.metric) & (pl.col("peer") == "")
    )
    frames = [seen.signals]
    if seen.same_source and seen.baseline_signals is not None:
        frames.insert(0, seen.baseline_signals)
    finite = pl.col("value").is_finite()
    worst = pl.col("value").min() if signal.falls else pl.col("value").max()
    rows = pl.concat(frames).filter(mine & finite).group_by("time").agg(worst).sort("time")
    if not rows.height:
        return None
    return Samples(rows["time"].to_list(), rows["value"].to_list(), _usual(seen, mine & finite))


def _usual(seen: Observation, mine: pl.Expr) -> tuple[float, float] | None:
    usual = [in_window(seen.signals, seen.untroubled)]
    if seen.baseline_signals is not None:
        usual.append(seen.baseline_signals)
    values = pl.concat(usual).filter(mine)["value"]
    low, high = values.quantile(0.05), values.quantile(0.95)
    return (low, high) if low is not None and high is not None else None
