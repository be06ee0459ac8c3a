"""What monitoring makes of what happened: series, lines and traces, with its noise, gaps and conventions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

import polars as pl

from evals.simulate.draw import stream, table
from evals.simulate.journal import Journal, LineRow, SampleRow, SpanRow
from evals.simulate.plan import Lens
from evals.simulate.system import System

#: Exporters tell these of states, not of amounts: they have no noise.
_EXACT = frozenset(
    {
        "up",
        "restarts",
        "host_up",
        "available",
        "unavailable",
        "pool_waiting",
        "waiting",
        "lock_waits",
        "backlog",
        "errors",
    }
)
_SHARES = frozenset(
    {
        "cpu",
        "error_share",
        "ok_share",
        "edge_error_share",
        "edge_ok_share",
        "busy",
        "memory_share",
        "hit_share",
        "host_cpu",
        "host_memory_share",
        "disk_share",
        "pool_used",
        "descriptors",
        "throttled",
    }
)
_OF_REQUESTS = frozenset({"rate", "errors", "error_share", "ok_share", "mean", "p50", "p95", "p99"})
_OF_HOSTS = frozenset({"host_cpu", "host_up", "host_retransmits", "host_memory_share"})
#: Without these a resource cannot be told.
_ALWAYS = frozenset({"up", "restarts", "available", "unavailable", "host_up"})
_COLUMNS = ("at", "service", "instance", "peer", "quantity", "value")


def spans_frame(journal: Journal) -> pl.DataFrame:
    """All spans; `end` is when they ended."""
    frame = pl.DataFrame(journal.spans, schema=list(SpanRow._fields), orient="row", infer_schema_length=None)
    return frame.with_columns(
        (pl.col("start") + pl.col("seconds")).alias("end"), (pl.col("reason") != "").alias("failed")
    )


def metrics(
    journal: Journal, spans: pl.DataFrame, system: System, lens: Lens, until: float, seed: int
) -> pl.DataFrame:
    """Every series that is kept, named as the style of the lens has it; `at` in seconds.

    Externals have none of their own: only their callers see them.
    """
    external = [service.name for service in system.having("external")]
    served = spans.filter((pl.col("peer") == "") & ~pl.col("service").is_in(external))
    frames = [_requests(served, ["service", "instance"], lens, until, "")]
    if lens.edges:
        asked = spans.filter(pl.col("peer") != "")
        frames.append(_requests(asked, ["service", "instance", "peer"], lens, until, "edge_"))
    frames.append(_read(journal.samples, lens))
    whole = pl.concat([frame.select(_COLUMNS) for frame in frames if frame.height])
    return _named(_worn(whole.filter(pl.col("at") <= until), lens, seed), lens)


def _requests(spans: pl.DataFrame, keys: list[str], lens: Lens, until: float, prefix: str) -> pl.DataFrame:
    """Rate, failures and durations of what ended in each interval; without that only the rate is known."""
    if not lens.instances:
        spans = spans.with_columns(pl.lit("").alias("instance"))
    width = lens.interval
    binned = spans.with_columns(((pl.col("end") / width).floor() * width + width).alias("at"))
    counted = binned.group_by([*keys, "at"], maintain_order=True).agg(
        (pl.len() / width).alias("rate"),
        (pl.col("failed").sum() / width).alias("errors"),
        pl.col("failed").mean().alias("error_share"),
        (1 - pl.col("failed").mean()).alias("ok_share"),
        pl.col("seconds").mean().alias("mean"),
        *(
            pl.col("seconds").quantile(q, "linear").alias(name)
            for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        ),
    )
    first = binned.group_by(keys, maintain_order=True).agg(
        pl.col("at").min().alias("first"), pl.col("at").filter(pl.col("failed")).min().alias("first_failed")
    )
    moments = pl.DataFrame({"at": [width * n for n in range(1, int(until / width) + 1)]})
    grid = first.join(moments, how="cross").filter(pl.col("at") >= pl.col("first"))
    filled = grid.join(counted, on=[*keys, "at"], how="left", maintain_order="left").with_columns(
        pl.col("rate", "errors").fill_null(0.0)
    )
    # A counter of failures has no row before the first one.
    filled = filled.with_columns(
        pl.when(pl.col("at") >= pl.col("first_failed")).then(pl.col("errors")).alias("errors")
    )
    if "peer" not in keys:
        filled = filled.with_columns(pl.lit("").alias("peer"))
    long = filled.unpivot(
        on=sorted(_OF_REQUESTS),
        index=["at", "service", "instance", "peer"],
        variable_name="quantity",
        value_name="value",
    )
    return long.drop_nulls("value").with_columns(pl.lit(prefix) + pl.col("quantity"))


def _read(samples: Sequence[SampleRow], lens: Lens) -> pl.DataFrame:
    frame = pl.DataFrame(samples, schema=[*SampleRow._fields], orient="row", infer_schema_length=None).rename(
        {"time": "at"}
    )
    if not lens.resources:
        frame = frame.filter(pl.col("quantity").is_in(_ALWAYS))
    if not lens.hosts:
        frame = frame.filter(~pl.col("quantity").is_in(_OF_HOSTS))
    if not lens.instances:
        keys = ["at", "service", "peer", "quantity"]
        frame = (
            frame.group_by(keys, maintain_order=True)
            .agg(pl.col("value").mean())
            .with_columns(pl.lit("").alias("instance"))
        )
    return frame.select(_COLUMNS)


def _worn(frame: pl.DataFrame, lens: Lens, seed: int) -> pl.DataFrame:
    """Samples as they arrive: some are a little off, some are missing."""
    rng = stream(seed, "noise")
    off = pl.Series([rng.gauss(1.0, lens.noise) for _ in range(frame.height)])
    there = pl.Series([rng.random() >= lens.gap for _ in range(frame.height)])
    value = pl.when(pl.col("quantity").is_in(_EXACT)).then(pl.col("value")).otherwise(pl.col("value") * off)
    capped = pl.when(pl.col("quantity").is_in(_SHARES)).then(value.clip(0.0, 1.0)).otherwise(value)
    return frame.with_columns(capped.alias("value")).filter(there)


def _named(frame: pl.DataFrame, lens: Lens) -> pl.DataFrame:
    style: Mapping[str, Any] = table("conventions")[lens.style]
    names = pl.DataFrame(
        [
            (quantity, how["metric"], how["unit"], float(how.get("times", 1.0)))
            for quantity, how in style.items()
        ],
        schema=["quantity", "metric", "unit", "times"],
        orient="row",
    )
    joined = frame.join(names, on="quantity", how="inner", maintain_order="left")
    return joined.with_columns(pl.col("value") * pl.col("times")).select(
        "at", "service", "instance", "metric", "peer", "value", "unit"
    )


def traces(spans: pl.DataFrame, system: System, lens: Lens, seed: int) -> pl.DataFrame:
    """Whole traces, some of them; what externals do has no span of its own."""
    rng = stream(seed, "traces")
    external = [service.name for service in system.having("external")]
    names = spans["trace"].unique(maintain_order=True)
    chosen = names.filter(pl.Series([rng.random() < lens.traces for _ in range(names.len())]))
    kept = spans.filter(pl.col("trace").is_in(chosen.implode()) & ~pl.col("service").is_in(external))
    if not lens.client_spans:  # a callee's span then hangs under the caller's own
        clients = kept.filter(pl.col("peer") != "").select(
            pl.col("span").alias("parent"), pl.col("parent").alias("above")
        )
        kept = kept.filter(pl.col("peer") == "").join(clients, on="parent", how="left", maintain_order="left")
        kept = kept.with_columns(pl.coalesce("above", "parent").alias("parent"))
    client = pl.col("peer") != ""
    return kept.select(
        (pl.col("start") + pl.col("clock")).alias("at"),
        (pl.col("seconds") * 1e6).round().cast(pl.Int64).alias("duration_us"),
        pl.col("trace").alias("trace_id"),
        pl.col("span").alias("span_id"),
        pl.col("parent").alias("parent_id"),
        "service",
        pl.when(client)
        .then(pl.col("peer") + " " + pl.col("operation"))
        .otherwise("operation")
        .alias("operation"),
        pl.when(pl.col("failed")).then(pl.lit("error")).otherwise(pl.lit("ok")).alias("status"),
    )


def logs(journal: Journal, lens: Lens, seed: int) -> pl.DataFrame:
    """Lines as each service words them; of what is said all day only a part is kept."""
    rng, rows = stream(seed, "lines"), []
    dialects: dict[str, int] = {}  # each service speaks one of three
    for line in journal.lines:
        kept = (
            lens.access_lines if line.level == "debug" else lens.error_lines if line.level == "error" else 1.0
        )
        if rng.random() < kept:
            if line.service not in dialects:
                dialects[line.service] = stream(seed, f"dialect {line.service}").randrange(3)
            dialect = dialects[line.service]
            instance = line.instance if lens.instances else ""
            rows.append(
                (
                    line.time + line.clock,
                    line.service,
                    instance,
                    line.level,
                    _worded(line, dialect, rng),
                    line.trace,
                    line.span,
                )
            )
    columns = {
        "at": pl.Float64,
        **dict.fromkeys(("service", "instance", "level", "message", "trace_id", "span_id"), pl.String),
    }
    return pl.DataFrame(rows, schema=columns, orient="row")


def _worded(line: LineRow, dialect: int, rng: Random) -> str:
    words = table("lines")
    reasons: Mapping[str, Sequence[str]] = words["reasons"]
    peer = reasons[line.peer][dialect] if line.peer in reasons else line.peer
    said = str(words[line.key][dialect]).format(what=line.what, peer=peer)
    return f"{said} ({rng.randrange(1, 900)} ms)" if line.key == "request_done" else said


def dated(frame: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """Seconds since the first sample as moments; rows whose clock was before 1970 do not exist."""
    at = pl.lit(start).dt.cast_time_unit("us") + pl.duration(
        microseconds=(pl.col("at") * 1e6).round().cast(pl.Int64)
    )
    return frame.with_columns(at.alias("time")).drop("at")
