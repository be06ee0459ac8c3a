"""What says that a service is not there at all: nothing of it is up, or it reports nothing any more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from incidents.findings import Channel
from tools.analysis.endings import endings, say_ending
from tools.analysis.periods import periods
from tools.analysis.signals import Signal

#: Fewer of the instances than this come and go on any day.
_SOME = 0.1
#: A service that reports nothing may also have lost only its way to who measures it.
_UNHEARD = 0.8


def liveness_signals(metrics: pl.DataFrame, series: pl.DataFrame, at: datetime) -> list[Signal]:
    """One signal for each service of which instances went down or all series ended.

    Args:
        metrics: the observed window (metrics schema).
        series: what `deviations` returns for it.
        at: when the alert fired.
    """
    lost = _lost(series)
    ended = {one.service: one for one in endings(metrics, periods(at).end)}
    found = []
    for service in sorted({*lost, *ended}):
        strength, onset, text = lost.get(service, (0.0, None, ""))
        if (ending := ended.get(service)) is not None:
            strength, onset = max(strength, 1.0 if ending.down else _UNHEARD), onset or ending.last
            text = f"{text}; {say_ending(ending)}" if text else say_ending(ending)
        found.append(Signal(service, Channel.METRICS, "liveness", strength, text, onset))
    return found


def _lost(series: pl.DataFrame) -> dict[str, tuple[float, datetime | None, str]]:
    """Per service, the largest share that a series of what is up lost, since when, in words."""
    states = series.filter((pl.col("family") == "up") & pl.col("side").is_in(["own", "destination"]))
    named = states.with_columns(service=pl.when(pl.col("side") == "own").then("service").otherwise("peer"))
    found: dict[str, tuple[float, datetime | None, str]] = {}
    for (service, _, _), rows in named.sort("service", "metric", "side", "instance").group_by(
        "service", "metric", "side", maintain_order=True
    ):
        each = [(_share(row), row) for row in rows.iter_rows(named=True)]
        share = sum(lost for lost, _ in each) / len(each)
        if share < _SOME or share <= found.get(str(service), (0.0,))[0]:
            continue
        off = [row for lost, row in each if lost >= _SOME]
        onset = min((row["onset"] for row in off if row["onset"] is not None), default=None)
        found[str(service)] = (share, onset, _say(off, len(each)))
    return found


def _share(row: Mapping[str, Any]) -> float:
    """How much of what is usually up is not: 1 for all of it. What was never seen before is up or not."""
    now, usual = row["now_median"], row["typical"]
    if usual is None:
        return 1.0 if now <= 0 else 0.0
    return min(max(1 - now / usual, 0.0), 1.0) if usual > 0 else 0.0


def _say(off: Sequence[Mapping[str, Any]], of: int) -> str:
    usual = off[0]["typical"]
    before = f"{usual:.4g}" if usual is not None else "unknown"
    where = f" on {len(off)} of {of} instances" if of > 1 else ""
    return f"{off[0]['metric']} {before} -> {off[0]['now_median']:.4g}{where}"
