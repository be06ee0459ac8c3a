"""The forms in which a moment is written: ISO 8601 and what else senders print. Pure.

What has only one meaning is read. Of a date whose day and month may be either way round the one counts that
is the nearest to its receipt: an alert tells of a moment ago.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?(?:[eE]\+?\d{1,2})?")
#: A count in another dress: `/Date(1795923000000)/` of .NET, `@1795923000` of a shell, `1795923000s`.
_DRESSED = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/|@(\d{9,19}(?:\.\d+)?)|(\d{9,10})s")
#: Go's `time.Time.String()`, with the reading of its monotonic clock.
_GO = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4}) [A-Z+-][A-Z0-9+-]*(?: m=[+-][\d.]+)?"
)
#: ISO 8601 with the name of a zone behind it.
_NAMED_UTC = re.compile(r"(\d{4}-\d\d-\d\d[T ][\d:.,]+)Z? ?(?:UTC|GMT)", re.IGNORECASE)
_NAMED_ZONE = re.compile(r"(\d{4}-\d\d-\d\d[T ][\d:.,]+) ?([A-Z]{2,5})")
#: Behind an offset the name of a place (RFC 9557), or that of a zone, as JavaScript prints it.
_BESIDE_OFFSET = re.compile(r"(?<=[Z\d])(?:\[[\w/+-]+\]| \([^()]*\))$")
#: `GMT+0100`, `UTC+1`.
_FROM_UTC = re.compile(r" ?\b(?:GMT|UTC)([+-])(\d{1,2}):?(\d\d)?$", re.IGNORECASE)
#: A clock of twelve hours.
_HALF_DAY = re.compile(r"\b(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)? ?([AP])\.?M\b\.?", re.IGNORECASE)
#: Figures alone: 2026 11 29 03 30 00, and thousandths.
_COMPACT = re.compile(r"(20\d\d)(0[1-9]|1[0-2])([0-3]\d)([01]\d|2[0-3])([0-5]\d)([0-5]\d)(\d{3})?")
#: A date as Zabbix and others write it, and as logs of web servers do.
_DOTTED = re.compile(r"(\d{4})[./](\d\d)[./](\d\d)(?!\d)")
_OF_SERVERS = re.compile(r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(?=\d\d:)")
#: Day and month either way round; with dots the day is always first.
_EITHER = re.compile(r"(\d{1,2})([/.])(\d{1,2})\2(\d{4}),?[ T](?=\d)")
#: Zones that RFC 2822 gives one meaning.
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
#: Units of a count since 1970, per second: the first that puts it before the year 5138.
_UNITS = (1, 10**3, 10**6, 10**9)
_LAST_SECOND = 10**11
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str, received_at: datetime) -> datetime:
    """The moment that a text means; naive where it names no zone that is known.

    Raises:
        ValueError: it means none. OverflowError, decimal.InvalidOperation: one in no calendar.
    """
    if (dressed := _DRESSED.fullmatch(text)) is not None:
        text = next(part for part in dressed.groups() if part)
    if (compact := _COMPACT.fullmatch(text)) is not None:
        year, month, day, hour, minute, second, fraction = compact.groups("000")
        return datetime.fromisoformat(f"{year}-{month}-{day} {hour}:{minute}:{second}.{fraction}")
    if _NUMBER.fullmatch(text):
        return since_epoch(Decimal(text))
    if (go := _GO.fullmatch(text)) is not None:
        return datetime.fromisoformat(f"{go[1]}{go[2]}")
    text = _with_offset(_BESIDE_OFFSET.sub("", text))
    text = _HALF_DAY.sub(_of_day, text)
    if (named := _NAMED_UTC.fullmatch(text)) is not None:
        return datetime.fromisoformat(f"{named[1]}+00:00")
    if (zoned := _NAMED_ZONE.fullmatch(text)) is not None:
        return _zoned(datetime.fromisoformat(zoned[1]), zoned[2])
    if (either := _EITHER.match(text)) is not None:
        return _nearest(either, text[either.end() :], received_at)
    return _parsed(text)


def since_epoch(count: Decimal) -> datetime:
    """The moment that lies so many seconds, or thousandths and so on of one, after 1970."""
    if not count.is_finite():
        raise ValueError
    per_second = next((unit for unit in _UNITS if abs(count) < _LAST_SECOND * unit), None)
    if per_second is None:
        raise OverflowError
    return _EPOCH + timedelta(microseconds=round(count * 10**6 / per_second))


def _parsed(text: str) -> datetime:
    if (dotted := _DOTTED.match(text)) is not None:
        text = f"{dotted[1]}-{dotted[2]}-{dotted[3]}{text[dotted.end() :]}"
    if text[:4].isdecimal():  # no year of ISO 8601 has fewer digits
        return datetime.fromisoformat(text)
    return parsedate_to_datetime(_OF_SERVERS.sub(r"\1 \2 \3 ", text))


def _with_offset(text: str) -> str:
    """An offset that stands behind the name of the zone from which it counts, alone."""
    found = _FROM_UTC.search(text)
    if found is None:
        return text
    space = "" if text[:4].isdecimal() else " "
    return f"{text[: found.start()]}{space}{found[1]}{int(found[2]):02}{found[3] or '00'}"


def _of_day(found: re.Match[str]) -> str:
    """A clock of twelve hours as one of 24."""
    hour = int(found[1]) % 12 + (12 if found[4] in "pP" else 0)
    return f"{hour:02}:{found[2]}:{found[3] or '00'}"


def _zoned(at: datetime, zone: str) -> datetime:
    hours = _ZONES.get(zone)
    return at if hours is None else (at - timedelta(hours=hours)).replace(tzinfo=UTC)


def _nearest(either: re.Match[str], clock: str, received_at: datetime) -> datetime:
    """The reading of a date that is the nearest to the receipt."""
    first, sign, second, year = either.groups()
    dates = [(first, second)] if sign == "." else [(second, first), (first, second)]
    read = []
    for day, month in dates:
        try:
            read.append(moment(f"{year}-{int(month):02}-{int(day):02} {clock.strip()}", received_at))
        except ValueError:
            continue
    if not read:
        raise ValueError
    return min(read, key=lambda at: abs((at if at.tzinfo else at.replace(tzinfo=UTC)) - received_at))
