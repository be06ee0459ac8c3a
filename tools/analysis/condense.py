"""Metric series condensed to what a reader needs: usual, now, how unusual, since when."""

from datetime import datetime
from typing import Any

import polars as pl
from pydantic import Field

from incidents.value import Moment, Value
from tools.analysis.periods import LEAD, TAIL
from tools.analysis.series import SERIES, as_rates, deviations


class SeriesSummary(Value):
    """One series around the alert, in its own unit; ever-growing counts as growth per second."""

    service: str
    instance: str
    metric: str
    peer: str = ""
    unit: str = ""
    usual: float | None = Field(default=None, description="median of the reference")
    spread: float | None = Field(default=None, description="median absolute deviation of the reference")
    now: float | None = Field(default=None, description="median around the alert; None is no data, not zero")
    peak: float | None = None
    ratio: float | None = Field(default=None, description="now by usual, None where usual is zero")
    sigmas: float = Field(
        default=0.0, description="robust standard deviations beyond the usual range, signed"
    )
    onset: Moment | None = None
    samples: int = Field(default=0, ge=0, description="samples around the alert")
    text: str = ""


def condense(
    metrics: pl.DataFrame, baseline: pl.DataFrame | None, at: datetime, service: str, limit: int = 10
) -> tuple[SeriesSummary, ...]:
    """The series of a service that deviate most, and those that fell silent.

    Args:
        metrics: the observed window (metrics schema).
        baseline: a quiet time, or None.
        at: when the alert fired.
        service: whose series, edges to its callees included.
        limit: how many at most.
    """
    own = metrics.filter(pl.col("service") == service)
    quiet = baseline.filter(pl.col("service") == service) if baseline is not None else None
    measured = deviations(own, quiet, at)
    found = [_summary(row) for row in measured.iter_rows(named=True)]
    silent = _silent(own, quiet, measured)
    ordered = sorted(found, key=lambda one: (-abs(one.sigmas), one.metric, one.peer, one.instance))
    return tuple([*silent[: limit // 2], *ordered][:limit])


def _summary(row: dict[str, Any]) -> SeriesSummary:
    prefix = "early" if row["early_median"] is not None and row["typical"] == row["early_median"] else "base"
    usual, now = row["typical"], row["now_median"]
    sigmas = -row["down"] if row["down"] > row["up"] else row["up"]
    ratio = now / usual if usual else None
    parts = {
        "service": row["service"], "instance": row["instance"], "metric": row["metric"], "peer": row["peer"],
        "unit": row["unit"], "usual": usual, "spread": row[f"{prefix}_mad"], "now": now, "peak": row["peak"],
        "ratio": ratio, "sigmas": sigmas, "onset": row["onset"], "samples": row["now_count"],
    }  # fmt: skip
    return SeriesSummary(**parts, text=_words(parts))


def _words(parts: dict[str, Any]) -> str:
    edge = f" to {parts['peer']}" if parts["peer"] else ""
    name = f"{parts['metric']}{edge}"
    unit = f" {parts['unit']}" if parts["unit"] else ""
    if parts["usual"] is None:
        return f"{name} is {parts['now']:.4g}{unit}; nothing to compare with"
    times = f", {parts['ratio']:.3g} times" if parts["ratio"] is not None else ""
    now = f"now {parts['now']:.4g}{unit}{times} ({parts['sigmas']:+.3g} sigma)"
    return f"{name} usually {parts['usual']:.4g}, {now}"


def _silent(own: pl.DataFrame, quiet: pl.DataFrame | None, measured: pl.DataFrame) -> list[SeriesSummary]:
    """Series with a past and no samples around the alert."""
    past = as_rates(own) if quiet is None else pl.concat([as_rates(own), as_rates(quiet).select(own.columns)])
    gone = past.group_by(SERIES).agg(
        pl.col("unit").first(), pl.col("value").median().alias("usual"), pl.col("time").max().alias("last")
    )
    # Names of instances change with every roll-out: an instance that is gone is no silence of its service.
    keys = [name for name in SERIES if name != "instance"]
    rows = gone.join(measured.select(keys).unique(), on=keys, how="anti").sort(SERIES)
    return [SeriesSummary(**row, text=_silence(row)) for row in rows.drop("last").iter_rows(named=True)]


def _silence(row: dict[str, Any]) -> str:
    name = f"{row['metric']} to {row['peer']}" if row["peer"] else row["metric"]
    return f"{name} has no data within {_minutes()} minutes of the alert; usually {row['usual']:.4g}"


def _minutes() -> int:
    return int(max(LEAD, TAIL).total_seconds() // 60)
