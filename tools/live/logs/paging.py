"""Reading a window of logs page by page, the newest first, where a backend limits the lines of one answer."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from incidents.findings import Window
from tools.clock import Clock
from tools.live.http import Backend
from tools.live.logs.lines import MOST_LINES, LogLine
from tools.telemetry.data_gaps import note_gap

#: Lines of one page; what Loki and Elasticsearch allow unless they are told otherwise.
PAGE = 5_000
Page = Callable[[datetime], Awaitable[Mapping[Hashable, LogLine]]]


class PagedLogs(ABC):
    """Logs of a backend that answers the newest lines before a moment, a page at a time.

    Args:
        backend: where to ask.
        clock: what `check` calls now.
        tick: the finest step of time that the backend tells apart.
    """

    def __init__(self, backend: Backend, clock: Clock, tick: timedelta) -> None:
        self._backend = backend
        self._clock = clock
        self._tick = tick
        self.name = f"{backend.name} at {backend.where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window, page by page.

        Raises:
            ToolFailed: it does not answer.
        """

        async def page(end: datetime) -> Mapping[Hashable, LogLine]:
            return await self._page(window.start, end, PAGE)

        return await newest_first(page, window, self.name, self._tick)

    async def _last_hour(self) -> Sequence[LogLine]:
        """The newest lines of the last hour; raises like `lines`."""
        now = self._clock.now()
        return tuple((await self._page(now - timedelta(hours=1), now, 100)).values())

    @abstractmethod
    async def _page(self, start: datetime, end: datetime, size: int) -> Mapping[Hashable, LogLine]:
        """The newest lines from a moment to another, at most `size`, by a key that tells lines apart."""


async def newest_first(
    ask: Page, window: Window, what: str, tick: timedelta, size: int = PAGE, most: int = MOST_LINES
) -> list[LogLine]:
    """All lines of a window, or the newest of them.

    The next page ends with the tick in which the last one began: a line that comes twice is known by its key.
    So no page depends on an order among lines of one moment, which backends do not promise.

    Args:
        ask: the newest lines before a moment (a whole tick), at most `size`, by a key that tells lines apart.
        window: what is asked for.
        what: how a sentence calls the lines.
        tick: the finest step of time that the backend tells apart.
        size: a page with fewer lines is the last one.
        most: when as many were read, the rest is left out and noted.
    """
    found: dict[Hashable, LogLine] = {}
    end = _floor(window.end, tick) + tick
    while end > window.start:
        page = await ask(end)
        found.update(page)
        if len(page) < size:
            break
        oldest = min(line.time for line in page.values())
        if len(found) >= most:
            first = sorted(line.time for line in found.values())[-most]
            said = f"those before {first:%H:%M:%S} UTC were left out"
            note_gap(f"{what}: more than {most:,} lines in the window; {said}")
            break
        following = _floor(oldest, tick) + tick
        if following >= end:
            note_gap(f"{what}: more than {size:,} lines at {oldest:%H:%M:%S.%f} UTC; the rest was left out")
            following = _floor(oldest, tick)
        end = following
    return sorted(found.values(), key=lambda line: line.time)[-most:]


def _floor(moment: datetime, tick: timedelta) -> datetime:
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % tick
