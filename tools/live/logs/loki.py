"""Logs from Grafana Loki (`query_range`; https://grafana.com/docs/loki/latest/reference/loki-http-api/)."""

import json
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tools.clock import Clock
from tools.live.http import Backend, Query, Reply
from tools.live.logs.levels import text_level
from tools.live.logs.lines import LogLine, dig
from tools.live.logs.paging import PagedLogs
from tools.live.settings import Loki
from tools.live.telemetry_rows import Nanoseconds, at_microseconds, cut, level_of, to_microseconds

#: Loki tells nanoseconds apart, the frame microseconds.
_TICK = timedelta(microseconds=1)
_PATH = "/loki/api/v1/query_range"
#: What a line that is itself JSON calls its text.
_MESSAGES = ("message", "msg", "log", "body")


class _Stream(Reply):
    stream: dict[str, str]
    # Time in ns, line, and since Loki 3 the structured metadata.
    values: tuple[tuple[Nanoseconds, str] | tuple[Nanoseconds, str, dict[str, Any]], ...]


class _Data(Reply):
    result: tuple[_Stream, ...]


class _Answer(Reply):
    data: _Data


class LokiLogs(PagedLogs):
    """The streams that a selector selects."""

    def __init__(self, spec: Loki, backend: Backend, clock: Clock) -> None:
        super().__init__(backend, clock, _TICK)
        self._spec = spec

    async def check(self) -> str:
        """The newest lines of the last hour; raises like `lines`."""
        found = await self._last_hour()
        if not found:
            return f"it answers, and {self._spec.selector} selects no line of the last hour"
        services = sorted({line.service for line in found})
        return f"the newest lines are of {max(line.time for line in found):%H:%M:%S} UTC; they name " \
               f"{', '.join(services[:5])}"  # fmt: skip

    async def _page(self, start: datetime, end: datetime, size: int) -> Mapping[Hashable, LogLine]:
        query: Query = {
            "query": self._spec.selector,
            "start": to_microseconds(start) * 1000,
            "end": to_microseconds(end) * 1000,
            "limit": size,
            "direction": "backward",
        }
        answer = self._backend.read(_Answer, await self._backend.ask("GET", _PATH, query=query))
        return {
            (frozenset(stream.stream.items()), value[0], value[1]): self._line(stream.stream, value)
            for stream in answer.data.result
            for value in stream.values
        }

    def _line(
        self, labels: Mapping[str, str], value: tuple[int, str] | tuple[int, str, dict[str, Any]]
    ) -> LogLine:
        said = {**labels, **{name: str(text) for name, text in (value[2] if len(value) > 2 else {}).items()}}
        told = _told(value[1])
        return LogLine(
            time=at_microseconds(value[0] // 1000),
            service=said.get(self._spec.service, ""),
            instance=said.get(self._spec.instance, said.get("pod", "")),
            level=level_of(said.get(self._spec.level)) or level_of(said.get("detected_level")) or told.level,
            message=told.message,
            trace_id=said.get("trace_id", told.trace_id)[:64],
            span_id=said.get("span_id", told.span_id)[:64],
        )


class _Told(NamedTuple):
    level: str
    message: str
    trace_id: str = ""
    span_id: str = ""


def _told(text: str) -> _Told:
    """What the text of a line says itself: many systems write JSON into it."""
    try:
        found = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        found = None
    keys = [key for key in _MESSAGES if key in found] if isinstance(found, dict) else []
    message = dig(found, keys[0]) if keys else None
    if not isinstance(message, str):
        return _Told(text_level(text), cut(text))
    level = level_of(dig(found, "level")) or level_of(dig(found, "severity"))
    return _Told(level, cut(message), str(dig(found, "trace_id") or ""), str(dig(found, "span_id") or ""))
