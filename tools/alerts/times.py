"""The times that senders write, in any form, and what counts where they wrote none that can be meant. Pure.

A condition is counted from a time that arithmetic can be done on: what is not set, older than any incident
response looks back, or ahead of the clock here, counts from the receipt, and a remark says so.
"""

import re
import reprlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from incidents.alert import can_be_meant
from incidents.errors import AlertError
from tools.alerts.time_forms import moment, since_epoch

#: What senders write for "not set": Go's zero time in any zone, MySQL's zero date, nothing at all.
_UNSET = re.compile(
    r"(?:null|none|nil|n/a|never|unknown|-|0+(?:\.0+)?|0000-00-00.*|0001-01-0[12].*|0000-12-31.*)?",
    re.IGNORECASE,
)
#: A zone's name in a date that is written in words; most of them mean several zones.
_ZONE = re.compile(r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)? ?(?!AM\b|PM\b)([A-Z]{2,5}|[A-Z])\b")
_ZONES = frozenset({"UT", "UTC", "GMT", "Z"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SentTime(NamedTuple):
    """A time to count from, in UTC; `remark` says where it is not what was sent, `sent` whether it is."""

    at: datetime
    sent: bool
    remark: str | None = None


def read_time(sent: object, received_at: datetime, field: str) -> SentTime:
    """What a sender's time means.

    Args:
        sent: ISO 8601 in any zone, RFC 1123, a date as Go or `date` prints it, or a count since 1970 in
            seconds, milliseconds, microseconds or nanoseconds, as a number or as text.
        received_at: when it arrived, with a zone.
        field: its path in the body, for messages.

    Returns:
        The time as it was sent, to the microsecond; without a zone it is read as UTC and said so. The receipt
        where it is not set, absurd (over a year old, beyond any calendar) or more than a minute ahead: said
        so, unless the body has no such field (None).

    Raises:
        AlertError: it is no time at all; the message names the field.
    """
    if isinstance(sent, bool) or not isinstance(sent, (str, int, float, type(None))):
        raise _unreadable(field, sent)
    if sent is None:
        return SentTime(received_at, False)
    text = sent.strip() if isinstance(sent, str) else ""
    if sent == 0 or (isinstance(sent, str) and _UNSET.fullmatch(text)):
        shown = f" ({text})" if text else ""
        return _received(received_at, f"{field} is not set{shown}")
    what = f"{field}: {_shown(sent)}"
    try:
        at = moment(text, received_at) if isinstance(sent, str) else since_epoch(Decimal(sent))
        if at.tzinfo is not None:
            return _plausible(SentTime(at.astimezone(UTC), True), received_at, what)
    except (OverflowError, InvalidOperation):
        return _received(received_at, f"{what} is in no calendar")
    except ValueError:
        raise _unreadable(field, sent) from None
    zone = _ZONE.search(text)
    if zone is not None and zone[1] not in _ZONES:
        return _received(received_at, f"{what} has a zone that is not known; an offset such as +01:00 is")
    read = SentTime(at.replace(tzinfo=UTC), True, f"{what} has no zone; it is read as UTC")
    return _plausible(read, received_at, what)


def is_time(sent: str) -> bool:
    """Whether a text is a time, or says that none is set."""
    try:
        read_time(sent, _EPOCH, "")
    except AlertError:
        return False
    return True


def long_ago(sent: object, received_at: datetime) -> datetime | None:
    """The moment before the receipt that a time means, however long ago; None if it means none."""
    text = sent.strip() if isinstance(sent, str) else ""
    if not isinstance(sent, (str, int, float)) or not sent or _UNSET.fullmatch(text or "x"):
        return None
    try:
        at = moment(text, received_at) if isinstance(sent, str) else since_epoch(Decimal(sent))
        at = at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (OverflowError, InvalidOperation, ValueError):
        return None
    return at if at < received_at else None


def _plausible(read: SentTime, received_at: datetime, what: str) -> SentTime:
    if can_be_meant(read.at, received_at):
        return read
    if read.at < received_at:
        return _received(received_at, f"{what} is over a year before its receipt")
    ahead = _length(read.at - received_at)
    return _received(received_at, f"{what} is {ahead} ahead: the sender's clock runs ahead")


def _received(at: datetime, why: str) -> SentTime:
    return SentTime(at, False, f"{why}; it counts from its receipt")


def _length(time: timedelta) -> str:
    minutes = time // timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 60 * 48 else f"{minutes // 60 // 24} days"


def _shown(sent: object) -> str:
    """What was sent, short; a number of thousands of digits is cut before it is written out."""
    text = sent.strip() if isinstance(sent, str) else reprlib.repr(sent)
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _unreadable(field: str, sent: object) -> AlertError:
    return AlertError(
        f"{field}: {_shown(sent)} is no time; write it as 2026-11-29T03:30:00Z, or as seconds since 1970"
    )
