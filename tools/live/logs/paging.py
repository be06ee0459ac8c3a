"""Reading a window of logs page by page, the newest first, where a backend limits the lines of one answer.

A page is as large as what its lines weigh lets it be: servers drop an answer that is too large, some without
a word (Loki's parts send each other 4 MiB at most, and a page beyond that ends in silence).
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

from incidents.errors import ToolFailed
from tools.live.http import TimedOut
from tools.live.limits import TooLarge
from tools.live.logs.lines import MOST_LINES, LogLine
from tools.telemetry.data_gaps import note_gap

#: Lines of one page at most; what Loki and Elasticsearch allow unless they are told otherwise.
PAGE = 5_000
#: Lines of the first page, of which nobody knows yet how long they are: 8 kB each fit into 4 MiB.
FIRST = 500
#: A page that stays out is asked for with a tenth of its lines.
_SILENT = 10
#: The next page may be so many times the last one: lines differ.
_GROWTH = 4
#: What a server says of its limit is kept to with something to spare.
_SPARE = 1.25

C = TypeVar("C", bound=Hashable)


class Page(NamedTuple, Generic[C]):
    """One answer.

    Attributes:
        entries: by a key that tells them apart; None is one that cannot be read as a line.
        weight: bytes of the answer.
        following: where the next page begins, None: nowhere; it may read this one's last moment again.
        beyond: the same without that moment, where it holds more entries than a page.
    """

    entries: Mapping[Hashable, LogLine | None]
    weight: int
    following: C | None
    beyond: C | None


class Read(NamedTuple):
    """The lines by their times, and how many entries were none."""

    lines: list[LogLine]
    skipped: int


class PageSize:
    """How many lines the next page is asked for.

    Args:
        room: bytes that an answer may have.
        most: lines that it may have.
        drops: whether the server leaves a question for too much without an answer, as Loki does.
    """

    def __init__(self, room: int, most: int = PAGE, *, drops: bool = False) -> None:
        self._room = room
        self._most = most
        self.drops = drops
        self.lines = min(FIRST, most)

    def limited(self, most: int) -> None:
        """The server takes no larger ones."""
        self._most = max(1, most)
        self.lines = min(self.lines, self._most)

    def shrunk(self, asked: int, times: float) -> None:
        """A page of so many lines was so many times too large."""
        self.lines = max(1, min(asked - 1, int(asked / (times * _SPARE))))

    def doubled(self, asked: int) -> None:
        """A page of so many lines ended in the moment in which it began."""
        self.lines = min(self._most, 2 * asked)

    def learnt(self, lines: int, weight: int) -> None:
        """So many lines weighed so much."""
        fitting = self._room * lines // max(weight, 1)
        self.lines = max(1, min(self._most, fitting, _GROWTH * lines))


async def newest_first(
    ask: Callable[[C, int], Awaitable[Page[C]]], begin: C, what: str, sizes: PageSize, most: int = MOST_LINES
) -> Read:
    """All lines of a window, or the newest of them; what is left out is noted.

    A page that is too large to come is asked for with fewer lines. One that fails later on ends the reading:
    what was read until then counts.

    Args:
        ask: a page from a place on, of so many lines at most.
        begin: the first place.
        what: how a sentence calls the lines.
        sizes: how large pages may be; they learn from each.
        most: when as many were read, the rest is left out and noted.

    Raises:
        ToolFailed: the first page does not come.
    """
    found: dict[Hashable, LogLine | None] = {}
    place, too_large, silent = begin, PAGE + 1, 0
    while True:
        size = sizes.lines
        try:
            page = await ask(place, size)
        except (TooLarge, TimedOut) as error:
            silent += isinstance(error, TimedOut)
            # One that has not shown yet that it answers at all is asked once more.
            if size == 1 or silent > (sizes.drops and (2 if found else 1)):
                _stopped(found, what, error)
                break
            too_large = size
            sizes.shrunk(size, error.times if isinstance(error, TooLarge) else _SILENT / _SPARE)
            continue
        except ToolFailed as error:
            _stopped(found, what, error)
            break
        found.update(page.entries)
        following = page.following
        if following is None:
            break
        if len(found) >= most:
            first = sorted(line.time for line in found.values() if line is not None)[-most:][:1]
            since = f"; those before {first[0]:%H:%M:%S} UTC were left out" if first else ""
            note_gap(f"{what}: more than {most:,} lines in the window{since}")
            break
        if following == place:
            sizes.doubled(size)
            if size < sizes.lines < too_large:
                continue
            note_gap(f"{what}: more than {size:,} lines at {_oldest(found)} UTC; the rest was left out")
            following = page.beyond
            if following is None:
                break
        sizes.learnt(max(1, len(page.entries)), page.weight)
        place, too_large, silent = following, PAGE + 1, 0
    lines = sorted((line for line in found.values() if line is not None), key=lambda line: line.time)
    return Read(lines[-most:], len(found) - len(lines))


def _stopped(found: Mapping[Hashable, LogLine | None], what: str, error: ToolFailed) -> None:
    """Note what a page that fails leaves out; the first one fails the question."""
    if not found:
        raise error
    note_gap(f"{what}: the lines before {_oldest(found)} UTC are missing: {error}")


def _oldest(found: Mapping[Hashable, LogLine | None]) -> str:
    times = [line.time for line in found.values() if line is not None]
    return f"{min(times):%H:%M:%S.%f}" if times else "those that were read"
