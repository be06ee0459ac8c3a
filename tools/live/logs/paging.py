"""Reading a window of logs page by page, the newest first, where a backend limits the lines of one answer."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import UTC, datetime, timedelta

from incidents.findings import Window
from tools.gaps import note
from tools.live.logs.lines import MOST_LINES, LogLine

#: Lines of one page; what Loki and Elasticsearch allow unless they are told otherwise.
PAGE = 5_000
Page = Callable[[datetime], Awaitable[Mapping[Hashable, LogLine]]]


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
            note(f"{what}: more than {most:,} lines in the window; {said}")
            break
        following = _floor(oldest, tick) + tick
        if following >= end:
            note(f"{what}: more than {size:,} lines at {oldest:%H:%M:%S.%f} UTC; the rest was left out")
            following = _floor(oldest, tick)
        end = following
    return sorted(found.values(), key=lambda line: line.time)[-most:]


def _floor(moment: datetime, tick: timedelta) -> datetime:
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % tick
