"""Spans in files: JSON lines that services write, or parquet that a recording holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from polars.exceptions import PolarsError
from pydantic import Field, TypeAdapter, ValidationError

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.analysis import TRACES_SCHEMA
from tools.live.files import PARSING, last_lines, matching, remembered, some_exist, window_lines
from tools.live.partial import gather_parts
from tools.live.settings import TraceFiles
from tools.live.telemetry_rows import cut, moment_of
from tools.live.traces.spans import Span
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: Spans of one file and question; the newest are kept.
MOST_SPANS = 200_000
_STATES = ("ok", "error")
_MAY_LACK = ("parent_id", "status")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it is written; no model, which takes longer to make than the line to read."""

    time: Any
    duration_us: Annotated[int, Field(ge=0, lt=2**63)]
    trace_id: str
    span_id: str
    service: str
    parent_id: str | None = None
    operation: str = ""
    status: str = ""


_LINE = TypeAdapter(_Line)


class FileTraces:
    """The files that the patterns match, rotated ones too."""

    name = "the trace files"

    def __init__(self, spec: TraceFiles) -> None:
        self._patterns = spec.paths

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def spans(self, window: Window, services: Sequence[str]) -> Sequence[Span]:
        """The spans of a window; broken lines are skipped and counted.

        Raises:
            ToolFailed: no file is there, or none can be read.
        """
        found = {
            str(path): partial(asyncio.to_thread, _read, path, window)
            for pattern in self._patterns
            for path in matching(pattern, window.start)
        }
        if not found:
            some_exist(self._patterns)
        return [span for part in (await gather_parts(found)).values() for span in part]

    async def check(self) -> str:
        """How many files there are, and the time of the last span.

        Raises:
            ToolFailed: there is none, or the newest one holds no spans.
        """
        some_exist(self._patterns)
        always = datetime(1971, 1, 1, tzinfo=UTC)
        paths = [path for pattern in self._patterns for path in matching(pattern, always)]
        if not paths:
            raise ToolFailed("the paths match no file that can be read")
        newest = max(paths, key=lambda path: path.stat().st_mtime)
        last = await asyncio.to_thread(_last, newest)
        if last is None:
            raise ToolFailed(f"{newest.name}: it ends without a span in the names of the recording format")
        return f"{len(paths)} files; the last span is of {last:%Y-%m-%d %H:%M:%S} UTC, in {newest.name}"


def _read(path: Path, window: Window) -> list[Span]:
    return _parquet(path, window) if path.suffix == ".parquet" else _json_lines(path, window)


def _json_lines(path: Path, window: Window) -> list[Span]:
    chunk = window_lines(path, window, _time, MOST_SPANS)
    with PARSING:
        read = [_span(line) for line in chunk.lines if line]
    found = [span for span in read if span is not None and window.start <= span.time < window.end]
    if broken := sum(span is None for span in read):
        note_gap(f"{broken} lines of {path.name} are no spans and were skipped")
    if chunk.missing and found:
        first = min(span.time for span in found)
        note_gap(
            f"{path.name} is too large for one question: spans before {first:%H:%M:%S} UTC were left out"
        )
    return found


@remembered
def _span(line: bytes) -> Span | None:
    try:
        one = _LINE.validate_json(line)
    except ValidationError:
        return None
    time = moment_of(one.time)
    if time is None:
        return None
    status = one.status if one.status in _STATES else "unset"
    return Span(time, one.duration_us, one.trace_id, one.span_id, one.parent_id or "", one.service,
                cut(one.operation, 300), status)  # fmt: skip


def _time(line: bytes) -> datetime | None:
    span = _span(line)
    return span.time if span is not None else None


def _last(path: Path) -> datetime | None:
    if path.suffix == ".parquet":
        frame = _scan(path).select(pl.col("time").max()).collect()
        last = frame["time"][0]
        return last if isinstance(last, datetime) else None
    times = [time for line in last_lines(path) if (time := _time(line)) is not None]
    return max(times, default=None)


def _parquet(path: Path, window: Window) -> list[Span]:
    inside = (pl.col("time") >= window.start) & (pl.col("time") < window.end)
    try:
        frame = _scan(path).filter(inside).tail(MOST_SPANS).collect()
    except (PolarsError, OSError) as error:
        raise ToolFailed(f"{path.name} cannot be read as spans: {plain(str(error), 120)}") from None
    return [Span(*row) for row in frame.drop_nulls().iter_rows()]


def _scan(path: Path) -> pl.LazyFrame:
    try:
        raw = pl.scan_parquet(path)
        lacking = [name for name in _MAY_LACK if name not in raw.collect_schema()]
    except (PolarsError, OSError) as error:
        raise ToolFailed(f"{path.name} cannot be read as parquet: {plain(str(error), 120)}") from None
    whole = raw.with_columns(*(pl.lit("").alias(name) for name in lacking))
    status = pl.when(pl.col("status").is_in(_STATES)).then("status").otherwise(pl.lit("unset"))
    return whole.with_columns(status=status, parent_id=pl.col("parent_id").fill_null("")).select(
        pl.col(name).cast(kind) for name, kind in TRACES_SCHEMA.items()
    )
