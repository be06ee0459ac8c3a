"""Which lines are one event: stack traces, objects that are written over several lines, what stands alone."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from tools.last_words import is_frame
from tools.live.logs.levels import CRASH, begins_crash, text_level
from tools.live.logs.lines import LogLine
from tools.live.telemetry_rows import LONGEST, cut

#: What goes on with the line above it, also where every line has a time of its own.
_GOES_ON = re.compile(
    r"^(?:\s+\S|Caused by: |\.\.\. \d+ more|goroutine \d+ \[|created by |exit status |[)\]}]+[,;]?$"
    r"|Emitted '|Node\.js v\d|During handling of |The above exception )"
)
_TRACE_END = re.compile(
    r"^(?:[A-Za-z_]?[\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Fault)\b|\w[\w./]*\(.*\)$|main\.)"
)
#: A line of a trace, also where a logger or syslog writes a head in front of each.
_PART = re.compile(
    r"\s*(?:at [\w$.<>/]+[(:]|\.{3} \d+ (?:more|common)|Caused by: |File \"[^\"]+\", line \d"
    r"|#\d+ (?:\S+\(\d+\)|\{main\}))"
)
#: The line that names the error, before its frames or, in Python, behind them.
_ERROR = re.compile(
    r"[A-Za-z_$][\w$]*(?:[.:]+[A-Za-z_$][\w$]*)*(?:Error|Exception|Exit|Interrupt|Fault)(?:: |$)"
)
_BAD = ("warn", "error", "fatal")
#: Lines of one trace that have heads are no further apart.
_TOGETHER = timedelta(seconds=1)
#: A trace that Python prints alone and loggers print below their line.
_TOLD_BELOW = re.compile(r"Traceback \(most recent call last\)", re.IGNORECASE)
#: What a server answered: nothing goes on below it.
_ANSWERED = re.compile(r"\"[A-Z]{3,8} [^\s\"]+(?: HTTP/[\d.]+)?\" \d{3}\b")
_LOOKED_AT = 400
#: java.util.logging tells its level on the second line of an event.
_SECOND = re.compile(r"^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): (?P<text>.*)$", re.DOTALL)
#: An object over several lines: at most so many, and so many bytes.
_OPENS, _MOST_LINES, _MOST_BYTES = re.compile(rb"(\s*)\{\s*$"), 2_000, 256_000


#: What a line of a trace begins with.
_SHAPED = frozenset(" \t)]}.CENDTtgce")
#: What a line ends with that opens an object.
_OPEN_ENDS = frozenset((b"{", b" ", b"\r", b"\t"))


def goes_on(text: str) -> bool:
    """Whether a line is part of the event above it by its shape alone."""
    return _GOES_ON.match(text) is not None


def may_go_on(text: str) -> bool:
    """Whether a line begins as those of a trace may."""
    return text[:1] in _SHAPED


def begins_trace(text: str) -> bool:
    """Whether the lines below this one are likely to be a trace."""
    return begins_crash(text)


def ends_trace(text: str) -> bool:
    """Whether a line in a trace is the one that names the error, or a frame that is not set in."""
    return _TRACE_END.match(text) is not None


def stands_alone(text: str, before: LogLine) -> bool:
    """Whether a line without a time is an event of its own, and no part of the one above it.

    A runtime's last words are, unless a logger may have printed them below its line; so is what follows
    the line of an access log.
    """
    if CRASH.match(text):
        return not _TOLD_BELOW.match(text) or before.level in ("info", "debug")
    if text.startswith("Error: ") and before.level in ("info", "debug"):
        return True
    return (
        not goes_on(text)
        and "\n" not in before.message
        and _ANSWERED.search(before.message[:_LOOKED_AT]) is not None
    )


def told_below(text: str, before: LogLine) -> bool:
    """Whether a logger wrote the trace that a line begins below the line of its error."""
    return before.level in _BAD and _TOLD_BELOW.match(text) is not None


def is_part(text: str) -> bool:
    """Whether a line is one of a trace, whatever stands in front of it."""
    return _PART.match(text) is not None or goes_on(text) or _ERROR.match(text) is not None


#: What a line of a trace may begin with.
_TRACE_BEGINS = frozenset("\t aC.F#Tt")


def add(found: list[LogLine], line: LogLine, trace: bool) -> bool:
    """Add a line that has a head to some events: to the last of them, if it is a line of its trace.

    Args:
        found: the events.
        line: the line.
        trace: what was answered for the line before.

    Returns:
        whether lines of a trace of Python may follow.
    """
    text = line.message
    if not trace and text[:1] not in _TRACE_BEGINS:
        found.append(line)
        return False
    below = _TOLD_BELOW.match(text) is not None
    if not (trace or below or _PART.match(text)) or not found or not _near(found[-1], line):
        found.append(line)
        return below
    if below and found[-1].level not in _BAD:
        found.append(line)
        return True
    if not (trace or below) and len(found) > 1 and _ERROR.match(found[-1].message):
        named, logged = found[-1], found[-2]
        if logged.level in _BAD and "\n" not in named.message and _near(logged, named):
            found.pop()
            append(found, named.message)
    append(found, text)
    return below or (trace and not _ERROR.match(text))


def _near(before: LogLine, line: LogLine) -> bool:
    """Whether two lines may be of one trace."""
    apart = line.time - before.time
    levels = {before.level, line.level} - {""}
    return -_TOGETHER <= apart <= _TOGETHER and len(levels) < 2 and before.instance == line.instance


def append(found: list[LogLine], text: str) -> None:
    """Add a line to the last of some events."""
    last = found[-1]
    if not last.level and "\n" not in last.message and (second := _SECOND.match(text)) is not None:
        found[-1] = last._replace(level=text_level(text), message=cut(second["text"]))
        return
    # Of what is longer the frames are left out: the error that is named last is not.
    if len(last.message) < LONGEST or not is_frame(text):
        level = last.level or ("error" if CRASH.match(text) else "")
        message = f"{last.message}\n{text}" if last.message else text
        found[-1] = last._replace(level=level, message=cut(message))


def whole_objects(raws: Iterable[bytes]) -> Iterator[bytes]:
    """Lines, of which those of an object that is written over several of them are one."""
    held: list[bytes] = []
    closing, size = b"", 0
    for raw in raws:
        if not held:
            if raw[-1:] not in _OPEN_ENDS or (opening := _OPENS.match(raw)) is None:
                yield raw
                continue
            held, closing, size = [raw], opening[1] + b"}", 0
            continue
        held.append(raw)
        size += len(raw)
        if raw.rstrip().rstrip(b",]") == closing:
            yield b"\n".join([*held[:-1], closing]).lstrip()
            held = []
        elif len(held) > _MOST_LINES or size > _MOST_BYTES:
            yield from held
            held = []
    yield from held
