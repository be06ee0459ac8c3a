"""How long an event of a calendar lasts that says it by a duration (RFC 5545, 3.3.6). Pure.

Its weeks and days are of the calendar and its hours are exact: `P1D` from 22:00 ends at 22:00 also in the
night in which summer time ends, and `PT8H` lasts eight hours in it. recurring-ical-events 3.8.2 adds both to
the clock on the wall, and icalendar 7.3.2 reads `PT24H` as `P1D`; so what is written is kept beside it.
"""

import re
from datetime import UTC, datetime, timedelta

#: The name of what is kept: a property of the event, so that each of its occurrences has it too.
KEPT = "X-NEXUS-DURATION"
_FOLD = re.compile(rb"\r?\n[ \t]")
_FOREIGN = re.compile(rb"^" + KEPT.encode() + rb"[;:].*\n?", re.MULTILINE | re.IGNORECASE)
_LINE = re.compile(rb"^DURATION(?:;[^:\r\n]*)?:([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_VALUE = re.compile(
    r"\+?P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)


def with_durations_kept(body: bytes) -> bytes:
    """A calendar in which each duration also stands as it was written, its folded lines made whole."""
    whole = _FOREIGN.sub(b"", _FOLD.sub(b"", body))
    return _LINE.sub(rb"\g<0>\r\n" + KEPT.encode() + rb":\1", whole)


def exact_end(kept: str, start: datetime, end: datetime) -> datetime:
    """When an occurrence ends, of which a library says when it would by the clock on the wall.

    Args:
        kept: the duration of its event as it was written; empty: it has none.
        start: of the occurrence, in its zone.
        end: as the library has it; another length than the event's own is that of this occurrence alone.
    """
    parts = _VALUE.fullmatch(kept.strip())
    if parts is None:
        return end
    told = {name: int(number or 0) for name, number in parts.groupdict().items()}
    days = timedelta(weeks=told["weeks"], days=told["days"])
    rest = timedelta(hours=told["hours"], minutes=told["minutes"], seconds=told["seconds"])
    if end.replace(tzinfo=None) - start.replace(tzinfo=None) != days + rest:
        return end
    return (start + days).astimezone(UTC) + rest
