"""What metrics say about each service: its own excess of time, failures and resource use."""

from collections.abc import Mapping

import polars as pl

from incidents.findings import Channel
from tools.analysis.impact import HALF_FAILED, HALF_SLOWER, sureness, weight
from tools.analysis.loads import TO_SECONDS, TO_SHARE, Load, Row, loads, rows_by, rows_of
from tools.analysis.series import SIGNIFICANT
from tools.analysis.signals import Aspect, Signal
from tools.analysis.silence import silences
from tools.analysis.slow_edges import Way, common_ends

#: Use of a resource without a known limit says less than a share of one.
_UNLIMITED_CAP = 0.3

#: What fails from its first call on says as much of who began to call it, and that is not taken off that one.
_NEVER_CALLED = 0.5


def describe(row: Row) -> str:
    """One series in words: what it was, what it is, how unusual that is."""
    where = f" from {row['service']} to {row['peer']}" if row["peer"] else ""
    now = row["now_low"] if row["bad"] == "down" else row["now_high"]
    sigmas = row["down"] if row["bad"] == "down" else row["up"]
    unit = f" {row['unit']}" if row["unit"] else ""
    if row["alone"]:
        return f"{row['metric']}{where} {_number(now)}{unit}; nothing is known of it from before"
    return (
        f"{row['metric']}{where} {_number(row['typical'])} -> {_number(now)}{unit} ({_number(sigmas)} sigma)"
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def metric_signals(
    series: pl.DataFrame, callees: Mapping[str, tuple[str, ...]], symptom: str | None
) -> list[Signal]:
    """Signals of every service, callers freed of what their callees explain.

    Args:
        series: what `deviations` returns.
        callees: caller to what it calls.
        symptom: where it hurts; its time and rate are the measure of impact.
    """
    known = loads(series)
    named = known.get(symptom) if symptom else None
    time = (named.usual if named else 0.0) or max((load.usual for load in known.values()), default=0.0)
    rate = (named.asked if named else 0.0) or max((load.asked for load in known.values()), default=1.0)
    ways = _ways(series, known)
    unheard, found = _unheard_of(series), []
    for service, load in known.items():
        called = [known[name] for name in callees.get(service, ()) if name in known and name not in unheard]
        way = sum(more for row, more in ways if row["service"] == service)
        below = sum(one.extra for one in called) + way
        extra = load.extra - below
        failed = load.failed - sum(one.failed for one in called)
        if extra > 0 and time > 0:
            signal = _signal(service, "latency", load.rows["latency"], weight(extra / time, HALF_SLOWER))
            found.append(signal)
        if failed > 0 and rate > 0:
            signal = _signal(service, "errors", load.rows["errors"], weight(failed / rate, HALF_FAILED))
            found.append(signal)
    new = {name for caller, called in callees.items() if caller not in unheard for name in called} & unheard
    found = [one.scaled(_NEVER_CALLED, "never called before") if one.service in new else one for one in found]
    asked = rows_by(rows_of(series, "traffic", "own"), "service")
    stalled = [service for service, load in known.items() if load.stalls]
    return (
        found + _delays(series, ways, time) + _saturations(series) + silences(asked, callees, stalled, rate)
    )


def _unheard_of(series: pl.DataFrame) -> frozenset[str]:
    """The services that nobody called before, or of which nothing at all is known from before."""
    asked = (pl.col("family") == "traffic") & (pl.col("side") == "own")
    past = series.group_by("service").agg(
        pl.col("early_count", "base_count").max(),
        pl.col("typical").filter(asked).max().alias("asked"),
    )
    never = ((pl.col("early_count") == 0) & (pl.col("base_count") == 0)) | (pl.col("asked") == 0)
    return frozenset(past.filter(never)["service"])


def _signal(service: str, aspect: Aspect, row: Row, strength: float) -> Signal:
    sure = row.get("sure") or (row["down"] if row["bad"] == "down" else row["up"])
    return Signal(service, Channel.METRICS, aspect, strength * sureness(sure), describe(row), row["onset"])


def _ways(series: pl.DataFrame, known: Mapping[str, Load]) -> list[tuple[Row, float]]:
    """Edges whose way became slower, with the extra seconds per second that it costs.

    Where the callee itself became slower, too, its calls are not alike, and that much of the gap is its own.
    """
    found = []
    for row in rows_of(series, "network", "source"):
        if (row["up"] or 0.0) >= SIGNIFICANT and row["peer"]:
            callee = known.get(row["peer"], Load())
            own = callee.extra / callee.asked if callee.asked else 0.0
            more = row["rise"] * TO_SECONDS.get(row["unit"], 1.0) - own
            if more > 0:
                found.append((row, more * callee.asked))
    return found


def _delays(series: pl.DataFrame, ways: list[tuple[Row, float]], time: float) -> list[Signal]:
    if time <= 0:
        return []
    measured = {
        caller: frozenset(row["peer"] for row in rows if row["peer"])
        for caller, rows in rows_by(rows_of(series, "network", "source"), "service").items()
    }
    common = common_ends((Way(row["service"], row["peer"], row["rise"]) for row, _ in ways), measured)
    found = []
    for row, extra in ways:
        end = row["service"] if row["service"] in common else row["peer"]
        found.append(_signal(end, "network", row, weight(extra / time, HALF_SLOWER)))
    return found


def _saturations(series: pl.DataFrame) -> list[Signal]:
    found = []
    for row in rows_of(series, "saturation", "own", "source"):
        sigmas, change = (row["down"], row["fall"]) if row["bad"] == "down" else (row["up"], row["rise"])
        if (sigmas or 0.0) < SIGNIFICANT:
            continue
        share = TO_SHARE.get(row["unit"])
        strength = min(1.0, change * share) if share else _UNLIMITED_CAP
        found.append(_signal(row["service"], "saturation", row, strength))
    return found
