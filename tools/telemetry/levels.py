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
from tools.telemetry.signal_kinds import signal_rows
from tools.telemetry.span_metrics import span_metrics
from tools.time_windows import in_window, utc_literal

#: A pooled series: instances come and go with every release, so they are not part of it.
SERIES = ("service", "metric", "peer")

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
    if frame.is_empty() and (baseline is None or baseline.is_empty()):
        return ()
    early = in_window(frame, untroubled)
    own = pl.concat([early, baseline]) if baseline is not None and same_source else early
    apart = baseline if baseline is not None and not same_source else frame.clear()
    table = (
        _now(frame, recent)
        .join(_reference(own, "own"), on=SERIES, how="full", coalesce=True)
        .join(_reference(apart, "apart"), on=SERIES, how="full", coalesce=True)
        .with_columns(pl.coalesce("kind", "own_kind", "apart_kind").alias("kind"))
        .with_columns(pl.coalesce("unit", "own_unit", "apart_unit").alias("unit"))
        .with_columns(pl.coalesce("side", "own_side", "apart_side").alias("side"))
        .with_columns(pl.coalesce("falls", "own_falls", "apart_falls").fill_null(False).alias("falls"))
        .with_columns(pl.col("own_count", "apart_count").fill_null(0))
        .with_columns(_sigmas("own"), _sigmas("apart"))
        .with_columns(*_agreed())
        .with_columns(_deviating())
    )
    began = _onsets(frame, table.filter("deviates"), recent.end)
    rows = table.join(began, on=SERIES, how="left").select(
        "service", "metric", "peer", "kind", "unit", "side", "falls", "now", "sigmas", "deviates", "onset",
        baseline="ref_median", high="ref_high",
    )  # fmt: skip
    found = [Level.model_validate(row) for row in rows.iter_rows(named=True)]
    return tuple(sorted(found, key=lambda level: (-level.sigmas, level.service, level.metric, level.peer)))


class Median(NamedTuple):
    """The level of one series in a span, and how many samples it rests on."""

    level: float
    samples: int


def medians(frame: pl.DataFrame, windows: Sequence[Window]) -> list[dict[tuple[str, str], Median]]:
    """For each window the level and the number of samples of every series (service, metric; no edges).

    The level is the worst instance's median; traffic is the mean over the instances.
    """
    own = frame.filter(pl.col("peer") == "")
    parts = [
        in_window(own, window).with_columns(window=pl.lit(place)) for place, window in enumerate(windows)
    ]
    table = _pooled(pl.concat(parts), "window", *SERIES)
    found: list[dict[tuple[str, str], Median]] = [{} for _ in windows]
    for row in table.iter_rows(named=True):
        if row["now"] is not None:
            found[row["window"]][row["service"], row["metric"]] = Median(row["now"], row["count"])
    return found


def _now(frame: pl.DataFrame, recent: Window) -> pl.DataFrame:
    """The level of each series in the recent part; a slow series speaks with its last sample."""
    interval = pl.col("time").diff().median().over("instance", *SERIES)
    reach = pl.min_horizontal(interval.fill_null(timedelta()), pl.lit(_LONGEST_INTERVAL))
    ordered = frame.sort("time")
    current = ordered.filter((pl.col("time") + reach >= recent.start) & (pl.col("time") < recent.end))
    inside = pl.col("time") >= recent.start
    # Samples from before the recent part count only where there is none inside it.
    current = current.filter(inside | ~inside.any().over("instance", *SERIES))
    return _pooled(current, *SERIES)


def _pooled(current: pl.DataFrame, *keys: str) -> pl.DataFrame:
    each = current.group_by("instance", *keys).agg(
        # Whether something is up is a state and no measurement: its last word counts.
        pl.when(pl.col("family").first() == "up")
        .then(pl.col("value").last())
        .otherwise(pl.col("value").median())
        .alias("level"),
        pl.len().alias("count"),
        pl.col("kind", "unit", "side", "family", "falls").first(),
    )
    load = pl.col("kind").first().is_null() | (pl.col("kind").first() == SignalKind.TRAFFIC)
    # The share of instances that are not up; of what is left of a resource the worst place counts.
    load = (load | (pl.col("family").first() == "up")) & ~pl.col("falls").first()
    worst = pl.when(pl.col("falls").first()).then(pl.col("level").min()).otherwise(pl.col("level").max())
    return each.group_by(keys).agg(
        pl.when(load).then(pl.col("level").mean()).otherwise(worst).alias("now"),
        pl.col("count").sum(),
        pl.col("kind", "unit", "side", "falls").first(),
    )


