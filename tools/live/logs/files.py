"""Logs in files: objects or text; how its lines are laid out is learnt from each file itself."""

import asyncio
import glob
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.clock import Clock
from tools.live.files import PARSING, last_lines, matching, some_exist, some_lines, window_lines
from tools.live.logs.lines import MOST_LINES, Keys, LogLine
from tools.live.logs.reading import Reader
from tools.live.logs.times import Calendar
from tools.live.partial import enumerated, gather_parts
from tools.live.settings import LogFiles, time_zone
from tools.redaction.redact import redact
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

_SERVICE = "{service}"
_QUOTED = 200
#: Of a file that tells no time, its last lines are taken to have arrived when it was last written to.
_MOST_UNDATED = 200
#: Files that are rotated while they are read are read again, so many times in all.
_ROTATED = 3


#: What zones differ by, at most, and how exactly a line is of the moment at which it was written.
_STEP, _MOST_STEPS, _EXACT = timedelta(minutes=15), 14 * 4, timedelta(seconds=5)
#: A clock is set back by no more.
_CHANGE = timedelta(hours=2)


class _Found(NamedTuple):
    service: str
    inode: int
    size: int


def _rotated(before: Mapping[Path, _Found], after: Mapping[Path, _Found]) -> bool:
    """Whether files were renamed, replaced or emptied meanwhile."""
    if before.keys() != after.keys():
        return True
    return any(one.inode != after[path].inode or one.size > after[path].size for path, one in before.items())


