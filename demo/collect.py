"""Gathers what the shop told into the tables of a recording, thinned so that a case stays small."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from demo.changes import Change
from demo.monitoring.stack import Monitoring, Query
from evals.record.sampling import whole_traces

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

TIME = pl.Datetime("us", "UTC")
LOG_SCHEMA: Schema = {
    "time": pl.String,
    "service": pl.String,
    "instance": pl.String,
    "level": pl.String,
    "message": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
}
SPAN_SCHEMA: Schema = {
    "time": pl.String,
    "duration_us": pl.Int64,
    "trace_id": pl.String,
    "span_id": pl.String,
    "parent_id": pl.String,
    "service": pl.String,
    "operation": pl.String,
    "status": pl.String,
}
METRIC_SCHEMA: Schema = {
    "time": TIME,
    "service": pl.String,
    "instance": pl.String,
    "metric": pl.String,
    "peer": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
}


class Period(NamedTuple):
    """A span of time, `start` inclusive, `end` exclusive."""

    start: datetime
    end: datetime

    def contains(self, column: pl.Expr) -> pl.Expr:
        """Whether a column of times lies within."""
        return (column >= self.start) & (column < self.end)


def metrics(monitoring: Monitoring, period: Period, step: timedelta) -> pl.DataFrame:
    """Every series of `series.yml` over the period; a moment without a value has no row."""
    # Prometheus cuts times to milliseconds: on whole seconds the first value cannot slip out of the period.
    first = period.start.replace(microsecond=0) + timedelta(seconds=1)
    last = period.end - timedelta(microseconds=1)
    rows = [
        (
            datetime.fromtimestamp(sample.time, tz=period.start.tzinfo),
            sample.labels["service"],
            sample.labels["instance"],
            query.metric,
            sample.labels.get("peer", ""),
            _rounded(sample.value),
            query.unit,
        )
        for query in _all(monitoring)
        for sample in monitoring.range(query.query, first, last, step)
        if sample.value == sample.value  # 0/0, a ratio without traffic, is no value
    ]
    frame = pl.DataFrame(rows, schema=METRIC_SCHEMA, orient="row")
    return frame.sort("time", "service", "metric", "peer")


def logs(folder: Path, period: Period) -> pl.DataFrame:
    """The log lines of the period, without the debug ones."""
    lines = _lines(folder / "logs", LOG_SCHEMA).filter(
        period.contains(pl.col("time")), pl.col("level") != "debug"
    )
    return lines.with_columns(_short("trace_id"))


def spans(folder: Path, period: Period, *, keep: float) -> pl.DataFrame:
    """The spans of the period's whole traces.

    Args:
        folder: The shop's run folder.
        period: A trace that reaches over one of its ends is left out.
        keep: The share of traces that are kept.
    """
    everything = _lines(folder / "traces", SPAN_SCHEMA)
    first = pl.col("time").min().over("trace_id")
    last = pl.col("time").max().over("trace_id")
    whole = everything.filter(period.contains(first), period.contains(last))
    return whole_traces(whole, keep).with_columns(_short("trace_id"))


def write(folder: Path, tables: dict[str, pl.DataFrame], changes: list[Change]) -> None:
    """Writes `<name>.parquet` per table and `changes.jsonl`."""
    folder.mkdir(parents=True)
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=19)
    lines = "".join(json.dumps(asdict(change), ensure_ascii=False) + "\n" for change in changes)
    (folder / "changes.jsonl").write_text(lines)


def _all(monitoring: Monitoring) -> list[Query]:
    return [query for queries in monitoring.queries().values() for query in queries]


def _lines(folder: Path, schema: Schema) -> pl.DataFrame:
    frames = [pl.read_ndjson(file, schema=schema) for file in sorted(folder.glob("*.jsonl"))]
    moment = pl.col("time").str.to_datetime(time_unit="us", time_zone="UTC")
    return pl.concat(frames).with_columns(moment).sort("time", maintain_order=True)


def _short(column: str) -> pl.Expr:
    # Half of a W3C trace id is plenty within one recording.
    return pl.col(column).str.slice(-16)


def _rounded(value: float) -> float:
    # Six digits are more than a scraped rate is worth, and compress.
    return float(f"{value:.6g}")
