"""Where every series stands now against its reference, and since when it deviates.

Robust on purpose: medians and percentiles, so that one spike is no incident and one quiet sample no recovery.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl
from pydantic import Field

from incidents.findings import Window
from incidents.value import Moment, Value
from incidents.verification import Limit, SignalKind
from tools.analysis import Telemetry
from tools.analysis.inventory import inventory
from tools.memo import memoize_by_identity
from tools.telemetry.pooling import SERIES, of_instances, pooled
from tools.telemetry.signal_kinds import signal_rows
from tools.telemetry.span_metrics import span_metrics
from tools.time_windows import in_window, utc_literal

#: The key of a pooled series.
Key = tuple[str, str, str]

#: Errors and latency are what users feel: three robust deviations above the usual is not chance.
DEVIATES = 3.0
#: Load and resources move with the day; only a far larger move says something.
DEVIATES_LOAD = 6.0
#: With fewer samples from before the alert, a baseline that was recorded apart must agree.
ENOUGH = 5

#: Makes a median absolute deviation comparable with a standard deviation of normal data.
_MAD_TO_SIGMA = 1.4826
#: A series steadier than a tenth of its level would call every ripple a deviation.
_RELATIVE_FLOOR = 0.1
#: Three times this is the smallest move that counts, however steady the series was: 1.5 % more failures.
_UNIT_FLOOR = {
    "ratio": 0.005, "percent": 0.5, "seconds": 0.005, "milliseconds": 5.0, "per_second": 0.1, "count": 1.0,
}  # fmt: skip
#: A sample speaks for the interval that begins with it, if the interval is no longer than this.
_LONGEST_INTERVAL = timedelta(minutes=10)
_FELT = (SignalKind.ERRORS, SignalKind.LATENCY)


class Level(Value):
    """One series of one service now against its reference; instances are pooled, the worst one counts.

    Success and availability series are turned into the share that fails, so that higher is worse
    for every kind but traffic and for all but what is left of a resource (`falls`).
    """

    service: str
    metric: str
    kind: SignalKind | None = Field(description="None: a series that says nothing about health by itself")
    unit: str
    peer: str = Field(default="", description="the callee, for a series of an edge")
    side: str = Field(default="own", description="own: the service itself; else what the series tells about")
    falls: bool = Field(default=False, description="it hurts when it falls: what is left of a resource")
    baseline: float | None = None
    now: float | None = None
    sigmas: float = Field(
        default=0.0, description="how far now is from the reference, in robust deviations; 0 without one"
    )
    deviates: bool = False
    alone: bool = Field(
        default=False, description="it deviates by its level alone: nothing is known of it from before"
    )
    high: float | None = Field(default=None, description="the top of its usual range: nine of ten are below")
    onset: Moment | None = Field(default=None, description="since when it deviates")
    rule: str | None = Field(default=None, description="the team's alert rule that judges it")
    limit: Limit | None = Field(default=None, description="what that rule holds for bad")

    @property
    def key(self) -> Key:
        """What the series is known by."""
        return self.service, self.metric, self.peer

    @property
    def times(self) -> float | None:
        """Now as a multiple of the baseline, if both are known and the baseline is above zero."""
        return self.now / self.baseline if self.now is not None and self.baseline else None


def signal_frame(telemetry: Telemetry) -> pl.DataFrame:
    """All samples as signals: recorded metrics, and what traces say where metrics lack."""
    recorded = signal_rows(telemetry.metrics)
    traced = signal_rows(span_metrics(telemetry.traces))
    if not traced.height:
        return recorded
    had = (
        recorded.filter((pl.col("peer") == "") & (pl.col("side") == "own")).select("service", "kind").unique()
    )
    lacking = traced.join(had, on=("service", "kind"), how="anti", nulls_equal=True)
    return pl.concat([recorded, lacking]).sort("time")


def compare(
    frame: pl.DataFrame, baseline: pl.DataFrame | None, same_source: bool, untroubled: Window, recent: Window
) -> tuple[Level, ...]:
    """The level of every series that has samples now or a reference.

    Args:
        frame: signals of the observed window (`signal_frame`).
        baseline: signals of the quiet time, or None.
        same_source: whether the quiet time belongs to the same recording.
        untroubled: the part of the window before the alert.
        recent: what counts as now.

    Returns:
        Most deviating first.
    """
    early = in_window(frame, untroubled)
    own = pl.concat([early, baseline]) if baseline is not None and same_source else early
    apart = baseline if baseline is not None and not same_source else frame.clear()
    now, usual, elsewhere = _now(frame, recent), _usual(own), _usual(apart)
    levels = [
        _level(key, now.get(key), usual.get(key), elsewhere.get(key))
        for key in dict.fromkeys((*now, *usual, *elsewhere))
    ]
    onsets = _onsets(frame, [level for level in levels if level.deviates], recent.end)
    found = [
        Level(**(dict(level) | {"onset": onsets[level.key]})) if level.key in onsets else level
        for level in levels
    ]
    return tuple(sorted(found, key=lambda level: (-level.sigmas, *level.key)))


class _Now(NamedTuple):
    """A series in the part that counts as now."""

    level: float | None
    kind: SignalKind | None
    unit: str
    side: str
    falls: bool


class _Usual(NamedTuple):
    """A series in a reference: its median, how far samples are from it, and where nine of ten of them lie."""

    median: float
    spread: float
    low: float
    high: float
    samples: int
    kind: SignalKind | None
    unit: str
    side: str
    falls: bool


def _now(frame: pl.DataFrame, recent: Window) -> dict[Key, _Now]:
    """Each series in the recent part; a slow one speaks with its last sample from before it."""
    each = of_instances(in_window(frame, recent))
    held = {(one.instance, one.service, one.metric, one.peer) for one in inventory(frame)}
    if silent := held.difference(each.select("instance", *SERIES).iter_rows()):
        keys = pl.DataFrame(sorted(silent), schema=["instance", *SERIES], orient="row")
        slow = frame.join(keys, on=["instance", *SERIES], how="semi").sort("time")
        interval = pl.col("time").diff().median().over("instance", *SERIES)
        reach = pl.min_horizontal(interval.fill_null(timedelta()), pl.lit(_LONGEST_INTERVAL))
        reaching = (pl.col("time") + reach >= recent.start) & (pl.col("time") < recent.end)
        each = pl.concat([each, of_instances(slow.filter(reaching))])
    return {
        (service, metric, peer): _Now(level, _kind(kind), unit, side, falls)
        for service, metric, peer, level, _, kind, unit, side, falls in pooled(each, *SERIES).iter_rows()
    }


@memoize_by_identity
def _usual(frame: pl.DataFrame) -> dict[Key, _Usual]:
    value = pl.col("value")
    rows = (
        frame.group_by(SERIES)
        .agg(
            value.median().alias("median"),
            (value - value.median()).abs().median().alias("spread"),
            value.quantile(0.1).alias("low"),
            value.quantile(0.9).alias("high"),
            pl.len().alias("samples"),
            pl.col("kind", "unit", "side", "falls").first(),
        )
        .iter_rows()
    )
    return {
        (service, metric, peer): _Usual(median, spread, low, high, samples, _kind(kind), unit, side, falls)
        for service, metric, peer, median, spread, low, high, samples, kind, unit, side, falls in rows
    }


def _kind(name: str | None) -> SignalKind | None:
    return SignalKind(name) if name is not None else None


def _level(key: Key, now: _Now | None, own: _Usual | None, apart: _Usual | None) -> Level:
    """A series against its own past alone where that is long enough, else what both references agree on."""
    told = [one for one in (now, own, apart) if one is not None]
    kind = next((one.kind for one in told if one.kind is not None), None)
    unit, side, falls = told[0].unit, told[0].side, told[0].falls
    current = now.level if now is not None else None
    alone = apart is None or (own is not None and own.samples >= ENOUGH)
    usual = own if alone else apart
    against = [one for one in ((own,) if alone else (own, apart)) if one is not None]
    sigmas = 0.0
    if current is not None and against:
        sigmas = min(_sigmas(current, one, kind, unit, falls) for one in against)
    limit = DEVIATES if kind in _FELT else DEVIATES_LOAD
    service, metric, peer = key
    return Level(
        service=service, metric=metric, kind=kind, unit=unit, peer=peer, side=side, falls=falls, now=current,
        baseline=usual.median if usual is not None else None, high=usual.high if usual is not None else None,
        sigmas=sigmas, deviates=kind is not None and sigmas >= limit,
    )  # fmt: skip


def _sigmas(now: float, usual: _Usual, kind: SignalKind | None, unit: str, falls: bool) -> float:
    """How far the level is beyond the usual spread, in the direction that hurts; traffic hurts both ways."""
    floor = _UNIT_FLOOR.get(unit, 1e-9)
    if falls:
        floor = 1e-9  # of three instances, two are many; what is left of a resource is judged by its own size
    elif kind is SignalKind.SATURATION:
        floor *= 10  # a resource that is hardly used may double in peace
    scale = max(floor, _MAD_TO_SIGMA * usual.spread, _RELATIVE_FLOOR * abs(usual.median))
    above, below = (now - usual.high) / scale, (usual.low - now) / scale
    if kind is None or kind is SignalKind.TRAFFIC:
        return max(0.0, above, below)
    return max(0.0, below if falls else above)


def _onsets(frame: pl.DataFrame, deviating: Sequence[Level], end: datetime) -> dict[Key, datetime | None]:
    """Since when each of the series deviates.

    Args:
        frame: signals of the observed window.
        deviating: the series.
        end: of the part that counts as now.
    """
    if not deviating:
        return {}
    keys = pl.DataFrame([level.key for level in deviating], schema=list(SERIES), orient="row")
    known = (pl.col("time") < utc_literal(end)) & pl.col("value").is_not_nan()
    rows = frame.filter(known).join(keys, on=SERIES, how="semi").select(*SERIES, "time", "value")
    samples: dict[Key, list[tuple[datetime, float]]] = {}
    for *key, at, value in rows.iter_rows():
        samples.setdefault((key[0], key[1], key[2]), []).append((at, value))
    return {level.key: _began(level, samples[level.key]) for level in deviating if level.key in samples}


def _began(level: Level, samples: Sequence[tuple[datetime, float]]) -> datetime | None:
    """When the run that still lasts began: from there on two samples of three are beyond half the way.

    Where the run has just ended, its last sample speaks: what deviates has since some moment.
    """
    worst: dict[datetime, float] = {}
    for at, value in samples:
        worst[at] = (min if level.falls else max)(value, worst.get(at, value))
    now, high = level.now or 0.0, level.high or 0.0
    rises = now > high
    half = high + (now - high) / 2 if rises else (now + (level.baseline or 0.0)) / 2
    newest, oldest, beyond = None, None, 0
    for place, at in enumerate(sorted(worst, reverse=True), start=1):
        if (worst[at] >= half) if rises else (worst[at] <= half):
            beyond += 1
            newest = newest or at
            if beyond * 3 >= place * 2:
                oldest = at
    return oldest or newest
