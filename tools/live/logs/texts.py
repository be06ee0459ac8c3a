"""Texts as events: what a line says, in whatever lay-out, where something around it may tell its time.

How the lines are laid out is learnt from some of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.live.logs.continuing import (
    add,
    append,
    begins_trace,
    ends_trace,
    goes_on,
    may_go_on,
    stands_alone,
    told_below,
)
from tools.live.logs.learning import learnt, learnt_within
from tools.live.logs.levels import SYSLOG, text_level
from tools.live.logs.lines import Keys, LogLine
from tools.live.logs.objects import event_line, parsed_object
from tools.live.logs.times import Calendar
from tools.live.telemetry_rows import cut

#: Lines of a wrapper that are no further apart than this may be one event.
_TOGETHER = timedelta(seconds=1)
#: Lines that are looked at for a time within their text.
_WITHIN = 40
_HALF = 0.5
#: Characters of an object that is written over several lines, at most.
_MOST_HELD = 256_000
_OPENS = re.compile(r"(\s*)\{\s*$")
#: Pairs are what a text says, and no part of a sentence, if one of them is its message or its level.
_SAYING = frozenset({"msg", "message", "level", "lvl", "severity"})
_PAIR = re.compile(r"""([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"]*)(?=\s|$)""")
#: Pairs that are no part of what a text says otherwise.
_BESIDE = frozenset({"time", "ts", "t", "timestamp", "date", "level", "lvl", "severity"})
#: The priority that a service writes in front of its lines for systemd or for a socket of syslog.
_PRIORITY = re.compile(r"<(1?\d?\d)>(?=\S)")


class Entry(NamedTuple):
    """A line with the time that a runtime or a backend wrote beside it.

    `partial`: its rest is in the next one. `foreign`: it was not written by that runtime.
    """

    time: datetime
    text: str
    partial: bool = False
    foreign: bool = False


class Event(NamedTuple):
    """An event, and the number of the entry in which it began."""

    line: LogLine
    entry: int


class Texts:
    """Reads lines that are laid out as some of them.

    Args:
        texts: some of the lines.
        keys: what JSON objects and logfmt call their parts.
        service: whose lines they are, if that is known.
        calendar: what the lines may leave out.
    """

    def __init__(self, texts: Sequence[str], keys: Keys, service: str, calendar: Calendar) -> None:
        self._keys, self._service, self._calendar = keys, service, calendar
        plain = [text for text in texts if text.strip() and text[0] != "{" and self._pairs(text) is None]
        self.layouts = learnt(plain, calendar)
        sample = plain[:: max(1, len(plain) // _WITHIN)]
        self._within = learnt_within(self.layouts[0], sample, calendar) if self.layouts else None
        begin = [text for text in plain if not goes_on(text)]
        timed = sum(any(layout.time(text) is not None for layout in self.layouts) for text in begin)
        #: A line without a time goes on with the one above it, if nearly half of them have one.
        records = any(layout.records for layout in self.layouts)
        self._joined = records or (bool(begin) and timed >= _HALF * len(begin))

    def events(self, entries: Iterable[Entry]) -> list[Event]:
        """The events of entries of one writer, in the order in which they were written."""
        found: list[LogLine] = []
        begins: list[int] = []
        trace = headed = False
        for number, one in _whole(entries):
            text = one.text
            line = None
            if not one.foreign:
                line = self._object(text, one.time) if text[:1] == "{" else self.parsed(text, one.time)
                if line is None and self._goes_on(one, found, trace):
                    trace = trace or begins_trace(text) or goes_on(text)
                    append(found, text)
                    continue
            if line is not None:
                headed, trace = add(found, line, headed), False
            elif text.strip():
                trace = begins_trace(text)
                found.append(self.raw(one.time, text))
            del begins[len(found) :]
            if len(begins) < len(found):
                begins.append(number)
        return [Event(line, begin) for line, begin in zip(found, begins, strict=True)]

    def _goes_on(self, one: Entry, found: Sequence[LogLine], trace: bool) -> bool:
        """Whether a line with a time of its wrapper alone belongs to the event above it."""
        if not (self._joined or trace or may_go_on(one.text)):
            return False
        if not found or one.time - found[-1].time > _TOGETHER or stands_alone(one.text, found[-1]):
            return False
        if self._joined or goes_on(one.text) or told_below(one.text, found[-1]):
            return True
        return trace and ends_trace(one.text)

    def _object(self, text: str, at: datetime) -> LogLine | None:
        found = parsed_object(text)
        return event_line(found, self._keys, self._service, at=at) if found is not None else None

    def parsed(self, text: str, at: datetime | None = None) -> LogLine | None:
        """A line of a learnt lay-out or of logfmt, or None; `at` is its time, if another tells it."""
        for layout in self.layouts:
            line = layout.read(text, self._service)
            if line is None:
                continue
            if at is not None:
                line = line._replace(time=at)
            if self._within or line.message[:1] == "{" or "msg=" in line.message:
                return self._inner(line)
            return line
        if "=" in text and (pairs := self._pairs(text, at)) is not None:
            return pairs
        return None

    def _inner(self, line: LogLine) -> LogLine:
        """A line whose text is itself an object, logfmt or a line of its own says more with it."""
        text = line.message
        if text[:1] == "{" and text[-1:] == "}":
            inner = self._object(text, line.time)
        elif any(sign in text for sign in ('msg="', "level=", "lvl=")):
            inner = self._pairs(text, line.time)
        else:
            inner = self._again(line)
        if inner is None:
            return line
        return inner._replace(
            service=line.service or inner.service,
            instance=inner.instance or line.instance,
            level=inner.level or line.level,
        )

    def _again(self, line: LogLine) -> LogLine | None:
        """What a line says of itself once more; its own time is told with its year or more finely."""
        inner = self._within.read(line.message, "") if self._within is not None else None
        if inner is None or self._within is None:
            return None
        finer = inner.time.microsecond and self._within.form.years >= self.layouts[0].form.years
        return inner if finer else inner._replace(time=line.time)

    def _pairs(self, text: str, at: datetime | None = None) -> LogLine | None:
        """A line of logfmt, or None if it is none or has no time and none is given."""
        if not _PAIR.match(text):
            return None
        pairs = {name: _unquoted(value) for name, value in _PAIR.findall(text)}
        if len(pairs) < 2 or (at is not None and pairs.keys().isdisjoint(_SAYING)):
            return None
        line = event_line(pairs, self._keys, self._service, self._calendar, at)
        if line is not None and pairs.keys().isdisjoint(_SAYING - _BESIDE) and _PAIR.sub("", text).strip():
            # What stands between the pairs is said as well.
            said = _PAIR.sub(lambda pair: "" if pair[1].lower() in _BESIDE else pair[0], text)
            return line._replace(message=cut(said.strip()))
        return line

    def raw(self, at: datetime, text: str) -> LogLine:
        """A line of which nothing but its time of arrival is known, and the level that it says itself."""
        level = text_level(text)
        if text[:1] == "<" and (priority := _PRIORITY.match(text)) is not None:
            level, text = level or SYSLOG[int(priority[1]) % 8], text[priority.end() :]
        return LogLine(at, self._service, "", level, cut(text), "", "")


def whole_texts(entries: Iterable[Entry]) -> list[str]:
    """The texts of entries, each whole."""
    return [one.text for _, one in _whole(entries)]


def _whole(entries: Iterable[Entry]) -> Iterator[tuple[int, Entry]]:
    """Entries with their numbers; what one line or one object is in several of them is put together."""
    held: list[str] = []
    begin, first, closing, size = 0, None, "", 0
    for number, one in enumerate(entries):
        if first is None:
            opening = _OPENS.match(one.text)
            if opening is None and not one.partial:
                yield number, one
                continue
            begin, first, size = number, one._replace(partial=False), 0
            closing = f"{opening[1]}}}" if opening is not None else ""
        held.append(one.text)
        size += len(one.text)
        done = one.text.rstrip().rstrip(",") == closing if closing else not one.partial
        if done or size > _MOST_HELD:
            text = "\n".join(held).strip().rstrip(",") if closing else "".join(held)
            yield begin, first._replace(text=text)
            held, first = [], None
    if first is not None:
        yield begin, first._replace(text=("\n" if closing else "").join(held))


def _unquoted(value: str) -> str:
    if value[:1] == "'" == value[-1:] and len(value) > 1:
        return value[1:-1]
    if value[:1] != '"':
        return value
    return re.sub(r"\\(.)", lambda one: {"n": "\n", "t": "\t", "r": "\r"}.get(one[1], one[1]), value[1:-1])
