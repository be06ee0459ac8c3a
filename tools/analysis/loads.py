"""What every service was asked and how it fared, from its own series or from what its callers see of it."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import polars as pl

from tools.analysis.conventions import STATISTICS
from tools.analysis.impact import by_chance
from tools.analysis.series import SIGNIFICANT
from tools.analysis.silence import calls_counted

Row = Mapping[str, Any]

TO_SECONDS = {"milliseconds": 0.001, "ms": 0.001, "us": 1e-6}
TO_SHARE = {"percent": 0.01, "ratio": 1.0}

#: The share of the requests that are no slower than each statistic says; a mean is none of them.
_QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
#: What names of metrics say of the statistic, not of what is measured.
_STATISTIC = re.compile(r"(?i)(^|[._-])(average|avg|mean|median|max|p\d\d|\d\d(th)?)(?=$|[._-]|[a-z])")
#: Where the mean rose twice as much as the median, a part of the requests tells more than most of them.
_PARTLY = 2.0
#: With less than half of the usual requests answered, the others may still wait for their answer.
_LEFT = 0.5


@dataclass
class Load:
    """What one service was asked and how it fared; times in seconds per second of wall time.

    `rate` are the requests that it answers now, `asked` those that it has to answer: where it stalls, the
    usual ones. `now` and `before` are how many requests stand behind what is read now and behind its
    reference, where that is known. `stalls`: its requests as a whole take longer, not only the slowest.
    """

    rate: float = 1.0
    asked: float = 1.0
    now: float | None = None
    before: float | None = None
    extra: float = 0.0
    usual: float = 0.0
    failed: float = 0.0
    stalls: bool = False
    rows: dict[str, Row] = field(default_factory=dict)


def rows_of(series: pl.DataFrame, family: str, *sides: str) -> list[Row]:
    """The series of a family that tell of these sides."""
    chosen = series.filter((pl.col("family") == family) & pl.col("side").is_in(sides))
    return list(chosen.iter_rows(named=True))


def rows_by(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    """Rows by what they hold in a column."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def loads(series: pl.DataFrame) -> dict[str, Load]:
    """Rate, extra and usual time, and failures of every service that has such series."""
    found: dict[str, Load] = {}
    slow = _seen(series, "latency")
    failing = _seen(series, "success", "errors")
    for service, rows in rows_by(rows_of(series, "traffic", "own"), "service").items():
        first = min(row["metric"] for row in rows)
        counted = [row for row in rows if row["metric"] == first]
        found[service] = _asked(counted, [*slow.get(service, ()), *failing.get(service, ())])
    for service, rows in slow.items():
        _slowness(found.setdefault(service, _unmeasured(rows, found)), rows)
    for service, rows in failing.items():
        _failures(found.setdefault(service, _unmeasured(rows, found)), rows)
    return found


def _asked(counted: Sequence[Row], felt: Iterable[Row]) -> Load:
    """A service's traffic; one that answers fewer because it is ill is asked as usual."""
    rate, usual = (sum(row[name] or 0.0 for row in counted) for name in ("now_median", "typical"))
    stalls = rate < _LEFT * usual and any(_hurts(row) for row in felt)
    return Load(
        rate=rate,
        asked=usual if stalls else rate,
        now=_total(counted, "now"),
        before=_total(counted, "before"),
    )


def _hurts(row: Row) -> bool:
    return bool(((row["down"] if row["bad"] == "down" else row["up"]) or 0.0) >= SIGNIFICANT)


def _total(rows: Sequence[Row], when: str) -> float | None:
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
    rows = [row for family in families for row in rows_of(series, family, "own", "destination", "source")]
    own = rows_by((row for row in rows if row["side"] == "own"), "service")
    edges = rows_by((row for row in rows if row["side"] == "destination"), "peer")
    edges = {**rows_by((row for row in rows if row["side"] == "source"), "peer"), **edges}
    return {**edges, **own}


