"""Log lines condensed to templates: how often now, how often usually, which are new, which are errors."""

from datetime import datetime
from typing import Any

import polars as pl
from pydantic import Field

from incidents.value import Moment, Value
from tools.analysis.periods import periods
from tools.analysis.templates import with_templates

_BAD = ("error", "fatal")
#: Lines quoted per template: enough to see what varies.
_SAMPLES = 2
#: A line is quoted to this length; stack traces and payloads run to kilobytes.
_QUOTED = 300


class TemplateSummary(Value):
    """Lines of one service that differ only in ids, numbers and payload."""

    service: str
    template: str
    level: str
    count: int = Field(ge=0, description="lines around the alert")
    per_minute: float = Field(ge=0)
    usual_per_minute: float | None = Field(default=None, description="None where nothing is known of before")
    novel: bool = Field(default=False, description="seen now and never in the reference")
    first: Moment | None = None
    samples: tuple[str, ...] = ()


class ErrorCount(Value):
    """Lines of level error or fatal of one service."""

    service: str
    count: int = Field(ge=0)
    per_minute: float = Field(ge=0)
    usual_per_minute: float | None = None


class LogSummary(Value):
    """What the logs around the alert say, the most changed templates first."""

    templates: tuple[TemplateSummary, ...] = ()
    errors: tuple[ErrorCount, ...] = ()
    lines: int = Field(default=0, ge=0)


def condense_logs(
    logs: pl.DataFrame,
    baseline: pl.DataFrame | None,
    at: datetime,
    service: str | None = None,
    limit: int = 20,
) -> LogSummary:
    """Templates around the alert against the baseline and the quiet part of the window.

    Args:
        logs: the observed window (logs schema).
        baseline: a quiet time, or None.
        at: when the alert fired.
        service: only this service, or all.
        limit: how many templates at most.
    """
    span = periods(at, logs["time"].min())
    quiet = baseline if baseline is not None else logs.clear()
    if service is not None:
        logs, quiet = (frame.filter(pl.col("service") == service) for frame in (logs, quiet))
    observed, usual = with_templates(logs, quiet)
    now = observed.filter((pl.col("time") >= span.start) & (pl.col("time") < span.end))
    before = observed.filter(pl.col("time") < span.quiet_end)
    minutes, known = _minutes(now), _minutes(before) + _minutes(usual)
    past = pl.concat([before, usual.select(before.columns)])
    rows = _compared(now, past, ["service", "template"])
    templates = [_template(row, minutes, known) for row in rows.iter_rows(named=True)]
    templates.sort(key=lambda one: (-_change(one), one.service, one.template))
    failed, failed_before = (frame.filter(pl.col("level").is_in(_BAD)) for frame in (now, past))
    bad = _compared(failed, failed_before, ["service"])
    errors = [_errors(row, minutes, known) for row in bad.iter_rows(named=True)]
    errors.sort(key=lambda one: (-one.count, one.service))
    return LogSummary(templates=tuple(templates[:limit]), errors=tuple(errors), lines=now.height)


def _minutes(frame: pl.DataFrame) -> float:
    """The time that the lines cover, at least one minute where there are any."""
    first, last = frame["time"].min(), frame["time"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return 0.0
    return max((last - first).total_seconds() / 60, 1.0)


def _compared(now: pl.DataFrame, past: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    current = now.group_by(keys).agg(
        pl.len().alias("count"),
        pl.col("time").min().alias("first"),
        pl.col("message").str.slice(0, _QUOTED).unique().sort().head(_SAMPLES).alias("samples"),
        pl.col("level").mode().sort().first().alias("level"),
    )
    usual = past.group_by(keys).agg(
        pl.len().alias("usual"), pl.col("level").mode().sort().first().alias("was_level")
    )
    return current.join(usual, on=keys, how="full", coalesce=True).with_columns(
        pl.col("count", "usual").fill_null(0), level=pl.coalesce("level", "was_level", pl.lit(""))
    )


def _rates(row: dict[str, Any], minutes: float, known: float) -> dict[str, Any]:
    return {
        "count": row["count"],
        "per_minute": row["count"] / minutes if minutes else 0.0,
        "usual_per_minute": row["usual"] / known if known else None,
    }


def _template(row: dict[str, Any], minutes: float, known: float) -> TemplateSummary:
    return TemplateSummary(
        service=row["service"],
        template=row["template"],
        level=row["level"],
        novel=bool(known) and row["usual"] == 0,
        first=row["first"],
        samples=tuple(row["samples"] or ()),
        **_rates(row, minutes, known),
    )


def _errors(row: dict[str, Any], minutes: float, known: float) -> ErrorCount:
    return ErrorCount(service=row["service"], **_rates(row, minutes, known))


def _change(one: TemplateSummary) -> float:
    """How far the rate moved, as a share of the larger; errors and news of the same size stand first."""
    usual = one.usual_per_minute or 0.0
    larger = max(one.per_minute, usual)
    moved = abs(one.per_minute - usual) / larger if larger else 0.0
    return (
        moved + (1.0 if one.level in _BAD and one.per_minute > usual else 0.0) + (0.5 if one.novel else 0.0)
    )
