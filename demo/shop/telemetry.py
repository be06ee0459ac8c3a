"""What a service tells about itself: log lines and spans, as JSON lines, joined by W3C trace ids."""

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

Level = Literal["debug", "info", "warn", "error", "fatal"]
SpanStatus = Literal["ok", "error"]

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class TraceContext(NamedTuple):
    """Which span is being worked on, and in which trace."""

    trace_id: str
    span_id: str

    @classmethod
    def parse(cls, header: str | None) -> "TraceContext | None":
        """Reads a `traceparent` header; a missing or malformed one starts a new trace."""
        match = _TRACEPARENT.fullmatch(header or "")
        return cls(match[1], match[2]) if match else None

    @property
    def header(self) -> str:
        """The `traceparent` header that hands this context to the next service."""
        return f"00-{self.trace_id}-{self.span_id}-01"


_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)


def current_trace() -> TraceContext | None:
    """The span this thread works on, if any."""
    return _current.get()


@dataclass(kw_only=True)
class Span:
    """One piece of work while it is going on; whoever does it says how it went."""

    context: TraceContext
    status: SpanStatus = "ok"


class Journal:
    """Appends JSON lines to one file, whole lines also from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def write(self, **fields: str | int) -> None:
        """Writes one line; the reader sees it at once."""
        line = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            self._file.write(line + "\n")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class Telemetry:
    """The log and the spans of one instance."""

    def __init__(self, *, service: str, instance: str, folder: Path) -> None:
        self._service = service
        self._instance = instance
        self._logs = Journal(folder / "logs" / f"{service}.jsonl")
        self._spans = Journal(folder / "traces" / f"{service}.jsonl")

    def log(self, level: Level, message: str) -> None:
        """Writes a log line that carries the current trace."""
        context = _current.get()
        self._logs.write(
            time=_stamp(datetime.now(UTC)),
            level=level,
            service=self._service,
            instance=self._instance,
            message=message,
            trace_id=context.trace_id if context else "",
            span_id=context.span_id if context else "",
        )

    @contextmanager
    def span(self, operation: str, *, parent: TraceContext | None = None) -> Iterator[Span]:
        """Times one operation; spans and log lines inside belong to it.

        Args:
            operation: What is done, without ids, so that spans of a kind can be compared.
            parent: The caller's span when it came over the wire; by default the current span.
        """
        parent = parent or _current.get()
        context = TraceContext(parent.trace_id if parent else secrets.token_hex(16), secrets.token_hex(8))
        span = Span(context=context)
        began, started = datetime.now(UTC), time.perf_counter_ns()
        token = _current.set(context)
        try:
            yield span
        except BaseException:
            span.status = "error"
            raise
        finally:
            _current.reset(token)
            self._spans.write(
                time=_stamp(began),
                duration_us=(time.perf_counter_ns() - started) // 1000,
                trace_id=context.trace_id,
                span_id=context.span_id,
                parent_id=parent.span_id if parent else "",
                service=self._service,
                operation=operation,
                status=span.status,
            )

    def close(self) -> None:
        """Closes both files."""
        self._logs.close()
        self._spans.close()


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
