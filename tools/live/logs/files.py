"""Logs in files: JSON lines, or text whose lines begin with their time and may go on below."""

import asyncio
import glob
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.live.files import PARSING, Chunk, last_lines, matching, some_exist, window_lines
from tools.live.logs.lines import MOST_LINES, Keys, LogLine, json_line, text_level, text_time
from tools.live.partial import gather_parts
from tools.live.settings import LogFiles
from tools.live.telemetry_rows import cut
from tools.telemetry.data_gaps import note_gap

_SERVICE = "{service}"


class FileLogs:
    """The files that a pattern matches, rotated ones too.

    Args:
        spec: paths and the keys of JSON lines.
        services: the catalogue's names, which `{service}` in a path stands for.
    """

    name = "the log files"

    def __init__(self, spec: LogFiles, services: Sequence[str]) -> None:
        self._patterns = [
            (pattern.replace(_SERVICE, glob.escape(service)), service)
            for pattern in spec.paths
            for service in (services if _SERVICE in pattern else ("",))
        ]
        self._keys = Keys(
            spec.time, spec.service, spec.instance, spec.level, spec.message, spec.trace_id, spec.span_id
        )

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window; broken ones are skipped and counted.

        Raises:
            ToolFailed: no file is there, or none can be read.
        """
        found = {
            str(path): partial(asyncio.to_thread, self._read, path, service, window)
            for pattern, service in self._patterns
            for path in matching(pattern, window.start)
        }
        if not found:
            some_exist([pattern for pattern, _ in self._patterns])
        parts = await gather_parts(found)
        return [line for part in parts.values() for line in part]

    async def check(self) -> str:
        """How many files there are, and when the last of them was written to.

        Raises:
            ToolFailed: there is none, or the newest one cannot be read.
        """
        some_exist([pattern for pattern, _ in self._patterns])
        always = datetime(1971, 1, 1, tzinfo=UTC)
        paths = [path for pattern, _ in self._patterns for path in matching(pattern, always)]
        if not paths:
            raise ToolFailed("the paths match no file that can be read as text")
        newest = max(paths, key=lambda path: path.stat().st_mtime)
        times = [time for line in last_lines(newest) if (time := self._time(line)) is not None]
        if not times:
            raise ToolFailed(
                f"{newest.name}: no line with a time at its end; JSON lines need the key {self._keys.time!r},"
                " text lines have to begin with their time"
            )
        return f"{len(paths)} files; the last line is of {times[-1]:%Y-%m-%d %H:%M:%S} UTC, in {newest.name}"

    def _time(self, line: bytes) -> datetime | None:
        if line.startswith(b"{"):
            found = json_line(line, self._keys)
            return found.time if found is not None else None
        told = text_time(line[:80].decode("utf-8", errors="replace"))
        return told[0] if told is not None else None

    def _read(self, path: Path, service: str, window: Window) -> list[LogLine]:
        chunk = window_lines(path, window, self._time, MOST_LINES)
        with PARSING:
            found, broken = self._parsed(chunk, service)
        inside = [line for line in found if window.start <= line.time < window.end]
        if broken:
            note_gap(f"{broken} lines of {path.name} are broken and were skipped")
        if chunk.missing and inside:
            note_gap(f"{path.name} is too large for one question: lines before {inside[0].time:%H:%M:%S} UTC "
                 "were left out")  # fmt: skip
        return inside

    def _parsed(self, chunk: Chunk, service: str) -> tuple[list[LogLine], int]:
        """The lines, and how many of them are broken; text without a time goes on the line before it."""
        found: list[LogLine] = []
        broken, goes_on = 0, False
        for raw in chunk.lines:
            if raw.startswith(b"{") and (row := json_line(raw, self._keys)) is not None:
                found.append(row if service in ("", row.service) else row._replace(service=service))
                goes_on = False
                continue
            line = raw.decode("utf-8", errors="replace").rstrip("\r")
            if (told := text_time(line)) is not None:
                found.append(LogLine(told[0], service, "", text_level(told[1]), cut(told[1]), "", ""))
                goes_on = True
            elif goes_on and line:
                found[-1] = found[-1]._replace(message=cut(f"{found[-1].message}\n{line}"))
            elif line and (found or line.startswith("{")):
                broken += 1
        return found, broken if found else sum(map(bool, chunk.lines))
