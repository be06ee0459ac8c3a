"""Lines of one log file as events: objects, logfmt, text of any lay-out, and what runtimes wrap around them.

How a file is written is learnt from some of its own lines. What goes on over several lines, such as a stack
trace, is one event. A line without a time of its own is evidence all the same.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from tools.last_words import is_frame
from tools.live.logs.learning import learnt, learnt_within
from tools.live.logs.levels import CRASH, text_level
from tools.live.logs.lines import Keys, LogLine, without_colours
from tools.live.logs.objects import event_line, json_lines, parsed_object
from tools.live.logs.times import Calendar
from tools.live.telemetry_rows import LONGEST, cut, moment_of

#: Lines of a wrapper that are no further apart than this may be one event.
_TOGETHER = timedelta(seconds=1)
#: Lines that are looked at for a time within their text.
_WITHIN = 40
_ELSEWHERE = timezone(timedelta(hours=1))
_CRI = re.compile(r"(\S+) (?:stdout|stderr) ([PF])(?::\S*)? (.*)", re.DOTALL)
_DOCKER = re.compile(rb'\{"log":.*"stream":"|\{"log": .*"stream": "')
#: Pairs are what a text says, and no part of a sentence, if one of them is its message or its level.
_SAYING = frozenset({"msg", "message", "level", "lvl", "severity"})
_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
#: What goes on with the line above it, also where every line has a time of its own.
_GOES_ON = re.compile(
    r"^(?:\s+\S|Caused by: |\.\.\. \d+ more|goroutine \d+ \[|created by |exit status |[)\]}]+[,;]?$)"
)
_TRACE_END = re.compile(
    r"^(?:[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Fault)\b|\w[\w./]*\(.*\)$|main\.)"
)
#: java.util.logging tells its level on the second line of an event.
_SECOND = re.compile(r"^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): (?P<text>.*)$", re.DOTALL)
#: Comments of W3C's and Zeek's files say which columns there are.
_COMMENT = re.compile(
    r"^#(?:Software|Version|Date|Fields|Remark|Start-Date|separator|set_separator|empty_field|unset_field|path"
    r"|open|close|fields|types)\b"
)


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
        unwrapped = [one for raw in raws if (one := _unwrapped(raw)) is not None]
        self._wrapped = len(unwrapped) > len(raws) // 2
        texts = [one.text for one in unwrapped] if self._wrapped else [_text(raw) for raw in raws]
        plain = (text for text in texts if text.strip() and text[0] != "{" and self._pairs(text) is None)
        plain_lines = [text for text in plain if not _COMMENT.match(text)]
        self.layouts = learnt(plain_lines, calendar)
        sample = plain_lines[:: max(1, len(plain_lines) // _WITHIN)]
        self._within = learnt_within(self.layouts[0], sample, calendar) if self.layouts else None

        timed = next(([raw] for raw in raws if raw.strip() and self.time(raw) is not None), [])
        self.blind = not timed
        self.left_out = self._left_out()
        self.zoneless = any(not layout.zoned for layout in self.layouts) or self._moves(timed)

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
            return found.time if (found := _unwrapped(raw)) is not None else None
        line = self._event(raw)
        return line.time if line is not None else None

    def read(self, raws: Iterable[bytes]) -> Read:
        """The events of some lines; what stands before the first time belongs to an event before them."""
        return self._unwrap(raws) if self._wrapped else self._read(raws)

    def without_time(self, raws: Iterable[bytes], at: datetime) -> list[LogLine]:
        """Lines of a file that tells no time, as events of the moment at which they arrived."""
        found: list[LogLine] = []
        for text in filter(str.strip, map(_text, raws)):
            if found and _GOES_ON.match(text):
                _append(found, text)
            else:
                found.append(self._raw(at, text))
        return found

    def _read(self, raws: Iterable[bytes]) -> Read:
        found: list[LogLine] = []
        undated, goes_on = 0, False
        for raw in raws:
            if raw[:1] == b"{":
                if rows := self._objects(raw):
                    found += rows
                    goes_on = False
                    continue
                text = _text(raw)
                line = None
            else:
                text = _text(raw)
                line = self._parsed(text)
            if line is not None:
                found.append(line)
                goes_on = True
            elif not found or not text.strip() or _COMMENT.match(text):
                continue
            elif goes_on and not _starts_anew(text, found[-1]):
                _append(found, text)
            else:
                found.append(self._raw(found[-1].time, text))
                undated, goes_on = undated + 1, raw[:1] != b"{"
        return Read(_in_order(found) if any(not one.form.dated for one in self.layouts) else found, undated)

    def _unwrap(self, raws: Iterable[bytes]) -> Read:
        found: list[LogLine] = []
        undated, held, trace = 0, "", False
        for raw in raws:
            one = _unwrapped(raw)
            if one is None:
                if found and raw.strip():
                    found.append(self._raw(found[-1].time, _text(raw)))
                    undated += 1
                continue
            held += one.text
            if one.partial:
                continue
            text, held = held, ""
            line = self._object(text, one.time) if text[:1] == "{" else self._parsed(text, one.time)
            if line is not None:
                found.append(line)
                trace = False
            elif self._goes_on(text, one.time, found, trace):
                trace = trace or bool(CRASH.match(text) or _GOES_ON.match(text))
                _append(found, text)
            elif text.strip():
                trace = bool(CRASH.match(text))
                found.append(self._raw(one.time, text))
        return Read(found, undated)

    def _goes_on(self, text: str, at: datetime, found: Sequence[LogLine], trace: bool) -> bool:
        """Whether a line with a time of its wrapper alone belongs to the event above it."""
        if not found or at - found[-1].time > _TOGETHER or _starts_anew(text, found[-1]):
            return False
        shaped = _GOES_ON.match(text) or (trace and _TRACE_END.match(text))
        return bool(self.layouts or shaped)

    def _event(self, raw: bytes) -> LogLine | None:
        if raw[:1] == b"{":
            return rows[0] if (rows := self._objects(raw)) else None
        return self._parsed(_text(raw))

    def _objects(self, raw: bytes) -> Sequence[LogLine]:
        return json_lines(raw, self._keys, self._service, self._calendar.zone)

    def _object(self, text: str, at: datetime) -> LogLine | None:
        found = parsed_object(text)
        return event_line(found, self._keys, self._service, at=at) if found is not None else None

    def _parsed(self, text: str, at: datetime | None = None) -> LogLine | None:
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
        return event_line(pairs, self._keys, self._service, self._calendar, at)

    def _raw(self, at: datetime, text: str) -> LogLine:
        return LogLine(at, self._service, "", text_level(text), cut(text), "", "")


class _Unwrapped(NamedTuple):
    time: datetime
    text: str
    partial: bool


def _unwrapped(raw: bytes) -> _Unwrapped | None:
    """What stands in a line of Docker's json-file or of the CRI format."""
    if raw[:6] == b'{"log"':
        found = parsed_object(raw.decode("utf-8", errors="replace")) if _DOCKER.match(raw) else None
        time = moment_of(found.get("time")) if found is not None else None
        text = found.get("log") if found is not None else None
        if time is None or not isinstance(text, str):
            return None
        return _Unwrapped(time, without_colours(text.rstrip("\r\n")), not text.endswith("\n"))
    if raw[10:11] != b"T" or (match := _CRI.match(_text(raw))) is None:
        return None
    time = moment_of(match[1])
    return _Unwrapped(time, match[3], match[2] == "P") if time is not None else None


def _starts_anew(text: str, before: LogLine) -> bool:
    """Whether a runtime's last words follow a line that tells of nothing bad."""
    return before.level in ("info", "debug") and bool(CRASH.match(text))


def _append(found: list[LogLine], text: str) -> None:
    last = found[-1]
    if not last.level and "\n" not in last.message and (second := _SECOND.match(text)) is not None:
        found[-1] = last._replace(level=text_level(text), message=cut(second["text"]))
        return
    # Of what is longer the frames are left out: the error that is named last is not.
    if len(last.message) < LONGEST or not is_frame(text):
        level = last.level or ("error" if CRASH.match(text) else "")
        found[-1] = last._replace(level=level, message=cut(f"{last.message}\n{text}"))


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


def _unquoted(value: str) -> str:
    if value[:1] != '"':
        return value
    return re.sub(r"\\(.)", lambda one: {"n": "\n", "t": "\t", "r": "\r"}.get(one[1], one[1]), value[1:-1])


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8", errors="replace")
    if text[-1:] == "\r":
        text = text.rstrip("\r")
    return without_colours(text) if "\x1b" in text or "#033[" in text else text
