"""The lines of a window from large files that grow: found by halving, so that only the window is read."""

import codecs
import glob
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache, wraps
from pathlib import Path
from threading import Lock
from typing import IO, NamedTuple, TypeVar, TypeVarTuple

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.live.partial import enumerated
from tools.live.unpacked import UNREAD, opened
from tools.telemetry.data_gaps import note_gap

#: Lines of several writers may stand a little out of order.
SLACK = timedelta(minutes=1)
#: At most this much of one file is read for one question, in bytes: its newest part.
MOST_BYTES = 64_000_000
#: Halving stops here; reading is then faster than seeking. Also the longest stretch without a time.
_BLOCK = 256_000

#: Of a file's beginning and end, to learn how its lines are laid out.
_HEAD, _TAIL = 32_000, 64_000

#: A number or a day in the name of a rotated file, before its ending.
_NUMBERED = r"(?:\.\d{1,3}|[._-]\d{4}-?\d\d-?\d\d(?:[T._-]?\d{1,6})*)"
#: Files with as many equal bytes at their beginning are copies of one another.
_COPIED = 1_000

#: Held while lines are parsed: threads that parse at the same time are no faster together, and each of them
#: keeps the event loop, which asks the other backends meanwhile, waiting for its turn.
PARSING = Lock()
#: Lines whose parsed form is remembered, of at most so many bytes each: some 50 MB in all.
_REMEMBERED = 50_000
_SHORT = 1_000

A = TypeVarTuple("A")
R = TypeVar("R")
TimeOf = Callable[[bytes], datetime | None]


class Chunk(NamedTuple):
    """Whole lines of one file.

    `missing`: older lines of the window were left out; `first`: they are the file's first lines.
    """

    lines: list[bytes]
    missing: bool
    first: bool = False


def remembered(parsed: Callable[[bytes, *A], R]) -> Callable[[bytes, *A], R]:
    """A pure function of one line that remembers what it answered lately, for all incidents.

    A look reads the window and the quiet time, which share lines in small files, and the next look reads
    most of them again. What is remembered hangs on a line's bytes alone, whatever becomes of its file.
    """
    known = lru_cache(maxsize=_REMEMBERED)(parsed)

    @wraps(parsed)
    def ask(line: bytes, *args: *A) -> R:
        return known(line, *args) if len(line) <= _SHORT else parsed(line, *args)

    return ask


def matching(pattern: str, since: datetime) -> Iterator[Path]:
    """The files of a pattern that were written to since then, with what rotation made of them.

    Rotated files are those whose names go on behind the pattern (`app.log.1`, `app.log-20260312.gz`), or have
    a number or a day before its end (`app.1.log`, `app-2026-03-12.log.gz`). Of a file and its copy, which
    rotation makes before it empties or compresses the file, one is read.
    """
    seen: set[bytes] = set()
    unread: list[str] = []
    for path in sorted(_rotated(pattern)):
        try:
            # A pipe or a device would never end.
            if not path.is_file() or path.stat().st_mtime < since.timestamp():
                continue
            head = _head(path)
        except FileNotFoundError:
            continue  # rotated away in this moment
        except OSError:
            yield path  # reading it says why it cannot be read
            continue
        if head.startswith(UNREAD):
            unread.append(path.name)
        elif len(head) < _COPIED or head not in seen:
            yield path
        seen.add(head)
    if unread:
        note_gap(f"files of this compression are not read: {enumerated(unread)}")


def _rotated(pattern: str) -> set[Path]:
    """The paths of a pattern, and those that rotation may have made of them."""
    whole = Path(pattern)
    forms = [f"{whole.name}{more}" for more in ("", ".*", "-*")]
    found = {
        path
        for path in _glob(pattern.rstrip("*") + "*")
        if any(fnmatchcase(path.name, form) for form in forms)
    }
    if whole.suffix and not any(sign in whole.name for sign in "*?["):
        dated = re.compile(rf"{re.escape(whole.stem)}{_NUMBERED}{re.escape(whole.suffix)}(?:\.\w+)?")
        around = whole.with_name(f"{glob.escape(whole.stem)}[._-]*{glob.escape(whole.suffix)}*")
        found |= {path for path in _glob(str(around)) if dated.fullmatch(path.name)}
    return found


