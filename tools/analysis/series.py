"""How every metric series deviates from its own past, robustly and all at once."""

from datetime import datetime, timedelta

import polars as pl

from tools.analysis.beginnings import from_nothing
from tools.analysis.counters import SERIES, as_rates
from tools.analysis.meanings import meanings
from tools.analysis.onset import onsets
from tools.analysis.periods import LEAD, TAIL, Periods, periods
from tools.analysis.without_past import judged_alone, with_siblings
from tools.time_windows import utc_literal

__all__ = ["SERIES", "SIGNIFICANT", "affected", "deviations"]

#: Below three robust sigmas a deviation is everyday noise.
SIGNIFICANT = 3.0
_POOLED = ("service", "metric", "peer")

#: Makes a median absolute deviation comparable with a standard deviation of normal data.
_MAD_TO_SIGMA = 1.4826
#: A series steadier than a tenth of its level would call every ripple an anomaly.
_RELATIVE_FLOOR = 0.1
#: Changes smaller than this are nobody's incident, however steady the series was, per unit.
_UNIT_FLOOR = {
    "seconds": 0.001,
    "milliseconds": 1.0,
    "percent": 1.0,
    "ratio": 0.01,
    "count": 1.0,
    "per_second": 0.1,
}
#: A share of failing requests has a floor of its own: near 100 % success the level says nothing.
_FAILING_FLOOR = {"percent": 0.5, "ratio": 0.005}
#: Below a tenth of its usual level there is as good as nothing left.
_GONE = 0.1
#: With fewer earlier samples than this in the window, the baseline must agree.
_ENOUGH = 5


def _reference(metrics: pl.DataFrame, keys: tuple[str, ...], prefix: str) -> pl.DataFrame:
    """Median, MAD, quartiles and count of each series, columns prefixed."""
    value = pl.col("value")
    return metrics.group_by(keys).agg(
        value.median().alias(f"{prefix}_median"),
        (value - value.median()).abs().median().alias(f"{prefix}_mad"),
        value.quantile(0.25).alias(f"{prefix}_low"),
        value.quantile(0.75).alias(f"{prefix}_high"),
        value.len().alias(f"{prefix}_count"),
        (value.abs() <= _GONE * value.median().abs()).mean().alias(f"{prefix}_idle"),
    )


def _reach(least: timedelta) -> pl.Expr:
    """The interval of a series, at least `least`: a sample may speak for that much time around it."""
    interval = (pl.col("time").max() - pl.col("time").min()).over(SERIES) / (pl.len().over(SERIES) - 1).clip(
        1
    )
    return pl.max_horizontal(interval, pl.lit(least))


def _now(metrics: pl.DataFrame, span: Periods) -> pl.DataFrame:
    """Sustained high and low of each series while it may be faulty.

    "Sustained" is the value that a third of the samples reach, so one spike of many is not.
    """
    at = utc_literal(span.at)
    near = (pl.col("time") > at - _reach(LEAD)) & (pl.col("time") < at + _reach(TAIL))
    every = _reach(timedelta(0)).dt.total_microseconds() / 1e6
    current = metrics.with_columns(every=every.fill_nan(0.0)).filter(near)
    ordered = pl.col("value").sort(descending=True)
    third = pl.len() // 3
    return current.group_by(SERIES).agg(
        pl.col("unit").first(),
        ordered.get(third).alias("now_high"),
        pl.col("value").sort().get(third).alias("now_low"),
        pl.col("value").median().alias("now_median"),
        pl.len().alias("now_count"),
        pl.col("every").first(),
    )


