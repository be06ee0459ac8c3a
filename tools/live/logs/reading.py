"""Lines of one log file as events: objects, logfmt, text of any lay-out, and what runtimes wrap around them.

How a file is written is learnt from some of its own lines. What goes on over several lines, such as a stack
trace, is one event. A line without a time of its own is evidence all the same.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from tools.live.logs.continuing import (
    add,
    append,
    begins_trace,
    ends_trace,
    goes_on,
    stands_alone,
    told_below,
    whole_objects,
)
from tools.live.logs.learning import learnt
from tools.live.logs.lines import Keys, LogLine
from tools.live.logs.objects import json_lines
from tools.live.logs.texts import Entry, Texts, whole_texts
from tools.live.logs.times import Calendar
from tools.live.logs.told import told
from tools.live.logs.wrapped import text_of, unwrapped

_ELSEWHERE = timezone(timedelta(hours=1))
#: What stands between the objects of a list that is written over many lines.
_LIST = ("[", "]", ",")
#: Comments of W3C's and Zeek's files say which columns there are.
_COMMENT = re.compile(
    r"^#(?:Software|Version|Date|Fields|Remark|Start-Date|separator|set_separator|empty_field|unset_field|path"
    r"|open|close|fields|types)\b"
)


#: Lines of several writers are no further out of order.
_SET_BACK = timedelta(minutes=20)


#: Objects that are looked at for a head within their messages, and how many of them need one.
_INSIDE, _HALF = 40, 0.5


class Read(NamedTuple):
    """Events in the order of their lines, and how many of them took the time of the line before."""

    lines: list[LogLine]
    undated: int


class Reader:
    """Reads the lines of one file.

    Args:
        raws: some of its lines, from its beginning and its end.
        keys: what JSON objects and logfmt call their parts.
        service: whose lines they are, if the path tells.
        calendar: what the lines may leave out.
    """

    def __init__(self, raws: Sequence[bytes], keys: Keys, service: str, calendar: Calendar) -> None:
        self._keys, self._service, self._calendar = keys, service, calendar
        raws = list(whole_objects(raws))
        entries = [one for raw in raws if (one := unwrapped(raw)) is not None]
        self._wrapped = len(entries) > len(raws) // 2
        texts = whole_texts(entries) if self._wrapped else [text_of(raw) for raw in raws]
        self._texts = Texts([text for text in texts if not _COMMENT.match(text)], keys, service, calendar)
        self.layouts = self._texts.layouts
        self._inside = not self._wrapped and self._told_inside(raws)

        timed = next(([raw] for raw in raws if raw.strip() and self.time(raw) is not None), [])
        self.blind = not timed
        #: The time of the last line that has one.
        self.last = next((at for raw in reversed(raws) if raw.strip() and (at := self.time(raw))), None)
        self.left_out = self._left_out()
        self.zoneless = any(not layout.zoned for layout in self.layouts) or self._moves(timed)

    def _told_inside(self, raws: Sequence[bytes]) -> bool:
        """Whether the messages of objects are lines with a head of their own, as agents write them."""
        objects = [raw for raw in raws if raw[:1] == b"{"]
        rows = [row for raw in objects[:: len(objects) // _INSIDE + 1] for row in self._objects(raw)]
        inner = learnt([row.message for row in rows if not row.level], self._calendar)
        timed = sum(any(one.time(row.message) is not None for one in inner) for row in rows)
        return bool(rows) and timed >= _HALF * len(rows)

    def _left_out(self) -> str:
        """What the times of the lines do not name: day or year."""
        if self._wrapped or all(layout.form.years for layout in self.layouts):
            return ""
        return "year" if all(layout.form.dated for layout in self.layouts) else "day"

    def _moves(self, timed: Sequence[bytes]) -> bool:
        """Whether the time of an object depends on the zone that is assumed."""
        here, there = (
            [row.time for raw in timed for row in json_lines(raw, self._keys, self._service, zone)]
            for zone in (UTC, _ELSEWHERE)
        )
        return here != there

    def time(self, raw: bytes) -> datetime | None:
        """The time of a line that begins an event, else None."""
        if self._wrapped:
            return found.time if (found := unwrapped(raw)) is not None else None
        line = self._event(raw)
        return line.time if line is not None else None

    def read(self, raws: Iterable[bytes], *, first: bool = False) -> Read:
        """The events of some lines.

        Args:
            raws: lines of the file, in its order.
            first: whether they are its first. If not, what stands before the first time is the rest of an
                event before them, and is left out.
        """
        return self._unwrap(raws) if self._wrapped else self._read(whole_objects(raws), first)

    def _unwrap(self, raws: Iterable[bytes]) -> Read:
        """Events of wrapped lines; one that the wrapper did not write is of the time of the line before."""
        entries: list[Entry] = []
        undated = 0
        for raw in raws:
            one = unwrapped(raw)
            if one is not None:
                entries.append(one)
            elif entries and raw.strip():
                entries.append(Entry(entries[-1].time, text_of(raw), foreign=True))
                undated += 1
        return Read([event.line for event in self._texts.events(entries)], undated)

    def without_time(self, raws: Iterable[bytes], at: datetime) -> list[LogLine]:
        """Lines of a file that tells no time, as events of the moment at which they arrived."""
        found: list[LogLine] = []
        trace = crashed = False
        for text in filter(str.strip, map(text_of, raws)):
            crash = begins_trace(text)
            # What stands below the first line of a trace may be any text: what a thread of Rust died of.
            below = not crash and (crashed or (trace and ends_trace(text)))
            if found and (goes_on(text) or below or told_below(text, found[-1])):
                append(found, text)
                trace = trace or crash
            else:
                found.append(self._texts.raw(at, text))
                trace = crash
            crashed = crash
        return found

    def _read(self, raws: Iterable[bytes], first: bool) -> Read:
        found: list[LogLine] = []
        leading: list[bytes] = []
        undated, open_ended, trace = 0, False, False
        for raw in raws:
            begin = raw[:1]
            if begin == b"{" or (begin == b"[" and raw[1:2] == b"{"):
                if rows := self._objects(raw):
                    found += rows
                    open_ended = False
                    continue
                text = text_of(raw)
                line = None
            else:
                text = text_of(raw)
                line = self._texts.parsed(text)
            if line is not None:
                trace = add(found, line, trace)
                open_ended = True
            elif not text.strip() or _COMMENT.match(text) or text.strip() in _LIST:
                continue
            elif not found:
                leading.append(raw)
            elif open_ended and not stands_alone(text, found[-1]):
                append(found, text)
            else:
                found.append(self._texts.raw(found[-1].time, text))
                undated, open_ended = undated + 1, begin != b"{"
        if any(not one.form.dated for one in self.layouts):
            found = _in_order(found)
        if self.zoneless and self._calendar.zone is not UTC:
            found = _unfolded(found, self._calendar.zone)
        before = self.without_time(leading, found[0].time) if first and found else []
        found = [*before, *found]
        return Read(told(found) if self._inside else found, undated + len(before))

    def _event(self, raw: bytes) -> LogLine | None:
        if raw[:1] == b"{" or raw[:2] == b"[{":
            return rows[0] if (rows := self._objects(raw)) else None
        return self._texts.parsed(text_of(raw))

    def _objects(self, raw: bytes) -> Sequence[LogLine]:
        return json_lines(raw, self._keys, self._service, self._calendar.zone)


def _in_order(lines: list[LogLine]) -> list[LogLine]:
    """Lines without a day: from the last one upwards, a clock that goes on has passed midnight."""
    if not lines:
        return lines
    found: list[LogLine] = []
    following = lines[-1].time
    for line in reversed(lines):
        ahead = line.time - following - timedelta(hours=1)
        following = line.time - timedelta(days=max(0, ahead // timedelta(days=1) + 1))
        found.append(line._replace(time=following))
    return found[::-1]


def _unfolded(lines: list[LogLine], zone: tzinfo) -> list[LogLine]:
    """Lines in their order; of the hour that a clock shows twice, those that go back are of the second."""
    found: list[LogLine] = []
    for line in lines:
        if found and found[-1].time - line.time > _SET_BACK:
            local = line.time.astimezone(zone)
            again = (local.replace(fold=0).utcoffset() or timedelta()) - (
                local.replace(fold=1).utcoffset() or timedelta()
            )
            if again > timedelta():
                line = line._replace(time=line.time + again)
        found.append(line)
    return found
