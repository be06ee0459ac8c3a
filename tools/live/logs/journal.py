"""Logs from systemd's journal, through systemd-journal-gatewayd.

A gateway seeks by entry, not by time (before systemd 254): the newest entries of the services' units are
read, then those before them, until one is older than the window.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field, ValidationError

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.live.http import Backend, Reply
from tools.live.logs.levels import text_level
from tools.live.logs.lines import MOST_LINES, LogLine
from tools.live.settings import Journal
from tools.live.telemetry_rows import Microseconds, at_microseconds, cut
from tools.telemetry.data_gaps import note_gap

#: Entries of one page; an entry is about a kilobyte.
PAGE = 5_000
_JSON = "application/json"
#: syslog's priorities, 0 (emergency) to 7 (debug).
_LEVELS = dict(enumerate(("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")))


class _Entry(Reply):
    cursor: str = Field(alias="__CURSOR")
    received: Microseconds = Field(alias="__REALTIME_TIMESTAMP")
    sent: Microseconds | None = Field(alias="_SOURCE_REALTIME_TIMESTAMP", default=None)
    # Bytes that are no UTF-8 come as numbers, a text that is too long as null, a repeated field as a list.
    message: str | list[int | str] | None = Field(alias="MESSAGE", default=None)
    unit: str | list[str] = Field(alias="_SYSTEMD_UNIT", default="")
    host: str = Field(alias="_HOSTNAME", default="")
    priority: int = Field(alias="PRIORITY", default=-1)

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
        self.name = f"{backend.name} at {backend.where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window; entries that cannot be read are skipped and counted.

        Raises:
            ToolFailed: it does not answer.
        """
        found: dict[str, _Entry] = {}
        cursor, broken = "", 0
        while True:
            page, bad = await self._page(cursor)
            broken += bad
            new = [entry for entry in page if entry.cursor not in found]
            found.update({entry.cursor: entry for entry in new})
            if len(page) + bad < PAGE or not new:
                break
            cursor, oldest = new[0].cursor, at_microseconds(new[0].received)
            if oldest < window.start:
                break
            if len(found) >= MOST_LINES:
                note_gap(f"{self.name}: more than {MOST_LINES:,} entries since the window began; those "
                     f"before {oldest:%H:%M:%S} UTC were left out")  # fmt: skip
                break
        if broken:
            note_gap(f"{self.name}: {broken} entries could not be read and were skipped")
        return [self._line(one) for one in found.values() if window.start <= one.time < window.end]

    async def check(self) -> str:
        """The newest entry of the services' units; raises like `lines`."""
        page, _ = await self._page("", size=10)
        if not page:
            units = ", ".join(list(self._units)[:5])
            return f"it answers, and has no entry of the units {units}"
        return f"the newest entry is of {page[-1].time:%Y-%m-%d %H:%M:%S} UTC, from {page[-1].unit}"

    async def _page(self, cursor: str, size: int = PAGE) -> tuple[list[_Entry], int]:
        """The entries up to a cursor, or the last ones, oldest first; and how many cannot be read."""
        headers = {"Accept": _JSON, "Range": f"entries={cursor}:{1 - size}:{size}"}
        text = await self._backend.ask(
            "GET", "/entries", query={"_SYSTEMD_UNIT": list(self._units)}, headers=headers
        )
        lines = text.split("\n")
        found, broken = [], 0
        for line in filter(None, lines):
            try:
                found.append(_Entry.model_validate_json(line))
            except ValidationError:
                broken += 1
        if broken and not found:
            self._backend.parsed(text)  # says whether it is HTML, or no JSON
            raise ToolFailed(f"{self.name} answered something else than journal entries; check the URL")
        return found, broken

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