def deviations(
    metrics: pl.DataFrame, baseline: pl.DataFrame | None, at: datetime, began: datetime | None = None
) -> pl.DataFrame:
    """How far every series is from its reference, in robust standard deviations.

    Args:
        metrics: the observed window (metrics schema).
        baseline: a quiet time, possibly old, or None.
        at: when the alert fired.
        began: when it began to hurt, where that was well before the alert.

    Returns:
        One row per series that has samples now: the series key, unit, family, side, bad, rank,
        `up` and `down` (robust sigmas above and below), `rise` and `fall` (in the series' unit),
        `typical` (the reference median), `idle` (share of the reference with as good as nothing),
        `onset` (of those beyond three sigmas), `alone` (it fails by its level, and nothing is known of it
        from before), `every` (seconds between samples, 0: not known), `now_*`, `early_*`, `base_*`.
    """
    span = periods(at, metrics["time"].min(), began)
    observed = as_rates(from_nothing(metrics))
    reach = _reach(span.at - span.quiet_end)
    before = observed.filter(pl.col("time") < utc_literal(span.at) - reach)
    early, siblings = _reference(before, SERIES, "early"), _reference(before, _POOLED, "early")
    quiet = as_rates(from_nothing(baseline, metrics)) if baseline is not None else metrics.clear()
    base = _reference(quiet, _POOLED, "base")
    now = _now(observed, span).join(early, on=SERIES, how="left")
    joined = (
        with_siblings(now, siblings, _POOLED)
        .join(base, on=_POOLED, how="left")
        .join(meanings(metrics), on=("metric", "unit"), how="left")
        .with_columns(side=_seen_from())
        .with_columns(
            pl.col("early_count", "base_count").fill_null(0), idle=pl.coalesce("base_idle", "early_idle")
        )
    )
    measured = judged_alone(joined.with_columns(_excess()), _FAILING_FLOOR)
    far = measured.filter(pl.max_horizontal("up", "down") >= SIGNIFICANT)
    falls = pl.col("down") > pl.col("up")
    perfect = pl.when(falls).then(pl.col("now_low") + pl.col("fall")).otherwise(0.0)
    onset = onsets(observed, far.with_columns(falls=falls, typical=pl.coalesce("typical", perfect)), at)
    return measured.join(onset, on=SERIES, how="left").sort(SERIES)


def _seen_from() -> pl.Expr:
    """A series with a peer tells about the edge, as its caller sees it."""
    edge = (pl.col("peer") != "") & (pl.col("side") == "own")
    return pl.when(edge).then(pl.lit("source")).otherwise("side")


def _scale(prefix: str) -> pl.Expr:
    """How much a series usually varies: its MAD, but at least what anybody would call a change."""
    share = pl.col("family").is_in(["success", "errors"])
    floor = pl.col("unit").replace_strict(_UNIT_FLOOR, default=1e-9, return_dtype=pl.Float64)
    failing = pl.col("unit").replace_strict(_FAILING_FLOOR, default=None, return_dtype=pl.Float64)
    level = pl.col(f"{prefix}_median").abs() * _RELATIVE_FLOOR
    least = pl.when(share & failing.is_not_null()).then(failing).otherwise(pl.max_horizontal(level, floor))
    return pl.max_horizontal(_MAD_TO_SIGMA * pl.col(f"{prefix}_mad"), least)


def _excess() -> list[pl.Expr]:
    """Rise and fall beyond the usual range, in the series' unit and in robust sigmas.

    With enough earlier minutes in the window those are the reference, and the baseline only
    narrows their range, which an incident shortly before may have widened. With fewer, what is unusual must
    be so for the baseline as well.
    """
    enough = pl.col("early_count") >= _ENOUGH
    top = pl.max_horizontal("early_median", pl.min_horizontal("early_high", "base_high"))
    bottom = pl.min_horizontal("early_median", pl.max_horizontal("early_low", "base_low"))
    high = pl.when(enough).then(top).otherwise(pl.max_horizontal("early_high", "base_high"))
    low = pl.when(enough).then(bottom).otherwise(pl.min_horizontal("early_low", "base_low"))
    scale = (
        pl.when(enough).then(_scale("early")).otherwise(pl.max_horizontal(_scale("early"), _scale("base")))
    )
    rise, fall = (pl.col("now_high") - high).clip(0), (low - pl.col("now_low")).clip(0)
    typical = pl.when(enough).then("early_median").otherwise(pl.coalesce("base_median", "early_median"))
    made = {"rise": rise, "fall": fall, "up": rise / scale, "down": fall / scale}
    return [*(value.fill_null(0.0).alias(name) for name, value in made.items()), typical.alias("typical")]


def affected(series: pl.DataFrame, service: str | None) -> bool:
    """Whether a service's own latency, errors or success deviate (`series` is what `deviations` returns)."""
    own = series.filter(
        (pl.col("service") == pl.lit(service, dtype=pl.String))
        & (pl.col("side") == "own")
        & pl.col("family").is_in(["latency", "errors", "success"])
    )
    return not own.filter(
        pl.when(pl.col("bad") == "down").then("down").otherwise("up") >= SIGNIFICANT
    ).is_empty()