class FileLogs:
    """The files that a pattern matches, rotated ones too.

    Args:
        spec: paths and the keys of JSON lines.
        services: the catalogue's names, which `{service}` in a path stands for.
        clock: no line is of later than its now; tells the year of lines that hold none.
    """

    name = "the log files"

    def __init__(self, spec: LogFiles, services: Sequence[str], clock: Clock) -> None:
        self._patterns = [
            (pattern.replace(_SERVICE, glob.escape(service)), service)
            for pattern in spec.paths
            for service in (services if _SERVICE in pattern else ("",))
        ]
        self._keys = Keys(
            spec.time, spec.service, spec.instance, spec.level, spec.message, spec.trace_id, spec.span_id
        )
        self._zone, self._zone_name, self._clock = time_zone(spec.zone), spec.zone, clock

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window; broken ones are skipped and counted.

        Raises:
            ToolFailed: no file is there, or none can be read.
        """
        found = self._found(window)
        if not found:
            some_exist([pattern for pattern, _ in self._patterns])
        for _ in range(_ROTATED):
            read = {
                str(path): partial(asyncio.to_thread, self._read, path, one.service, window)
                for path, one in found.items()
            }
            parts = await gather_parts(read)
            before, found = found, self._found(window)
            if not _rotated(before, found):
                break
        else:
            note_gap("log files were rotated while they were read: lines may be missing or stand twice")
        return [line for part in parts.values() for line in part]

    def _found(self, window: Window) -> dict[Path, _Found]:
        """The files that may hold lines of a window."""
        found: dict[Path, _Found] = {}
        for pattern, service in self._patterns:
            for path in matching(pattern, window.start):
                with suppress(OSError):
                    told = path.stat()
                    found[path] = _Found(service, told.st_ino, told.st_size)
        return found

    async def check(self) -> str:
        """How many files there are, and when the last of them was written to.

        Raises:
            ToolFailed: there is none, or the newest one cannot be read.
        """
        some_exist([pattern for pattern, _ in self._patterns])
        always = datetime(1971, 1, 1, tzinfo=UTC)
        newest = {
            max(paths, key=lambda path: path.stat().st_mtime): service
            for pattern, service in self._patterns
            if (paths := list(matching(pattern, always)))
        }
        if not newest:
            raise ToolFailed("the paths match no file that can be read as text")
        readers = {path: self._reader(path, service) for path, service in newest.items()}
        for path, reader in readers.items():
            self._must_tell_time(path, reader)
        path = max(newest, key=lambda path: path.stat().st_mtime)
        times = [time for line in last_lines(path) if (time := readers[path].time(line)) is not None]
        last = f"the last line is of {times[-1]:%Y-%m-%d %H:%M:%S} UTC, in {path.name}"
        count = sum(len(list(matching(pattern, always))) for pattern, _ in self._patterns)
        return "; ".join([f"{count} files", last, *self._assumed(readers)])

    def _must_tell_time(self, path: Path, reader: Reader) -> None:
        """Raise `ToolFailed` if no line of a file tells a time, with the first one."""
        lines = [line for line in some_lines(path) if line.strip()]
        if any(reader.time(line) is not None for line in lines[::-1]):
            return
        first = lines[0].decode("utf-8", errors="replace") if lines else ""
        stumbled = f"; the first is: {plain(redact(first), _QUOTED)}" if first else ""
        raise ToolFailed(
            f"{path.name}: no line with a time at its end; JSON lines need the key {self._keys.time!r},"
            f" text lines have to name their time near their beginning{stumbled}"
        )

    def _assumed(self, readers: Mapping[Path, Reader]) -> list[str]:
        """What lines leave out and where it is taken from, in words."""
        undated = [path.name for path, reader in readers.items() if reader.left_out]
        zoneless = [path.name for path, reader in readers.items() if reader.zoneless]
        said = []
        if undated:
            said.append(f"no year in the lines of {enumerated(undated)}: it is that of the file's time")
        if zoneless:
            zone = f"they are read as {self._zone_name} (`zone`)"
            said.append(f"no zone in the times of {enumerated(zoneless)}: {zone}")
        return said

    def _reader(self, path: Path, service: str) -> Reader:
        return Reader(some_lines(path), self._keys, service, Calendar(self._zone, self._arrival(path)))

    def _arrival(self, path: Path) -> datetime:
        """When the last lines of a file arrived: when it was last written to, but not later than now."""
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            raise ToolFailed(f"{path.name} cannot be read: {error.strerror}") from None
        return min(self._clock.now(), written)

    def _arrived(self, path: Path, reader: Reader, window: Window) -> list[LogLine]:
        """The last lines of a file that tells no time."""
        at = self._arrival(path)
        lines = [line for line in last_lines(path) if line.strip()]
        if not lines or not window.start <= at < window.end:
            return []
        last = lines[-_MOST_UNDATED:]
        note_gap(f"no line of {path.name} tells a time: its last {len(last)} lines stand at the file's, "
                 f"{at:%H:%M:%S} UTC")  # fmt: skip
        return reader.without_time(last, at)

    def _note_zone(self, path: Path, reader: Reader) -> None:
        """Say so where the last line of a file is of another hour than its file: it is in another zone."""
        if not reader.zoneless or reader.left_out == "day" or reader.last is None:
            return
        apart = reader.last - self._arrival(path)
        steps = round(apart / _STEP)
        if steps and abs(steps) <= _MOST_STEPS and abs(apart - steps * _STEP) < _EXACT:
            hours, minutes = divmod(abs(steps * _STEP) // timedelta(minutes=1), 60)
            where = "after" if steps > 0 else "before"
            note_gap(
                f"the times of {path.name} name no zone and are read as {self._zone_name}, but the last lies"
                f" {hours} h {minutes:02} min {where} its file's: name their zone (`zone`)"
            )

    def _sought(self, window: Window, reader: Reader) -> Window:
        """Where the lines of a window are looked for: around a clock change their times are not in order."""
        local = [at.astimezone(self._zone) for at in (window.start - _CHANGE, window.end + _CHANGE)]
        if not reader.zoneless or local[0].utcoffset() == local[1].utcoffset():
            return window
        return Window(start=window.start - _CHANGE, end=window.end + _CHANGE)

    def _read(self, path: Path, service: str, window: Window) -> list[LogLine]:
        reader = self._reader(path, service)
        if reader.blind:
            return self._arrived(path, reader, window)
        self._note_zone(path, reader)
        chunk = window_lines(path, self._sought(window, reader), reader.time, MOST_LINES)
        with PARSING:
            found, undated = reader.read(chunk.lines, first=chunk.first)
        inside = [line for line in found if window.start <= line.time < window.end]
        if inside and undated:
            note_gap(f"{undated} lines of {path.name} tell no time and stand at that of the line before")
        if inside and reader.left_out:
            note_gap(f"the lines of {path.name} hold no {reader.left_out}: it is taken from the file's time")
        if chunk.missing and inside:
            note_gap(f"{path.name} is too large for one question: lines before {inside[0].time:%H:%M:%S} UTC "
                 "were left out")  # fmt: skip
        return inside
