"""The times of exports: whatever form they have, in a zone that is known. Pure."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from incidents.errors import UsageError
from tools.alerts.time_forms import moment, since_epoch
from tools.wording import plain

#: How Jira writes a time in CSV, where nobody has chosen another form.
_JIRA = "%d/%b/%y %I:%M %p"
#: A date whose day and month could be either way round. An alert tells of a moment ago; an export does not.
_EITHER = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d\d)\b")


def time_of(
    found: object, form: str | None, zone: tzinfo | None, until: datetime, where: str
) -> datetime | None:
    """The moment that a field means, in UTC; None where it says nothing.

    Args:
        found: what stands there.
        form: how it is written, as `strptime` has it; None: in one of the usual forms.
        zone: of a time that names none.
        until: the present.
        where: the row and the field, for people.

    Raises:
        UsageError: it is no time, or could be several.
    """
    if found in (None, "", False):
        return None
    said = plain(str(found), 60)
    try:
        at = (
            since_epoch(Decimal(str(found)))
            if _is_count(found) and form is None
            else _written(str(found), form, until)
        )
    except _Ambiguous:
        raise UsageError(
            f"{where}: {said!r} may have its day or its month first; say how in a mapping "
            "(`time: '%d/%m/%Y %H:%M'`)"
        ) from None
    except (ValueError, ArithmeticError):
        so = f" of the form {form!r}" if form is not None else ""
        raise UsageError(f"{where}: {said!r} is no time{so}") from None
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if zone is None:
        raise UsageError(
            f"{where}: {said!r} has no zone, and an hour off is another incident; say which "
            f"with --zone, such as Europe/Berlin or UTC"
        )
    return _local(at, zone, f"{where}: {said!r}")


class _Ambiguous(Exception):
    """A time that could be several."""


def _is_count(found: object) -> bool:
    return not isinstance(found, bool) and str(found).replace(".", "", 1).isdecimal()


def _written(text: str, form: str | None, until: datetime) -> datetime:
    if form is not None:
        return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - its zone is the caller's to say
    try:
        return datetime.strptime(text, _JIRA)  # noqa: DTZ007 - as above
    except ValueError:
        pass
    either = _EITHER.match(text)
    if either is not None and either[1] != either[2] and max(int(either[1]), int(either[2])) <= 12:
        raise _Ambiguous
    return moment(text, until)


def _local(at: datetime, zone: tzinfo, which: str) -> datetime:
    """What a clock showed, which in autumn shows an hour twice and in spring one never."""
    first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if second > first:
        raise UsageError(f"{which} was there twice that night in {zone}; write it with its offset")
    if second < first:
        ahead = first - second
        raise UsageError(
            f"{which} was never there in {zone}: its clock went ahead by {ahead / timedelta(hours=1):g} h"
        )
    return first