def _head(path: Path) -> bytes:
    with opened(path, _COPIED) as file:
        return file.read(_COPIED)


def some_exist(patterns: Sequence[str]) -> None:
    """Make sure that there is anything to read.

    Raises:
        ToolFailed: no pattern matches a file.
    """
    if not any(True for pattern in patterns for _ in _glob(pattern)):
        tried = enumerated(list(patterns))
        raise ToolFailed(f"no file matches {tried}; check the paths and who may read them")


def _glob(pattern: str) -> Iterator[Path]:
    path = Path(pattern).absolute()
    return Path(path.anchor).glob(str(path.relative_to(path.anchor)))


def window_lines(path: Path, window: Window, time_of: TimeOf, most: int) -> Chunk:
    """The newest lines of a window, and a few around it.

    Args:
        path: a file whose lines are roughly in the order of their times.
        window: what is asked for.
        time_of: the time of a line, or None if it has none.
        most: lines that are returned at most.

    Raises:
        ToolFailed: the file cannot be read.
    """
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            begin = _place(file, size, window.start - SLACK, time_of)
            end = min(size, _place(file, size, window.end + SLACK, time_of) + _BLOCK)
            start = max(begin, end - MOST_BYTES)
            file.seek(start)
            if start > begin:
                file.readline()  # its rest: where reading begins is in the middle of a line
            # Whole to the end of its last line, however long that is.
            text = file.read(max(0, end - file.tell())) + file.readline(MOST_BYTES)
    except OSError as error:
        raise ToolFailed(f"{path.name} cannot be read: {error.strerror}") from None
    if start == 0:
        text = text.removeprefix(codecs.BOM_UTF8)
    *whole, last = text.rsplit(b"\n", most + 1)
    # What stands behind the last line feed may be half of a line, which has no time in most formats.
    if time_of(last) is not None:
        whole.append(last)
    missing = start > begin or len(whole) > most
    return Chunk(whole[-most:], missing, first=start == 0 and not missing)


def some_lines(path: Path) -> list[bytes]:
    """Whole lines from the beginning and from the end of a file, at most 32 kB and 64 kB; a short file's all.

    Raises:
        ToolFailed: it cannot be read.
    """
    try:
        with opened(path, _HEAD + _TAIL) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= _HEAD + _TAIL:
                return file.read().removeprefix(codecs.BOM_UTF8).split(b"\n")
            head = file.read(_HEAD).removeprefix(codecs.BOM_UTF8).split(b"\n")[:-1]
            file.seek(size - _TAIL)
            found = head + file.read().split(b"\n")[1:]
            file.seek(0)
            return found if any(found) else [file.readline(MOST_BYTES).rstrip(b"\n")]
    except OSError as error:
        raise ToolFailed(f"{path.name} cannot be read: {error.strerror}") from None


def last_lines(path: Path) -> list[bytes]:
    """The last few lines of a file.

    Raises:
        ToolFailed: it cannot be read.
    """
    try:
        with opened(path) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _BLOCK))
            return file.read().split(b"\n")
    except OSError as error:
        raise ToolFailed(f"{path.name} cannot be read: {error.strerror}") from None


def _place(file: IO[bytes], size: int, moment: datetime, time_of: TimeOf) -> int:
    """Where a line begins before which, roughly, every line is older than the moment."""
    low, high = 0, size
    while high - low > _BLOCK:
        middle = (low + high) // 2
        at, time = _first_time(file, middle, high, time_of)
        if time is not None and time < moment:
            low = at
        else:
            high = middle
    return low


def _first_time(file: IO[bytes], middle: int, high: int, time_of: TimeOf) -> tuple[int, datetime | None]:
    """The first line behind an offset that has a time, and that time."""
    file.seek(middle)
    file.readline()
    at = file.tell()
    while at < min(high, middle + _BLOCK):
        line = file.readline(_BLOCK)
        time = time_of(line)
        if time is not None:
            return at, time
        at = file.tell()
    return at, None
