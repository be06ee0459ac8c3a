"""Logs from Grafana Loki (`query_range`; https://grafana.com/docs/loki/latest/reference/loki-http-api/).

What its documents do not tell was seen on 3.8: of a page over 4 MiB nothing comes, the connection is dropped
after a minute; a limit above `max_entries_limit_per_query` and a window above 30d1h answer 400; the start is
in, the end is out; equal lines of one nanosecond and one set of labels are one line.
"""

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from incidents.findings import Window
from tools.clock import Clock
from tools.live.http import Backend, Query, Rejected, Reply
from tools.live.limits import TooLarge, span_told
from tools.live.logs.levels import text_level
from tools.live.logs.lines import LogLine, dig
from tools.live.logs.paging import Page, PageSize, Read, newest_first
from tools.live.settings import Loki
from tools.live.telemetry_rows import Nanoseconds, at_microseconds, cut, level_of, to_microseconds
from tools.live.values import uncollected
from tools.telemetry.data_gaps import collect_gaps, note_gap

_PATH = "/loki/api/v1/query_range"
#: What a line that is itself JSON calls its text.
_MESSAGES = ("message", "msg", "log", "body")
#: Bytes of a page: below the 4 MiB that Loki's parts send each other.
_ROOM = 3_000_000
#: The longest window that it takes by default.
_LONGEST = timedelta(days=30, hours=1)
_TOO_MANY = re.compile(r"max entries limit per query exceeded.*?\((\d{1,9}) > (\d{1,9})\)")
_TOO_LONG = re.compile(r"query time range exceeds the limit \(query length: \S+, limit: ([\w.]+)\)")
#: Lines that a check looks at.
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class _Stream:
    stream: dict[str, str]
    # Time in ns, line, and since Loki 3 the structured metadata.
    values: tuple[tuple[Nanoseconds, str] | tuple[Nanoseconds, str, dict[str, Any]], ...]


class _Data(Reply):
    result: tuple[_Stream, ...]


class _Answer(Reply):
    data: _Data
    warnings: tuple[str, ...] = ()


class LokiLogs:
    """The streams that a selector selects."""

    def __init__(self, spec: Loki, backend: Backend, clock: Clock) -> None:
        self._spec = spec
        self._backend = backend
        self._clock = clock
        self._sizes = PageSize(_ROOM, drops=True)
        self._longest = _LONGEST
        self.name = f"{backend.name} at {backend.where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window, page by page.

        Raises:
            ToolFailed: it does not answer.
        """
        return (await self._read(window)).lines

    async def check(self) -> str:
        """The newest lines of the last hour, read as every window is; raises like `lines`."""
        now = self._clock.now()
        with collect_gaps():
            read = await self._read(Window(start=now - timedelta(hours=1), end=now), _LOOKED_AT)
        if not read.lines:
            return f"it answers, and {self._spec.selector} selects no line of the last hour"
        services = sorted({line.service for line in read.lines})
        return (
            f"the newest lines are of {read.lines[-1].time:%H:%M:%S} UTC; they name {', '.join(services[:5])}"
        )

    async def _read(self, window: Window, *most: int) -> Read:
        begin = to_microseconds(window.start) * 1000

        async def page(end: int, size: int) -> Page[int]:
            return await self._page(begin, end, size)

        end = to_microseconds(window.end) * 1000 + 1000
        return await newest_first(page, end, self.name, self._sizes, *most)

    async def _page(self, begin: int, end: int, size: int) -> Page[int]:
        """The newest lines before a nanosecond, of the longest window it takes; the one before follows."""
        start = max(begin, end - _nanoseconds(self._longest))
        query: Query = {
            "query": self._spec.selector,
            "start": start,
            "end": end,
            "limit": size,
            "direction": "backward",
        }
        try:
            text = await self._backend.ask("GET", _PATH, query=query)
        except Rejected as error:
            self._learn(error)
            if end - start > _nanoseconds(self._longest):
                return await self._page(begin, end, size)
            raise
        answer = self._backend.read(_Answer, text)
        for warning in answer.warnings:
            note_gap(f"{self.name} warns: {self._backend.quoted(warning)}")
        with uncollected():
            entries = dict(self._entries(answer))
        if len(entries) < size:
            following = start if start > begin else None
            return Page(entries, len(text), following, following)
        oldest = min(value[0] for stream in answer.data.result for value in stream.values)
        return Page(entries, len(text), oldest + 1, oldest if oldest > begin else None)

    def _learn(self, error: Rejected) -> None:
        """Its limits, from the sentence that refuses.

        Raises:
            TooLarge: it takes fewer lines.
        """
        if (many := _TOO_MANY.search(error.text)) is not None and int(many[2]):
            self._sizes.limited(int(many[2]))
            raise TooLarge(str(error), int(many[1]) / int(many[2]))
        long = _TOO_LONG.search(error.text)
        if long is not None and (longest := span_told(long[1])) is not None:
            self._longest = min(self._longest, longest)

    def _entries(self, answer: _Answer) -> Iterator[tuple[Hashable, LogLine]]:
        for stream in answer.data.result:
            labels = frozenset(stream.stream.items())
            for at, text, *beside in reversed(stream.values):  # a trace is many lines of one moment
                said = {**stream.stream, **_metadata(*beside)} if beside else stream.stream
                # Its hash stands for a text of up to 256 kB: the key is kept with every line.
                yield (at, hash((labels, text, repr(beside)))), self._line(at, text, said)

    def _line(self, at: int, text: str, said: Mapping[str, str]) -> LogLine:
        message, own, trace, span = _told(text) if text[:1] == "{" else (cut(text), "", "", "")
        level = level_of(said.get(self._spec.level)) or level_of(said.get("detected_level")) or own
        return LogLine(
            at_microseconds(at // 1000),
            said.get(self._spec.service, ""),
            said.get(self._spec.instance, said.get("pod", "")),
            level or text_level(text),
            message,
            said.get("trace_id", trace)[:64],
            said.get("span_id", span)[:64],
        )


def _nanoseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * 1000


def _metadata(beside: Mapping[str, Any]) -> dict[str, str]:
    """What stands beside a line, as it is or sorted by where it is from (`structuredMetadata`, `parsed`)."""
    sorted_by = [beside[key] for key in ("structuredMetadata", "parsed") if isinstance(beside.get(key), dict)]
    found = {name: value for part in sorted_by or [beside] for name, value in part.items()}
    return {name: str(value) for name, value in found.items()}


class _Told(NamedTuple):
    message: str
    level: str = ""
    trace_id: str = ""
    span_id: str = ""


def _told(text: str) -> _Told:
    """What a line that looks like JSON says itself: many systems write that."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    keys = [key for key in _MESSAGES if key in found] if isinstance(found, dict) else []
    message = dig(found, keys[0]) if keys else None
    if not isinstance(message, str):
        return _Told(cut(text))
    level = level_of(dig(found, "level")) or level_of(dig(found, "severity"))
    return _Told(cut(message), level, str(dig(found, "trace_id") or ""), str(dig(found, "span_id") or ""))
