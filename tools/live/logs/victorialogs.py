"""Logs from VictoriaLogs: `/select/logsql/query`, the newest lines of a window as JSON lines.

https://docs.victoriametrics.com/victorialogs/querying/; with `limit` it answers the newest lines of the
window, both ends of which are in. A line has no id, and equal lines of one moment are several.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.clock import Clock
from tools.live.http import Backend, Query
from tools.live.logs.lines import MOST_LINES, Keys, LogLine
from tools.live.logs.objects import object_line, parsed_object
from tools.live.logs.paging import Page, PageSize, Read, newest_first
from tools.live.settings import VictoriaLogs
from tools.live.telemetry_rows import moment_of, to_microseconds
from tools.live.values import uncollected
from tools.telemetry.data_gaps import collect_gaps, note_gap

_PATH = "/select/logsql/query"
#: Bytes of a page.
_ROOM = 8_000_000
_LOOKED_AT = 1_000


class VictoriaLogsLogs:
    """The lines that a query in LogsQL selects."""

    def __init__(self, spec: VictoriaLogs, backend: Backend, clock: Clock) -> None:
        self._spec = spec
        self._backend = backend
        self._clock = clock
        self._sizes = PageSize(_ROOM)
        self.name = f"{backend.name} at {backend.where}"
        self._keys = Keys(
            "_time", spec.service, spec.instance, spec.level, spec.message, spec.trace_id, spec.span_id
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window, page by page; what is no line is counted and noted.

        Raises:
            ToolFailed: it does not answer.
        """
        read = await self._read(window, MOST_LINES)
        if read.skipped:
            note_gap(f"{self.name}: {read.skipped:,} entries without {self._keys.message} were skipped")
        return read.lines

    async def check(self) -> str:
        """The newest lines of the last hour, read as every window is; raises like `lines`."""
        now = self._clock.now()
        with collect_gaps():
            read = await self._read(Window(start=now - timedelta(hours=1), end=now), _LOOKED_AT)
        if not read.lines:
            return f"it answers, and {self._spec.query} selects no line of the last hour"
        services = sorted({line.service for line in read.lines if line.service})
        named = ", ".join(services[:5]) or "no service: check the field `service`"
        return f"the newest lines are of {read.lines[-1].time:%H:%M:%S} UTC; they name {named}"

    async def _read(self, window: Window, most: int) -> Read:
        begin = to_microseconds(window.start) * 1000

        async def page(end: int, size: int) -> Page[int]:
            return await self._page(begin, end, size)

        return await newest_first(page, to_microseconds(window.end) * 1000, self.name, self._sizes, most)

    async def _page(self, begin: int, end: int, size: int) -> Page[int]:
        query: Query = {"query": self._spec.query, "start": begin, "end": end, "limit": size}
        text = await self._backend.ask("POST", _PATH, form=query)
        entries: dict[Hashable, LogLine | None] = {}
        times: list[datetime] = []
        seen: Counter[int] = Counter()
        rows = [row for row in text.split("\n") if row]
        with uncollected():
            for row in rows:
                key = hash(row)
                seen[key] += 1  # the next page reads a moment whole, and counts the same lines again
                found = parsed_object(row) or {}
                entries[key, seen[key]] = line = object_line(found, self._keys)
                if (at := line.time if line is not None else moment_of(found.get("_time"))) is not None:
                    times.append(at)
        if rows and not times:
            self._backend.parsed(text)  # says whether it is HTML, or no JSON
            raise ToolFailed(f"{self.name} answered something else than log entries; check the URL")
        if len(entries) < size:
            return Page(entries, len(text), None, None)
        oldest = to_microseconds(min(times)) * 1000
        return Page(entries, len(text), oldest + 999, oldest - 1 if oldest > begin else None)
