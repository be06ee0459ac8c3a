"""Spans with their own time and their caller, the ground of everything read from traces."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

import polars as pl

from incidents.findings import Window
from tools.analysis.periods import Periods, periods
from tools.analysis.telemetry import TRACES_SCHEMA
from tools.time_windows import in_window, utc_literal

#: The first label of the host in the name of a call, after the method or before it if there is one.
_HOST = r"^(?:[A-Z]+ )?([A-Za-z0-9_-]+)(?:[.:/]| [A-Z]{3,}\b)"


def related(traces: pl.DataFrame) -> pl.DataFrame:
    """Each span once, with what its parent and its children say about it (traces schema).

    Adds `key` and `above`, numbers for the span and its parent; `own_us`: its duration less its
    children's, at least 0 (children that overlap count in full); `client`: whether it only carries one
    call to another service, so that its own time is the way there and back; `carried`: whether its parent
    is such a span; `called`: a service that is recorded below it, null for none; `caller`,
    `caller_operation` and `caller_us`: service, operation and duration of the parent span, null for a root or
    where the parent is not in the data.
    """
    return _none_related() if traces.is_empty() else _related(traces)


@cache
def _none_related() -> pl.DataFrame:
    return _related(pl.DataFrame(schema=TRACES_SCHEMA))


def _related(traces: pl.DataFrame) -> pl.DataFrame:
    spans = traces.with_columns(key=span_key("span_id"), above=span_key("parent_id")).filter(
        pl.col("key").is_first_distinct()
    )
    children = spans.group_by(pl.col("above").alias("key")).agg(
        pl.col("duration_us").sum().alias("children_us"),
        pl.len().alias("children"),
        pl.col("service").first().alias("called"),
    )
    whole = spans.join(children, on="key", how="left").with_columns(
        own_us=(pl.col("duration_us") - pl.col("children_us").fill_null(0)).clip(0),
        single=((pl.col("children") == 1) & (pl.col("called") != pl.col("service"))).fill_null(False),
    )
    parents = whole.select(
        pl.col("key").alias("above"),
        pl.col("service").alias("caller"),
        pl.col("operation").alias("caller_operation"),
        pl.col("duration_us").alias("caller_us"),
        pl.col("single").alias("carried"),
    )
    joined = whole.join(parents, on="above", how="left")
    within = (pl.col("caller") == pl.col("service")).fill_null(False)
    # The span that serves a request may call just once as well: it is no client span, it works.
    inner = joined.filter(within).select(pl.col("key").alias("above"), pl.lit(True).alias("inner"))
    return (
        joined.join(inner, on="above", how="left")
        .with_columns(
            client=pl.col("single") & within,
            carried=pl.col("carried").fill_null(False) & pl.col("inner").fill_null(False),
        )
        .drop("children_us", "children", "single", "inner")
    )


def at_callee(spans: pl.DataFrame, services: Iterable[str]) -> pl.DataFrame:
    """Calls that failed or that nobody recorded the other end of, moved to the service that they name.

    What is not ours, is down or is not traced records nothing itself, though what it calls may. Its caller's
    span is all that is seen of it, named as OpenTelemetry, Istio and gRPC name calls: `POST host/path`,
    `host:port/*`, `host/Method`, or `host POST /path`.

    Args:
        spans: as `related` returns them.
        services: the services that are known.
    """
    # Few operations stand for many spans.
    operation = spans.select(pl.col("operation").unique())
    named = operation.with_columns(host=pl.col("operation").str.extract(_HOST))
    hosts = dict(named.filter(pl.col("host").is_in(sorted(services))).iter_rows())
    if not hosts:
        return spans
    host = pl.col("operation").replace_strict(hosts, default=None, return_dtype=pl.String)
    unheard = (pl.col("called") != host).fill_null(True)
    moved = (unheard | (pl.col("status") == "error")) & host.is_not_null()
    return spans.with_columns(service=pl.when(moved).then(host).otherwise(pl.col("service")))


def span_key(column: str) -> pl.Expr:
    """One number for trace and span; numbers join faster than pairs of texts."""
    return pl.col("trace_id").hash(seed=1) ^ pl.col(column).hash(seed=2)


def compared_spans(
    observed: pl.DataFrame, quiet: pl.DataFrame, at: datetime, began: datetime | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What `related` says of the spans around the alert, and of those of the reference."""
    span = periods(at, observed["time"].min(), began)
    current = in_window(observed, Window(start=span.start, end=span.end))
    return related(current), related(reference_traces(observed, quiet, span))


def reference_traces(observed: pl.DataFrame, quiet: pl.DataFrame, span: Periods) -> pl.DataFrame:
    """The baseline and what came well before the alert; without either, what came before it."""
    before = observed.filter(pl.col("time") < utc_literal(span.quiet_end))
    known = pl.concat([quiet.select(observed.columns), before])
    return known if not known.is_empty() else observed.filter(pl.col("time") < utc_literal(span.start))
