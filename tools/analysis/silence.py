"""Calls that ceased: who no longer calls, told from who hangs and from who is just asked less."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from incidents.findings import Channel
from tools.analysis.impact import HALF_FAILED, sureness, weight
from tools.analysis.signals import Aspect, Signal

Row = Mapping[str, Any]

#: Traffic below a tenth of the usual has ceased.
_LEFT = 0.1
#: What was as low in more than a twentieth of the past is no news.
_SELDOM = 0.05
#: One caller that stopped has its own reason, of two or more it is the callee's.
_SEVERAL = 2
#: Where fewer calls were to be expected, none of them may be chance.
_EXPECTED = 10.0


def calls_counted(row: Row, level: float, samples: int) -> float | None:
    """How many calls so many samples of a level of a traffic series tell of; None: not known."""
    if row["unit"] == "per_second" or row["counter"]:
        return level * row["every"] * samples if row["every"] else None
    return level * samples if row["unit"] == "count" else None


def _expected(row: Row) -> float:
    """How many calls were to be expected in the samples around the alert; 0 where that is not known."""
    return calls_counted(row, row["typical"], row["now_count"]) or 0.0


def silences(
    traffic: Mapping[str, Sequence[Row]],
    callees: Mapping[str, tuple[str, ...]],
    stalled: Iterable[str],
    rate: float,
) -> list[Signal]:
    """Callers, still asked and still answering in time, that stopped calling what they always called.

    A callee that several of them stopped calling is itself what they have in common.

    Args:
        traffic: each service's own traffic series.
        callees: caller to what it calls.
        stalled: services that take longer than usual: what they wait for is not called by them either.
        rate: the requests of users per second, the measure of impact.
    """
    silent = {name: row for name, rows in traffic.items() if (row := _silent(rows)) is not None}
    waiting, left = set(stalled), {}
    for caller, called in callees.items():
        if caller in traffic and caller not in silent and caller not in waiting:
            left[caller] = [name for name in called if name in silent]
    # Whom several have left at once cannot be reached: they have that one in common, and not each a fault.
    callers = Counter(name for gone in left.values() for name in gone)
    shared = {name: [name] for name, count in callers.items() if count >= _SEVERAL}
    alone = {caller: [name for name in gone if name not in shared] for caller, gone in left.items()}
    return [
        _signal(blamed, [silent[name] for name in gone], rate)
        for blamed, gone in (*alone.items(), *shared.items())
        if gone
    ]


def _signal(blamed: str, gone: Sequence[Row], rate: float) -> Signal:
    lost = sum(row["typical"] for row in gone)
    # A count of calls varies by its square root.
    strength = weight(lost / rate, HALF_FAILED) * sureness(math.sqrt(sum(map(_expected, gone))))
    text = "; ".join(f"{row['service']} is no longer asked: {_said(row)}" for row in gone)
    aspect: Aspect = "answers" if gone[0]["service"] == blamed else "traffic"
    return Signal(blamed, Channel.METRICS, aspect, strength, text, gone[0]["onset"])


def _silent(rows: Sequence[Row]) -> Row | None:
    """The first series, if traffic all but ceased in each, now and not before, and not by chance."""
    gone = all(
        row["typical"]
        and row["now_median"] <= _LEFT * (least := _least_before(row))
        and least > 0
        and (row["idle"] or 0.0) <= _SELDOM
        and _expected(row) >= _EXPECTED
        for row in rows
    )
    return min(rows, key=lambda row: (row["metric"], row["instance"], row["peer"])) if gone else None


def _least_before(row: Row) -> float:
    """The lower reference: what was as quiet in the minutes before the alert did not begin with it."""
    known = [row[name] for name in ("early_median", "base_median") if row[name] is not None]
    return float(min(known, default=0.0))


def _said(row: Row) -> str:
    unit = f" {row['unit']}" if row["unit"] else ""
    return f"{row['metric']} {row['typical']:.4g} -> {row['now_median']:.4g}{unit}"