def _reference(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    value = pl.col("value")
    return frame.group_by(SERIES).agg(
        value.median().alias(f"{name}_median"),
        (value - value.median()).abs().median().alias(f"{name}_mad"),
        value.quantile(0.1).alias(f"{name}_low"),
        value.quantile(0.9).alias(f"{name}_high"),
        value.len().alias(f"{name}_count"),
        *(pl.col(column).first().alias(f"{name}_{column}") for column in ("kind", "unit", "side", "falls")),
    )


def _scale(name: str) -> pl.Expr:
    floor = pl.col("unit").replace_strict(_UNIT_FLOOR, default=1e-9, return_dtype=pl.Float64)
    # A resource that is hardly used may double in peace.
    used = (pl.col("kind") == SignalKind.SATURATION) & ~pl.col("falls")
    # Of three instances, two are many; what is left of a resource is judged by its own size.
    floor = pl.when(used).then(10 * floor).when("falls").then(1e-9).otherwise(floor)
    median, mad = pl.col(f"{name}_median"), pl.col(f"{name}_mad")
    return pl.max_horizontal(_MAD_TO_SIGMA * mad, _RELATIVE_FLOOR * median.abs(), floor)


def _sigmas(name: str) -> pl.Expr:
    """How far the level is beyond the usual spread, in the direction that hurts; traffic hurts both ways."""
    above = (pl.col("now") - pl.col(f"{name}_high")) / _scale(name)
    below = (pl.col(f"{name}_low") - pl.col("now")) / _scale(name)
    both = pl.col("kind").is_null() | (pl.col("kind") == SignalKind.TRAFFIC)
    hurts = pl.when(both).then(pl.max_horizontal(above, below)).when("falls").then(below).otherwise(above)
    return hurts.clip(0).alias(f"{name}_sigmas")


def _agreed() -> list[pl.Expr]:
    """The own past alone where it is long enough, else what both references agree on."""
    alone = (pl.col("own_count") >= ENOUGH) | (pl.col("apart_count") == 0)
    agreed = pl.min_horizontal("own_sigmas", "apart_sigmas")
    which = {
        name: pl.when(alone)
        .then(pl.col(f"own_{name}"))
        .otherwise(pl.coalesce(f"apart_{name}", f"own_{name}"))
        .alias(f"ref_{name}")
        for name in ("median", "high", "mad")
    }
    sigmas = pl.when(alone).then(pl.col("own_sigmas")).otherwise(agreed).fill_null(0.0).alias("sigmas")
    return [sigmas, *which.values()]


def _deviating() -> pl.Expr:
    felt = pl.col("kind").is_in([kind.value for kind in _FELT])
    limit = pl.when(felt).then(DEVIATES).otherwise(DEVIATES_LOAD)
    return (pl.col("kind").is_not_null() & (pl.col("sigmas") >= limit)).alias("deviates")


def _onsets(frame: pl.DataFrame, deviating: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """When the run that still lasts began: from there on two samples of three are beyond half the way.

    Args:
        frame: signals of the observed window.
        deviating: the series that deviate, with `now`, `ref_high` and `ref_median`.
        end: of the part that counts as now.

    Returns:
        The series' key and `onset`.
    """
    now, high, value = pl.col("now"), pl.col("ref_high"), pl.col("value")
    fallen = (now + pl.col("ref_median").fill_null(0.0)) / 2
    half = pl.when(now > high).then(high + (now - high) / 2).otherwise(fallen)
    chosen = deviating.select(*SERIES, "falls", half=half, rises=now > high)
    worst = pl.when(pl.col("falls").first()).then(value.min()).otherwise(value.max()).alias("value")
    beyond = pl.when("rises").then(value >= pl.col("half")).otherwise(value <= pl.col("half"))
    back, times = pl.col("beyond").reverse(), pl.col("time").reverse()
    lasting = back & (back.cum_sum() * 3 >= pl.int_range(1, pl.len() + 1) * 2)
    return (
        frame.lazy()
        .filter((pl.col("time") < utc_literal(end)) & value.is_not_nan())
        .drop("falls")
        .join(chosen.lazy(), on=SERIES)
        .group_by("time", *SERIES)
        .agg(worst, pl.col("half", "rises").first())
        .with_columns(beyond=beyond)
        .sort("time")
        .group_by(SERIES)
        # Where the run has just ended, its last sample speaks: what deviates has since some moment.
        .agg(onset=pl.coalesce(times.filter(lasting).last(), times.filter(back).first()))
        .collect()
    )
