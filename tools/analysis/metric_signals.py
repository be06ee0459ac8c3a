"""What metrics say about each service: its own excess of time, failures and resource use."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from incidents.findings import Channel
from tools.analysis.impact import HALF_FAILED, HALF_SLOWER, by_chance, sureness, weight
from tools.analysis.series import SIGNIFICANT
from tools.analysis.signals import Aspect, Signal
from tools.analysis.silence import calls_counted, silences
from tools.analysis.slow_edges import Way, common_ends

#: Use of a resource without a known limit says less than a share of one.
_UNLIMITED_CAP = 0.3

#: What fails from its first call on says as much of who began to call it, and that is not taken off that one.
_NEVER_CALLED = 0.5

_TO_SECONDS = {"milliseconds": 0.001, "ms": 0.001, "us": 1e-6}
_TO_SHARE = {"percent": 0.01, "ratio": 1.0}

Row = Mapping[str, Any]


@dataclass
class _Load:
    """What one service was asked and how it fared; times in seconds per second of wall time.

    `now` and `before` are how many requests stand behind what is read now and behind its reference, where
    that is known.
    """

    rate: float = 1.0
    now: float | None = None
    before: float | None = None
    extra: float = 0.0
    usual: float = 0.0
    failed: float = 0.0
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def stalls(self) -> bool:
        """Whether its requests as a whole take longer, not only the slowest of them."""
        return "latency" in self.rows and (self.rows["latency"]["up"] or 0.0) >= SIGNIFICANT


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


def _rows(series: pl.DataFrame, family: str, *sides: str) -> list[Row]:
    chosen = series.filter((pl.col("family") == family) & pl.col("side").is_in(sides))
    return list(chosen.iter_rows(named=True))


def _by(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _best_statistic(rows: list[Row]) -> list[Row]:
    rank = min(row["rank"] for row in rows)
    return [row for row in rows if row["rank"] == rank]


def loads(series: pl.DataFrame) -> dict[str, _Load]:
    """Rate, extra and usual time, and failures of every service that has such series."""
    found: dict[str, _Load] = {}
    for service, rows in _by(_rows(series, "traffic", "own"), "service").items():
        first = min(row["metric"] for row in rows)
        counted = [row for row in rows if row["metric"] == first]
        load = found.setdefault(service, _Load())
        load.rate = sum(row["now_median"] for row in counted)
        load.now, load.before = _total(counted, "now"), _total(counted, "before")
    for service, rows in _seen(series, "latency").items():
        _slowness(found.setdefault(service, _unmeasured(rows, found)), rows)
    for service, rows in _seen(series, "success", "errors").items():
        _failures(found.setdefault(service, _unmeasured(rows, found)), rows)
    return found


def _total(rows: list[Row], when: str) -> float | None:
    """How many requests series of traffic tell of, all together; None where one cannot be counted."""
    told = [
        calls_counted(row, row["now_median"], row["now_count"])
        if when == "now"
        else calls_counted(row, row["typical"] or 0.0, row["early_count"] + row["base_count"])
        for row in rows
    ]
    known = [one for one in told if one is not None]
    return sum(known) if len(known) == len(told) else None


def _seen(series: pl.DataFrame, *families: str) -> dict[str, list[Row]]:
    """Each service's own series; of one without, what its callers see of it."""
    rows = [row for family in families for row in _rows(series, family, "own", "destination", "source")]
    own = _by((row for row in rows if row["side"] == "own"), "service")
    edges = _by((row for row in rows if row["side"] == "destination"), "peer")
    edges = {**_by((row for row in rows if row["side"] == "source"), "peer"), **edges}
    return {**edges, **own}


def _unmeasured(rows: list[Row], found: Mapping[str, _Load]) -> _Load:
    """The load of a service whose traffic nobody measures: at most its callers' requests."""
    callers = {row["service"] for row in rows if row["peer"]}
    return _Load(rate=max((found[name].rate for name in callers if name in found), default=1.0))


def _slowness(load: _Load, rows: list[Row]) -> None:
    best = max(_best_statistic(rows), key=lambda row: (row["rise"] or 0.0, row["instance"], row["peer"]))
    scale = _TO_SECONDS.get(best["unit"], 1.0)
    load.usual = (best["typical"] or 0.0) * scale * load.rate
    if max(row["up"] or 0.0 for row in rows) >= SIGNIFICANT:
        load.extra = (best["rise"] or 0.0) * scale * load.rate
        load.rows["latency"] = best


