"""Series of failures that nothing is known of from before, judged by their level alone."""

import math
from collections.abc import Iterable
from datetime import datetime

import polars as pl

from incidents.findings import Window
from incidents.verification import SignalKind
from tools.analysis.conventions import conventions
from tools.analysis.without_past import FAILING, WHOLE
from tools.telemetry.levels import DEVIATES, Level
from tools.telemetry.pooling import SERIES
from tools.time_windows import utc_literal

#: Half of what tells whether something is up says that it is not.
_HALF = 0.5


def judged_alone(levels: Iterable[Level], frame: pl.DataFrame, recent: Window) -> tuple[Level, ...]:
    """The levels, of which those of failures deviate that have no reference and are high by themselves.

    Args:
        levels: where every series stands.
        frame: the signals that they were read from.
        recent: what counts as now.
    """
    found = tuple(levels)
    traffic = {
        (level.service, level.peer, level.unit): level.now
        for level in found
        if level.kind is SignalKind.TRAFFIC and level.side == "own" and level.now
    }
    return tuple(_judged(level, traffic, frame, recent) for level in found)


def _judged(
    level: Level, traffic: dict[tuple[str, str, str], float], frame: pl.DataFrame, recent: Window
) -> Level:
    if level.kind is not SignalKind.ERRORS or level.baseline is not None or not level.now:
        return level
    state = conventions().meaning(level.metric, level.unit).family == "up"
    least = _HALF if state else FAILING
    served = traffic.get((level.service, level.peer, level.unit))
    whole = 1.0 if state else WHOLE.get(level.unit, served)
    if whole is None or level.now / whole < least:
        return level
    asked = traffic.get((level.service, level.peer, "per_second"))
    share = level.now / whole
    if not state and asked is not None and _few(share, asked * recent.minutes * 60):
        return level
    onset = _onset(level, frame, least * whole, recent)
    return level.model_copy(update={"deviates": True, "alone": True, "onset": onset})


def _few(share: float, requests: float) -> bool:
    """Whether as many failures of so few requests are likely by chance where hardly any is expected."""
    return (share - FAILING) * requests < DEVIATES * math.sqrt(FAILING * (1 - FAILING) * requests)


def _onset(level: Level, frame: pl.DataFrame, least: float, recent: Window) -> datetime | None:
    """The first moment at which it was as high."""
    mine = [pl.col(name) == getattr(level, name) for name in SERIES]
    rows = frame.filter(*mine, pl.col("time") < utc_literal(recent.end), pl.col("value") >= least)
    first = rows["time"].min()
    return first if isinstance(first, datetime) else None
