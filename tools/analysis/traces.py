"""Traces condensed: operations and calls between services, now against usual."""

from datetime import datetime
from typing import Any, Literal

import polars as pl
from pydantic import Field

from incidents.value import Value
from tools.analysis.spans import compared_spans

State = Literal["appeared", "vanished", "known"]


class OperationSummary(Value):
    """One operation of one service; milliseconds; None where it did not run or nothing is known."""

    service: str
    operation: str
    count: int = Field(ge=0)
    usual_count: int = Field(ge=0)
    error_share: float | None = None
    usual_error_share: float | None = None
    p50_ms: float | None = None
    usual_p50_ms: float | None = None
    p95_ms: float | None = None
    usual_p95_ms: float | None = None
    own_ms: float | None = Field(default=None, description="median time not spent in child spans")
    usual_own_ms: float | None = None


class EdgeSummary(Value):
    """Calls from one service to another; `delay_ms` is the caller's client span less the callee's, median."""

    caller: str
    callee: str
    count: int = Field(ge=0)
    usual_count: int = Field(ge=0)
    delay_ms: float | None = None
    usual_delay_ms: float | None = None
    state: State = "known"


class TraceSummary(Value):
    """What the traces around the alert say, the most changed first."""

    operations: tuple[OperationSummary, ...] = ()
    edges: tuple[EdgeSummary, ...] = ()
    spans: int = Field(default=0, ge=0)


def condense_traces(
    traces: pl.DataFrame,
    baseline: pl.DataFrame | None,
    at: datetime,
    service: str | None = None,
    limit: int = 20,
) -> TraceSummary:
    """Operations and calls around the alert against the baseline and the quiet part of the window.

    Args:
        traces: the observed window (traces schema).
        baseline: a quiet time, or None.
        at: when the alert fired.
        service: only what this service does, calls and is called for; or all.
        limit: how many operations, and how many edges, at most.
    """
    now, usual = compared_spans(traces, baseline if baseline is not None else traces.clear(), at)
    operations = [OperationSummary(**row) for row in _operations(now, usual).iter_rows(named=True)]
    edges = [_edge(row, bool(usual.height)) for row in _edges(now, usual).iter_rows(named=True)]
    if service is not None:
        operations = [one for one in operations if one.service == service]
        edges = [one for one in edges if service in (one.caller, one.callee)]
    operations.sort(key=lambda one: (-_grown(one), one.service, one.operation))
    edges.sort(key=lambda one: (one.state == "known", -_delayed(one), one.caller, one.callee))
    return TraceSummary(operations=tuple(operations[:limit]), edges=tuple(edges[:limit]), spans=now.height)


def _operations(now: pl.DataFrame, usual: pl.DataFrame) -> pl.DataFrame:
    keys = ["service", "operation"]
    parts = []
    for frame, prefix in ((now, ""), (usual, "usual_")):
        duration, own = pl.col("duration_us") / 1000, pl.col("own_us") / 1000
        measured = frame.group_by(keys).agg(
            pl.len().alias(f"{prefix}count"),
            (pl.col("status") == "error").mean().alias(f"{prefix}error_share"),
            duration.median().alias(f"{prefix}p50_ms"),
            duration.quantile(0.95).alias(f"{prefix}p95_ms"),
            own.median().alias(f"{prefix}own_ms"),
        )
        parts.append(measured)
    return (
        parts[0]
        .join(parts[1], on=keys, how="full", coalesce=True)
        .with_columns(pl.col("count", "usual_count").fill_null(0))
    )


def _edges(now: pl.DataFrame, usual: pl.DataFrame) -> pl.DataFrame:
    keys = ["caller", "callee"]
    parts = []
    for frame, prefix in ((now, ""), (usual, "usual_")):
        across = frame.filter(pl.col("caller").is_not_null() & (pl.col("caller") != pl.col("service")))
        way = (pl.col("caller_us") - pl.col("duration_us")).clip(0) / 1000
        delay = way.filter(pl.col("carried")).median()
        measured = across.group_by("caller", pl.col("service").alias("callee")).agg(
            pl.len().alias(f"{prefix}count"), delay.alias(f"{prefix}delay_ms")
        )
        parts.append(measured)
    return (
        parts[0]
        .join(parts[1], on=keys, how="full", coalesce=True)
        .with_columns(pl.col("count", "usual_count").fill_null(0))
    )


def _edge(row: dict[str, Any], compared: bool) -> EdgeSummary:
    state: State = "known"
    if compared and row["usual_count"] == 0:
        state = "appeared"
    elif row["count"] == 0:
        state = "vanished"
    return EdgeSummary(**row, state=state)


def _grown(one: OperationSummary) -> float:
    """How much the operation fares worse: extra own time by its usual time, and errors."""
    known = one.own_ms is not None and one.usual_own_ms is not None
    slower = (one.own_ms or 0.0) - (one.usual_own_ms or 0.0) if known else 0.0
    usual = max(one.usual_p50_ms or 0.0, 1.0)
    failing = (one.error_share or 0.0) - (one.usual_error_share or 0.0)
    return max(slower / usual, 0.0) + max(failing, 0.0)


def _delayed(one: EdgeSummary) -> float:
    return (one.delay_ms or 0.0) - (one.usual_delay_ms or 0.0)
