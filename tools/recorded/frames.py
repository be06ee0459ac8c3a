"""Parquet files of a recording as frames, checked column by column."""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from incidents.errors import CaseError
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA

#: The telemetry files of a recording; only metrics must be there.
SCHEMAS: dict[str, pl.Schema] = {
    "metrics.parquet": METRICS_SCHEMA,
    "logs.parquet": LOGS_SCHEMA,
    "traces.parquet": TRACES_SCHEMA,
}
#: Columns that an old or imported recording may lack; they are empty then.
_MAY_LACK = {"instance", "peer", "unit", "level", "trace_id", "span_id", "parent_id", "status"}
_ALLOWED: dict[str, frozenset[str]] = {
    "unit": frozenset(),  # imported sets keep their own units
    "level": frozenset({"debug", "info", "warn", "error", "fatal", ""}),
    "status": frozenset({"ok", "error", "unset"}),
}


def check_columns(path: Path, name: str) -> None:
    """Check a file's columns from its footer alone, which is quick.

    Args:
        path: the file.
        name: how messages call it: its path inside the case.

    Raises:
        CaseError: it cannot be read, lacks a column, or one has the wrong type.
    """
    try:
        found = pl.read_parquet_schema(path)
    except (OSError, PolarsError) as error:
        raise CaseError(f"{name} is no readable parquet file (truncated?): {_first_line(error)}") from error
    for column, wanted in SCHEMAS[path.name].items():
        if column in found:
            _check_type(name, column, found[column], wanted)
        elif column not in _MAY_LACK:
            raise CaseError(f"{name}: column {column!r} is missing; it has {', '.join(found) or 'none'}")


def _check_type(name: str, column: str, found: pl.DataType, wanted: pl.DataType) -> None:
    if isinstance(wanted, pl.Datetime):
        if not isinstance(found, pl.Datetime):
            raise CaseError(f"{name}: column {column!r} is {found}, it must be timestamp[us, UTC]")
        if found.time_zone is None:
            raise CaseError(f"{name}: column {column!r} has times without a zone; write timestamp[us, UTC]")
        return
    text = isinstance(wanted, pl.String) and isinstance(found, (pl.String, pl.Categorical, pl.Enum))
    number = wanted.is_numeric() and found.is_numeric()
    if not (text or number):
        raise CaseError(f"{name}: column {column!r} is {found}, it must be {wanted}")


def read_frame(path: Path, name: str) -> pl.DataFrame:
    """Read a file as a frame with exactly the columns of its schema, ordered by time.

    Raises:
        CaseError: it is broken; the message names the column and the first bad row.
    """
    check_columns(path, name)
    schema = SCHEMAS[path.name]
    try:
        raw = pl.read_parquet(path, columns=[c for c in pl.read_parquet_schema(path) if c in schema])
        missing = [pl.lit("").alias(column) for column in schema if column not in raw.columns]
        frame = raw.with_columns(*missing).select(pl.col(c).cast(kind) for c, kind in schema.items())
    except (OSError, PolarsError) as error:
        raise CaseError(f"{name} cannot be read (truncated?): {_first_line(error)}") from error
    if path.name == "metrics.parquet" and not frame.height:
        raise CaseError(f"{name} has no rows; a recording needs metrics")
    _check_values(frame, name)
    text = [column for column, kind in schema.items() if kind == pl.String()]
    return frame.with_columns(pl.col(text).fill_null("")).sort("time", maintain_order=True)


def _check_values(frame: pl.DataFrame, name: str) -> None:
    columns = set(frame.columns)
    for column in ("time", "service", "value", "duration_us", "metric"):
        if column in columns and frame[column].null_count():
            empty = _row(frame[column].is_null())
            raise CaseError(f"{name}: column {column!r} is empty in row {empty}; leave the row out")
    if "value" in columns and not frame["value"].is_finite().all():
        bad = ~frame["value"].is_finite()
        raise CaseError(f"{name}: column 'value' is NaN or infinite in row {_row(bad)}; leave the row out")
    if "duration_us" in columns and (frame["duration_us"] < 0).any():
        raise CaseError(f"{name}: column 'duration_us' is negative in row {_row(frame['duration_us'] < 0)}")
    for column, allowed in _ALLOWED.items():
        if column in columns and allowed:
            bad = ~frame[column].fill_null("").is_in(list(allowed))
            if bad.any():
                shown = ", ".join(sorted(allowed - {""}))
                raise CaseError(
                    f"{name}: column {column!r} has {frame[column][_row(bad)]!r}; allowed: {shown}"
                )


def _row(mask: pl.Series) -> int:
    return int(mask.arg_true()[0])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
