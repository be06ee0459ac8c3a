"""Logs from systemd's journal, through systemd-journal-gatewayd.

A gateway seeks by entry, not by time (before systemd 254): the newest entries of the services' units are
read, then those before them, until one is older than the window.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.live.http import Backend
from tools.live.logs.levels import text_level
from tools.live.logs.lines import LogLine
from tools.live.logs.paging import Page, PageSize, newest_first
from tools.live.settings import Journal
from tools.live.telemetry_rows import Microseconds, at_microseconds, cut
from tools.live.values import uncollected, values_of
from tools.telemetry.data_gaps import note_gap

#: Bytes of a page; an entry has about a kilobyte beside its message.
_ROOM = 8_000_000
_JSON = "application/json"
#: syslog's priorities, 0 (emergency) to 7 (debug).
_LEVELS = dict(enumerate(("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")))


@dataclass(frozen=True, slots=True)
class _Entry:
    cursor: Annotated[str, Field(alias="__CURSOR")]
    received: Annotated[Microseconds, Field(alias="__REALTIME_TIMESTAMP")]
    sent: Annotated[Microseconds | None, Field(alias="_SOURCE_REALTIME_TIMESTAMP")] = None
    # Bytes that are no UTF-8 come as numbers, a text that is too long as null, a repeated field as a list.
    message: Annotated[str | list[int | str] | None, Field(alias="MESSAGE")] = None
    unit: Annotated[str | list[str], Field(alias="_SYSTEMD_UNIT")] = ""
    host: Annotated[str, Field(alias="_HOSTNAME")] = ""
    priority: Annotated[int, Field(alias="PRIORITY")] = -1

    @property
    def time(self) -> datetime:
        """When it was sent, as far as that is known."""
        return at_microseconds(self.received if self.sent is None else self.sent)


class JournalLogs:
    """The journal of one gateway.

    Args:
        spec: which unit is which service.
        services: the catalogue's names; a service without unit in `spec` is `<service>.service`.
        backend: where to ask.
    """

    def __init__(self, spec: Journal, services: Sequence[str], backend: Backend) -> None:
        mapped = set(spec.units.values())
        self._units = {f"{name}.service": name for name in services if name not in mapped} | spec.units
        self._backend = backend
        self._sizes = PageSize(_ROOM)
        self.name = f"{backend.name} at {backend.where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window; entries that cannot be read are skipped and counted.

        Raises:
            ToolFailed: it does not answer.
        """

        async def page(cursor: str, size: int) -> Page[str]:
            return await self._before(window, cursor, max(2, size))  # the cursor's own entry comes again

        read = await newest_first(page, "", self.name, self._sizes)
        if read.skipped:
            note_gap(f"{self.name}: {read.skipped} entries could not be read and were skipped")
        return [line for line in read.lines if window.start <= line.time < window.end]

    async def check(self) -> str:
        """The newest entry of the services' units; raises like `lines`."""
        page, _, _ = await self._page("", 10)
        if not page:
            units = ", ".join(list(self._units)[:5])
            return f"it answers, and has no entry of the units {units}"
        return f"the newest entry is of {page[-1].time:%Y-%m-%d %H:%M:%S} UTC, from {page[-1].unit}"

    async def _before(self, window: Window, cursor: str, size: int) -> Page[str]:
        found, broken, weight = await self._page(cursor, size)
        with uncollected():
            entries: dict[Hashable, LogLine | None] = {one.cursor: self._line(one) for one in found}
        entries |= dict.fromkeys(broken)
        first = found[0].cursor == cursor  # nothing lies before it
        if first or len(entries) < size or at_microseconds(found[0].received) < window.start:
            return Page(entries, weight, None, None)
        return Page(entries, weight, found[0].cursor, None)

    async def _page(self, cursor: str, size: int) -> tuple[list[_Entry], list[int], int]:
        """The entries up to a cursor, or the last ones, oldest first; what is none; the answer's bytes."""
        headers = {"Accept": _JSON, "Range": f"entries={cursor}:{1 - size}:{size}"}
        text = await self._backend.ask(
            "GET", "/entries", query={"_SYSTEMD_UNIT": list(self._units)}, headers=headers
        )
        lines = [line for line in text.split("\n") if line]
        read = values_of(_Entry, lines)
        found = [one for one in read if one is not None]
        broken = [hash(line) for line, one in zip(lines, read, strict=True) if one is None]
        if broken and not found:
            self._backend.parsed(text)  # says whether it is HTML, or no JSON
            raise ToolFailed(f"{self.name} answered something else than journal entries; check the URL")
        return found, broken, len(text)

    def _line(self, entry: _Entry) -> LogLine:
        message = _text(entry.message)
        # What a service prints has the priority of its stream; the line itself knows better.
        level = text_level(message) or _LEVELS.get(entry.priority, "")
        return LogLine(entry.time, self._service(entry.unit), entry.host, level, message, "", "")

    def _service(self, unit: str | list[str]) -> str:
        name = unit if isinstance(unit, str) else unit[0] if unit else ""
        return self._units.get(name, name.removesuffix(".service"))


def _text(message: str | list[int | str] | None) -> str:
    if message is None:
        return ""
    if isinstance(message, str):
        return cut(message)
    numbers = [one for one in message if isinstance(one, int) and 0 <= one < 256]
    if len(numbers) == len(message):
        return cut(bytes(numbers).decode("utf-8", errors="replace"))
    return cut(" ".join(map(str, message)))
