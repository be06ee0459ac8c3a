"""Which lines are one event: stack traces, objects that are written over several lines, what stands alone."""

import re
from collections.abc import Iterable, Iterator

from tools.last_words import is_frame
from tools.live.logs.levels import CRASH, text_level
from tools.live.logs.lines import LogLine
from tools.live.telemetry_rows import LONGEST, cut

#: What goes on with the line above it, also where every line has a time of its own.
_GOES_ON = re.compile(
    r"^(?:\s+\S|Caused by: |\.\.\. \d+ more|goroutine \d+ \[|created by |exit status |[)\]}]+[,;]?$)"
)
_TRACE_END = re.compile(
    r"^(?:[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Fault)\b|\w[\w./]*\(.*\)$|main\.)"
)
#: A trace that Python prints alone and loggers print below their line.
_TOLD_BELOW = re.compile(r"Traceback \(most recent call last\)", re.IGNORECASE)
#: What a server answered: nothing goes on below it.
_ANSWERED = re.compile(r"\"[A-Z]{3,8} [^\s\"]+(?: HTTP/[\d.]+)?\" \d{3}\b")
#: java.util.logging tells its level on the second line of an event.
_SECOND = re.compile(r"^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): (?P<text>.*)$", re.DOTALL)
#: An object over several lines: at most so many, and so many bytes.
_OPENS, _MOST_LINES, _MOST_BYTES = re.compile(rb"(\s*)\{\s*$"), 2_000, 256_000


def goes_on(text: str) -> bool:
    """Whether a line is part of the event above it by its shape alone."""
    return _GOES_ON.match(text) is not None


def begins_trace(text: str) -> bool:
    """Whether the lines below this one are likely to be a trace."""
    return CRASH.match(text) is not None


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
    return not goes_on(text) and "\n" not in before.message and _ANSWERED.search(before.message) is not None


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
            if (opening := _OPENS.match(raw)) is None:
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