def _failures(load: _Load, rows: list[Row]) -> None:
    for row in sorted(rows, key=lambda row: (row["metric"], row["instance"], row["peer"])):
        falls = row["bad"] == "down"
        sigmas, change = (row["down"], row["fall"]) if falls else (row["up"], row["rise"])
        if (sigmas or 0.0) < SIGNIFICANT:
            continue
        share = _TO_SHARE.get(row["unit"])
        failed = change * share * load.rate if share else (0.0 if falls else change)
        if failed > load.failed:
            sure = min(sigmas, by_chance(_beyond_chance(load, row, share))) if share else sigmas
            load.failed, load.rows["errors"] = failed, {**row, "sure": sure}


def _beyond_chance(load: _Load, row: Row, share: float) -> float:
    """Standard errors between the shares that fail now and before, by how many requests these rest on."""
    if not load.now or not load.before:
        return math.inf
    falls = row["bad"] == "down"
    was, now = (row["typical"] or 0.0) * share, (row["now_low"] if falls else row["now_high"]) * share
    both = (was * load.before + now * load.now) / (load.before + load.now)
    # Half a request on either side, or a share of exactly 0 or 1 would have no error at all.
    spread = max(both * (1 - both), 0.5 / (load.before + load.now))
    return float(abs(now - was) / math.sqrt(spread * (1 / load.now + 1 / load.before)))


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
    rate = (named.rate if named else 0.0) or max((load.rate for load in known.values()), default=1.0)
    ways = _ways(series, known)
    unheard, found = _unheard_of(series), []
    for service, load in known.items():
        called = [known[name] for name in callees.get(service, ()) if name in known and name not in unheard]
        way = sum(more for row, more in ways if row["service"] == service)
        extra = load.extra - sum(one.extra for one in called) - way
        failed = load.failed - sum(one.failed for one in called)
        if extra > 0 and time > 0:
            found.append(_signal(service, "latency", load.rows["latency"], weight(extra / time, HALF_SLOWER)))
        if failed > 0 and rate > 0:
            found.append(_signal(service, "errors", load.rows["errors"], weight(failed / rate, HALF_FAILED)))
    new = {name for caller, called in callees.items() if caller not in unheard for name in called} & unheard
    found = [one.scaled(_NEVER_CALLED, "never called before") if one.service in new else one for one in found]
    asked = _by(_rows(series, "traffic", "own"), "service")
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


def _ways(series: pl.DataFrame, known: Mapping[str, _Load]) -> list[tuple[Row, float]]:
    """Edges whose way became slower, with the extra seconds per second that it costs."""
    found = []
    for row in _rows(series, "network", "source"):
        if (row["up"] or 0.0) >= SIGNIFICANT and row["peer"]:
            rate = known[row["peer"]].rate if row["peer"] in known else 1.0
            found.append((row, row["rise"] * _TO_SECONDS.get(row["unit"], 1.0) * rate))
    return found


def _delays(series: pl.DataFrame, ways: list[tuple[Row, float]], time: float) -> list[Signal]:
    if time <= 0:
        return []
    measured = {
        caller: frozenset(row["peer"] for row in rows if row["peer"])
        for caller, rows in _by(_rows(series, "network", "source"), "service").items()
    }
    common = common_ends((Way(row["service"], row["peer"], row["rise"]) for row, _ in ways), measured)
    found = []
    for row, extra in ways:
        end = row["service"] if row["service"] in common else row["peer"]
        found.append(_signal(end, "network", row, weight(extra / time, HALF_SLOWER)))
    return found


def _saturations(series: pl.DataFrame) -> list[Signal]:
    found = []
    for row in _rows(series, "saturation", "own", "source"):
        sigmas, change = (row["down"], row["fall"]) if row["bad"] == "down" else (row["up"], row["rise"])
        if (sigmas or 0.0) < SIGNIFICANT:
            continue
        share = _TO_SHARE.get(row["unit"])
        strength = min(1.0, change * share) if share else _UNLIMITED_CAP
        found.append(_signal(row["service"], "saturation", row, strength))
    return found
