"""Calls in a span of time, per operation and per edge, out of trace spans."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
from pydantic import Field

from incidents.findings import Window
from incidents.value import Value
from tools.telemetry.span_metrics import error_share, server_spans
from tools.time_windows import in_window

#: With fewer calls on either side a difference is an anecdote.
FEW = 5
#: Slower than this many times the usual p95, and by at least `SLOWER_MS`, deviates. A move that no user
#: notices is noise, here as in `tools.telemetry.recovery.NOISE`.
SLOWER = 2.0
SLOWER_MS = 50.0
#: From this many times the usual p95 on a reader wants to know, although it may be no trouble.
DRIFT = 1.5
#: This much larger a share of failures deviates.
MORE_ERRORS = 0.05


class Calls(Value):
    """A number of calls in a span of time. `error_share` is None where no status is recorded."""

    calls: int
    per_minute: float
    error_share: float | None = Field(ge=0, le=1)
    p50_ms: float
    p95_ms: float
    own_ms: float | None = Field(default=None, description="median time not spent in calls to others")


class Limits(Value):
    """From where on calls deviate from their usual ones: by the time of the slower ones, or by failures."""

    p95_ms: float
    error_share: float


def operations(spans: pl.DataFrame, window: Window, service: str) -> dict[str, Calls]:
    """The operations in which a service answered others, by name.

    Args:
        spans: frame with the traces schema.
        window: which part of it counts; the rate is over its length within the data.
        service: whose operations.
    """
    part = in_window(server_spans(spans), window).filter(pl.col("service") == service)
    return {key[0]: calls for key, calls in _calls(part, ["operation"], _minutes(spans, window)).items()}


def edges(spans: pl.DataFrame, window: Window) -> dict[tuple[str, str], Calls]:
    """The calls between services, by (caller, callee)."""
    part = in_window(server_spans(spans), window).filter(pl.col("caller").is_not_null())
    found = _calls(part, ["caller", "service"], _minutes(spans, window))
    return {(caller, callee): calls for (caller, callee), calls in found.items()}


def limits(usual: Calls | None) -> Limits | None:
    """What calls are compared with; None where the usual ones are too few to tell."""
    if usual is None or usual.calls < FEW:
        return None
    return Limits(
        p95_ms=max(SLOWER * usual.p95_ms, usual.p95_ms + SLOWER_MS),
        error_share=(usual.error_share or 0.0) + MORE_ERRORS,
    )


def worse(now: Calls | None, usual: Calls | None) -> bool | None:
    """Whether calls fail more or are clearly slower than usual; None where there are too few to tell."""
    limit = limits(usual)
    if now is None or limit is None or now.calls < FEW:
        return None
    return (now.error_share or 0.0) >= limit.error_share or now.p95_ms >= limit.p95_ms


def urgency(now: Calls | None, usual: Calls | None) -> float:
    """For sorting: how much worse, failures before slowness."""
    if not worse(now, usual) or now is None or usual is None:
        return 0.0
    failing = (now.error_share or 0.0) - (usual.error_share or 0.0)
    return 10 * max(0.0, failing) + min(9.0, now.p95_ms / max(usual.p95_ms, 0.001))


def telling_traces(spans: pl.DataFrame, window: Window, service: str, limit: int) -> Sequence[str]:
    """Ids of traces of a service worth a look: failed ones first, then the slowest."""
    part = in_window(spans, window).filter(pl.col("service") == service)
    ordered = part.sort([pl.col("status") == "error", "duration_us"], descending=[True, True])
    return ordered["trace_id"].unique(maintain_order=True).head(limit).to_list()


def _minutes(spans: pl.DataFrame, window: Window) -> float:
    """How much of the window the spans cover; a quiet time may hold traces of one minute only."""
    times = in_window(spans, window)["time"]
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return 0.0
    return (last - first).total_seconds() / 60


def _calls(part: pl.DataFrame, keys: list[str], minutes: float) -> Mapping[tuple[str, ...], Calls]:
    if part.is_empty():
        return {}
    table = part.group_by(keys).agg(
        pl.len().alias("calls"),
        error_share().alias("error_share"),
        (pl.col("duration_us").quantile(0.5) / 1000).alias("p50_ms"),
        (pl.col("duration_us").quantile(0.95) / 1000).alias("p95_ms"),
        (pl.col("own_us").median() / 1000).alias("own_ms"),
    )
    return {
        tuple(str(row[key]) for key in keys): Calls(
            calls=row["calls"],
            # A handful of calls in an instant is no rate; a minute is the least to divide by.
            per_minute=row["calls"] / max(minutes, 1.0),
            error_share=row["error_share"],
            p50_ms=row["p50_ms"],
            p95_ms=row["p95_ms"],
            own_ms=row["own_ms"],
        )
        for row in table.sort(keys).iter_rows(named=True)
    }
