"""Spans of time as people write them in a file: `15m`, `2h`, `1h 30m`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_DURATION = re.compile(r"(\d{1,9})\s*(s|m|h|d)(?![a-z0-9])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=365)


def parse_duration(text: Any) -> Any:
    """`15m`, `2h`, `48h`, `1h 30m` as a timedelta; a timedelta stays what it is.

    Raises:
        ValueError: it is no duration (a bare number has no unit), or longer than a year.
    """
    if isinstance(text, timedelta):
        return text
    parts = _DURATION.findall(text) if isinstance(text, str) else []
    if not parts or _DURATION.sub("", text).strip():
        raise ValueError(f"{text!r} is no duration; write it as 15m, 2h or 48h")
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"{text!r} is longer than a year")
    return timedelta(seconds=seconds)


def format_duration(span: timedelta) -> str:
    """A timedelta as people write it: `15m`, `2h`, `1h 30m`."""
    seconds = int(span.total_seconds())
    parts = [(seconds // 3600, "h"), (seconds % 3600 // 60, "m"), (seconds % 60, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0m"


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta():
        raise ValueError("must be longer than zero")
    return span


#: A span of time, written as `15m`; `0m` is none.
DurationOrNone = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
]
#: The same above zero.
Duration = Annotated[DurationOrNone, AfterValidator(_positive)]
