"""What the lines of a backend say themselves: their text is laid out as that of a file.

A backend tells when a line arrived and whose it is. The text may tell time and level once more, and a stack
trace that a container printed is as many lines as it has.
"""

import asyncio
import re
from collections.abc import Sequence

from incidents.findings import Window
from tools.live.files import PARSING
from tools.live.logs.lines import Keys, LogLine, Source, without_colours
from tools.live.logs.texts import Entry, Texts, whole_texts
from tools.live.logs.times import Calendar
from tools.live.logs.wrapped import unwrapped

#: Lines of one writer from which their lay-out is learnt.
_SAMPLE, _HALF = 400, 200
#: How a line of Docker's json-file or of the CRI begins.
_MAY_WRAP = re.compile(r"\{\"log\"|\S+T\S+ std(?:out|err) [PF]")


class Told:
    """A log backend whose lines are read as their texts are laid out.

    Args:
        source: the backend.
        own_level: the level that a line says itself is surer than that of the backend.
    """

    def __init__(self, source: Source, *, own_level: bool = False) -> None:
        self._source, self._own_level = source, own_level
        self.name = source.name

    async def aclose(self) -> None:
        """Close the connections."""
        await self._source.aclose()

    async def check(self) -> str:
        """What the backend says when it is asked; raises like `lines`."""
        return await self._source.check()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The events of a window; raises as the backend does."""
        lines = await self._source.lines(window)
        return await asyncio.to_thread(self._told, lines)

    def _told(self, lines: Sequence[LogLine]) -> list[LogLine]:
        writers: dict[tuple[str, str], list[LogLine]] = {}
        for line in lines:
            writers.setdefault((line.service, line.instance), []).append(line)
        with PARSING:
            return [line for written in writers.values() for line in told(written, self._own_level)]


def told(lines: Sequence[LogLine], own_level: bool = False) -> list[LogLine]:
    """The lines of one writer as events: the backend's time stays, its text is without what told its head.

    Args:
        lines: what a backend told.
        own_level: the level that a line says itself is surer than that of the backend.
    """
    ordered = sorted(lines, key=lambda line: line.time)
    places = [place for place, line in enumerate(ordered) if line.message.strip()]
    entries = [_entry(ordered[place]) for place in places]
    sample = whole_texts(entries if len(entries) <= _SAMPLE else [*entries[:_HALF], *entries[-_HALF:]])
    newest = ordered[-1].time if ordered else Calendar().newest
    # A line without a text stays what it is.
    found = {place: line for place, line in enumerate(ordered) if not line.message.strip()}
    for event in Texts(sample, Keys(), "", Calendar(newest=newest)).events(entries):
        place = places[event.entry]
        found[place] = _over(ordered[place], event.line, own_level)
    return [line for _, line in sorted(found.items())]


def _entry(line: LogLine) -> Entry:
    """A line with the backend's time, without what a runtime wrapped around it."""
    inner = unwrapped(line.message.encode()) if _MAY_WRAP.match(line.message) else None
    if inner is not None:
        return inner._replace(time=line.time)
    return Entry(line.time, without_colours(line.message))


def _over(backend: LogLine, said: LogLine, own_level: bool) -> LogLine:
    """What a line says of itself, with what its backend knows of it."""
    first, second = (said, backend) if own_level else (backend, said)
    return backend._replace(
        level=first.level or second.level,
        message=said.message,
        trace_id=backend.trace_id or said.trace_id,
        span_id=backend.span_id or said.span_id,
    )
