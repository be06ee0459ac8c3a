"""One log line, however it was written: a JSON object, or text that begins with its time."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pydantic_core import from_json

from incidents.findings import Window
from tools.live.files import remembered
from tools.live.telemetry_rows import cut, level_of, moment_of

#: Lines of one question; the newest are kept.
MOST_LINES = 50_000
#: An id that is longer is none.
_ID = 64

_TIME = re.compile(
    r"^[\[(]?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d+)?) ?(Z|[+-]\d\d:?\d\d)?[\])]?[\s:|-]*"
)
#: A level stands near the beginning, before what the line says.
_LEVEL = re.compile(
    r"^.{0,60}?\b(trace|debug|info|notice|warn(?:ing)?|err(?:or)?|severe|crit(?:ical)?|fatal|alert|emerg|panic)\b",
    re.IGNORECASE,
)


class LogLine(NamedTuple):
    """A row of the logs frame, as its source tells it: the service is not yet the catalogue's."""

    time: datetime
    service: str
    instance: str
    level: str
    message: str
    trace_id: str
    span_id: str


class Source(Protocol):
    """One log backend."""

    name: str

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window, at most `MOST_LINES`, the newest; what is left out is noted.

        Raises:
            ToolFailed: it does not answer.
        """
        ...

    async def check(self) -> str:
        """A real, small question, and what came of it in words; raises like `lines`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Keys(NamedTuple):
    """Where a JSON object has what; a dot goes into an object, or is part of the key."""

    time: str = "time"
    service: str = "service"
    instance: str = "instance"
    level: str = "level"
    message: str = "message"
    trace_id: str = "trace_id"
    span_id: str = "span_id"


@remembered
def json_line(text: bytes, keys: Keys) -> LogLine | None:
    """A JSON object as a line, or None if it is none, or has no time or no message."""
    try:
        found = from_json(text.decode("utf-8", errors="replace"))
    except ValueError:
        return None
    return object_line(found, keys) if isinstance(found, dict) else None


def object_line(found: dict[str, Any], keys: Keys) -> LogLine | None:
    """An object as a line, or None if it has no time or no message."""
    time, message = moment_of(dig(found, keys.time)), dig(found, keys.message)
    if time is None or message is None:
        return None
    return LogLine(
        time=time,
        service=_text(dig(found, keys.service)),
        instance=_text(dig(found, keys.instance)),
        level=level_of(dig(found, keys.level)),
        message=cut(message if isinstance(message, str) else json.dumps(message)),
        trace_id=_id(dig(found, keys.trace_id)),
        span_id=_id(dig(found, keys.span_id)),
    )


def dig(found: Any, key: str) -> Any:
    """The value of a key such as `log.level`: a key of that name, or of the object that its parts lead to."""
    if not isinstance(found, dict):
        return None
    if key in found:
        return found[key]
    if "." not in key:
        return None
    outer, _, inner = key.partition(".")
    return dig(found.get(outer), inner)


def text_time(line: str) -> tuple[datetime, str] | None:
    """The time that a text line begins with and what follows it; without a zone it counts as UTC."""
    match = _TIME.match(line)
    if match is None:
        return None
    year, month, day, clock, zone = match.groups()
    time = moment_of(f"{year}-{month}-{day}T{clock}{zone or ''}")
    return (time, line[match.end() :]) if time is not None else None


def text_level(line: str) -> str:
    """The level that a text line names near its beginning, or nothing."""
    match = _LEVEL.match(line)
    return level_of(match[1]) if match else ""


def _text(value: Any) -> str:
    return cut(value, 200) if isinstance(value, str) else "" if value is None else cut(str(value), 200)


def _id(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _ID else ""