def _unmeasured(rows: Sequence[Row], found: Mapping[str, Load]) -> Load:
    """The load of a service whose traffic nobody measures: at most its callers' requests."""
    callers = {row["service"] for row in rows if row["peer"]}
    known = [found[name] for name in callers if name in found]
    rate = max((one.rate for one in known), default=1.0)
    return Load(rate=rate, asked=max((one.asked for one in known), default=1.0))


def _slowness(load: Load, rows: Sequence[Row]) -> None:
    """Time by the most faithful statistic, or by all quantiles where only a part of the requests is slow."""
    first = min(row["rank"] for row in rows)
    best = max((row for row in rows if row["rank"] == first), key=lambda row: (_rise(row), *_place(row)))
    load.usual = _seconds(best, "typical") * load.asked
    load.stalls = any(_hurts(row) for row in rows if row["rank"] == first)
    if not any(_hurts(row) for row in rows):
        return
    told = (_mean(some) for some in _by_metric(rows) if min(row["rank"] for row in some) == first)
    mean, upper = max(told, key=lambda one: (one[0], *_place(one[1])))
    partly = mean >= _PARTLY * _rise(best)
    load.extra = (mean if partly else _rise(best)) * load.asked
    load.rows["latency"] = upper if partly else best


def _rise(row: Row) -> float:
    return _seconds(row, "rise")


def _seconds(row: Row, column: str) -> float:
    return float(row[column] or 0.0) * TO_SECONDS.get(row["unit"], 1.0)


def _place(row: Row) -> tuple[str, str]:
    return row["instance"], row["peer"]


def _by_metric(rows: Iterable[Row]) -> list[list[Row]]:
    """The statistics of one metric of one instance or edge together."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((_STATISTIC.sub("", row["metric"]), row["instance"], row["peer"]), []).append(row)
    return list(found.values())


def _mean(rows: Sequence[Row]) -> tuple[float, Row]:
    """The rise of the mean, if need be as quantiles tell it, and the row that tells most of that.

    A fault of a part of the requests leaves their median as it was, and what their callers wait for rises
    all the same: quantiles are joined by straight lines, and flat beyond the first and the last.
    """
    ordered = sorted(rows, key=lambda row: row["rank"])
    levels = [_QUANTILES.get(STATISTICS[row["rank"]]) for row in ordered]
    if levels[0] is None:
        return _rise(ordered[0]), ordered[0]
    known = {level: row for level, row in zip(levels, ordered, strict=True) if level is not None}
    parts = [
        (share * _rise(row), row) for share, row in zip(_shares(list(known)), known.values(), strict=True)
    ]
    return sum(part for part, _ in parts), max(parts, key=lambda one: one[0])[1]


def _shares(levels: Sequence[float]) -> list[float]:
    """How much of the mean each of some rising quantiles tells."""
    middles = [(one + other) / 2 for one, other in pairwise(levels)]
    return [upper - lower for lower, upper in pairwise([0.0, *middles, 1.0])]


def _failures(load: Load, rows: Sequence[Row]) -> None:
    for row in sorted(rows, key=lambda row: (row["metric"], row["instance"], row["peer"])):
        if not _hurts(row):
            continue
        falls = row["bad"] == "down"
        sigmas, change = (row["down"], row["fall"]) if falls else (row["up"], row["rise"])
        share = TO_SHARE.get(row["unit"])
        failed = change * share * load.asked if share else (0.0 if falls else change)
        if failed > load.failed:
            sure = min(sigmas, by_chance(_beyond_chance(load, row, share))) if share else sigmas
            load.failed, load.rows["errors"] = failed, {**row, "sure": sure}


def _beyond_chance(load: Load, row: Row, share: float) -> float:
    """Standard errors between the shares that fail now and before, by how many requests these rest on."""
    if not load.now or not load.before:
        return math.inf
    falls = row["bad"] == "down"
    was, now = (row["typical"] or 0.0) * share, (row["now_low"] if falls else row["now_high"]) * share
    both = (was * load.before + now * load.now) / (load.before + load.now)
    # Half a request on either side, or a share of exactly 0 or 1 would have no error at all.
    spread = max(both * (1 - both), 0.5 / (load.before + load.now))
    return float(abs(now - was) / math.sqrt(spread * (1 / load.now + 1 / load.before)))
