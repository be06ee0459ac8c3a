"""The frames that the analysis reads, with the schemas of the recording format."""

from dataclasses import dataclass
from typing import Self

import polars as pl

_TIME = pl.Datetime("us", "UTC")

#: One row per sample; `peer` names the callee for a series of an edge, else it is empty.
METRICS_SCHEMA = pl.Schema(
    {
        "time": _TIME,
        "service": pl.String(),
        "instance": pl.String(),
        "metric": pl.String(),
        "peer": pl.String(),
        "value": pl.Float64(),
        "unit": pl.String(),
    }
)
#: One row per log line; `level`, `trace_id` and `span_id` may be empty.
LOGS_SCHEMA = pl.Schema(
    {
        "time": _TIME,
        "service": pl.String(),
        "instance": pl.String(),
        "level": pl.String(),
        "message": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
    }
)
#: One row per span, `time` being its start; `parent_id` is empty for a root span.
TRACES_SCHEMA = pl.Schema(
    {
        "time": _TIME,
        "duration_us": pl.Int64(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "parent_id": pl.String(),
        "service": pl.String(),
        "operation": pl.String(),
        "status": pl.String(),
    }
)


@dataclass(frozen=True)
class Telemetry:
    """Metrics, logs and traces of one window; a channel without data is a frame without rows."""

    metrics: pl.DataFrame
    logs: pl.DataFrame
    traces: pl.DataFrame

    @classmethod
    def empty(cls) -> Self:
        """Three frames with the full schema and no rows."""
        return cls(
            metrics=pl.DataFrame(schema=METRICS_SCHEMA),
            logs=pl.DataFrame(schema=LOGS_SCHEMA),
            traces=pl.DataFrame(schema=TRACES_SCHEMA),
        )
