"""What the lines of a backend say themselves: their text is laid out as that of a file.

A backend tells when a line arrived and whose it is. The text may tell time and level once more, and a stack
trace that a container printed is as many lines as it has.
"""

import asyncio
import re
from collections.abc import Sequence

from incidents.findings import Window
from tools.live.files import PARSING
from tools.live.logs.continuing import begins_trace, may_go_on
from tools.live.logs.levels import text_level
from tools.live.logs.lines import Keys, LogLine, Source, without_colours
from tools.live.logs.texts import Entry, Texts, whole_texts
from tools.live.logs.times import Calendar
from tools.live.logs.wrapped import unwrapped
from tools.live.values import uncollected

#: Lines of one service from which their lay-out is learnt.
_SAMPLE, _HALF = 120, 60
#: How a line of Docker's json-file or of the CRI begins.
_MAY_WRAP = re.compile(r"\{\"log\"|\d\S+T\S+ std(?:out|err) [PF]")


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
        services: dict[str, list[LogLine]] = {}
        for line in lines:
            services.setdefault(line.service, []).append(line)
        with PARSING, uncollected():
            return [line for written in services.values() for line in told(written, self._own_level)]


def told(lines: Sequence[LogLine], own_level: bool = False) -> list[LogLine]:
    """The lines of one service as events: the backend's time stays, its text is without what told its head.

    Args:
        lines: what a backend told; those of one instance may be one event.
        own_level: the level that a line says itself is surer than that of the backend.
    """
    ordered = sorted(lines, key=lambda line: line.time)
    writers: dict[str, list[int]] = {}
    found: dict[int, LogLine] = {}
    for place, line in enumerate(ordered):
        if line.message.strip():
            writers.setdefault(line.instance, []).append(place)
        else:
            found[place] = line  # without a text it stays what it is
    texts: Texts | None = None
    for places in sorted(writers.values(), key=len, reverse=True):
        entries = [_entry(ordered[place]) for place in places]
        if texts is None:
            few = entries if len(entries) <= _SAMPLE else [*entries[:_HALF], *entries[-_HALF:]]
            texts = Texts(whole_texts(few), Keys(), "", Calendar(newest=ordered[-1].time))
        plain = all(one.text is ordered[place].message for one, place in zip(entries, places, strict=True))
        if plain and not texts.layouts and not any(map(_says_more, entries)):
            found |= {place: _leveled(ordered[place]) for place in places}
            continue
        for event in texts.events(entries):
            place = places[event.entry]
            found[place] = _over(ordered[place], event.line, own_level)
    return [found[place] for place in sorted(found)]


def _says_more(entry: Entry) -> bool:
    """Whether a line may be an object, pairs, or one of a trace."""
    return may_go_on(entry.text) or begins_trace(entry.text) or entry.text[0] in "{<" or "=" in entry.text


def _leveled(line: LogLine) -> LogLine:
    return line if line.level or not (level := text_level(line.message)) else line._replace(level=level)


def _entry(line: LogLine) -> Entry:
    """A line with the backend's time, without what a runtime wrapped around it."""
    inner = unwrapped(line.message.encode()) if _MAY_WRAP.match(line.message) else None
    if inner is not None:
        return inner._replace(time=line.time)
    return Entry(line.time, without_colours(line.message))


def _over(backend: LogLine, said: LogLine, own_level: bool) -> LogLine:
    """What a line says of itself, with what its backend knows of it."""
    first, second = (said, backend) if own_level else (backend, said)
    return LogLine(
        backend.time,
        backend.service,
        backend.instance,
        first.level or second.level,
        said.message,
        backend.trace_id or said.trace_id,
        backend.span_id or said.span_id,
    )
