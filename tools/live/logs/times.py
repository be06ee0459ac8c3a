"""Moments as log lines write them: a date, a clock or an epoch number, with or without a year and a zone."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from tools.live.telemetry_rows import moment_of

_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split(), start=1)}
#: Hours east of Greenwich of the abbreviations that mean one zone nearly everywhere.
_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
    "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_SHORT = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTH = rf"(?:(?:{_SHORT})[a-z]{{0,6}}|(?:{_SHORT.upper()}))\.?"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? +)?"
_PART = r"(?:[.,;](?P<part>\d{1,9})|:(?P<thousandths>\d{1,3}))?"
_HALF = r"(?P<half>\s?[AaPp](?:[Mm]\b|\.[Mm]\.))?"
_NAMED_ZONE = "|".join(sorted((name for name in _ZONES if name != "Z"), key=len, reverse=True))
_ZONE = (
    r"(?P<zone>Z\b| ?[+-]\d\d:?\d\d\b(?: UTC\b| GMT\b)?| ?\((?:UTC|GMT)\)|[+-]\d\d\b(?![:.-])"
    rf"| (?:{_NAMED_ZONE})\b)?"
)
_CLOCK = rf"(?P<clock>\d{{1,2}}:\d{{1,2}}:\d{{1,2}}){_PART}{_HALF}{_ZONE}"
_SIX = r"(?P<clock>\d{6})(?:[.,](?P<part>\d{1,9}))?(?P<half>)"
#: A moment begins at the beginning of a word; a number or a name in front of it makes it part of that.
_BEFORE = r"(?:(?<![\w.:/\\-])|(?<=::)|(?<=[A-Za-z=]:))"
#: February 29 may be eight years back.
_YEARS = 8
#: A moment without a year may lie so far ahead: its zone may be another than is assumed. One without a day
#: hardly may.
_AHEAD, _SLACK = timedelta(hours=14), timedelta(hours=1)
#: What log4j and Google call the two numbers of a moment.
_TWO_NUMBERS = (("epochSecond", "seconds"), ("nanoOfSecond", "nanos"))
#: Seconds that are remembered at most, of one lay-out.
_REMEMBERED = 4096

#: What many times leave out: an expression is faster without it.
OPTIONAL = {
    "thousandths": (_PART, r"(?:[.,;](?P<part>\d{1,9}))?(?P<thousandths>)"),
    "half": (_HALF, r"(?P<half>)"),
    "zone": (_ZONE, r"(?P<zone>)"),
}
#: The orders that the numbers of a date such as 03/04/26 can have, by form.
ORDERS = {"numeric": ("mdy", "dmy", "ymd"), "short": ("mdy", "dmy")}


class Form(NamedTuple):
    """One way to write a moment. `dated`: it names a day; `years`: and its year."""

    name: str
    pattern: re.Pattern[str]
    dated: bool = True
    years: bool = True


def _form(name: str, date: str, between: str, clock: str = _CLOCK, *, years: bool = True) -> Form:
    stamp = rf"(?P<stamp>(?P<date>{date}){between}{clock})"
    return Form(name, re.compile(rf"{_BEFORE}{stamp}(?!\d)"), years=years)


#: The more a form says, the earlier it stands.
FORMS = (
    _form(
        "iso",
        r"\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{4}\.\d{1,2}\.\d{1,2}",
        r"(?:[Tt_,:-]| at )?\s*",
    ),
    _form(
        "dots",
        r"\d{4}-\d\d-\d\d|\d{4}\.\d\d\.\d\d",
        r"[-T ]",
        r"(?P<clock>\d\d\.\d\d\.\d\d)[.:](?P<part>\d{1,9})(?P<half>)(?P<zone>)",
    ),
    _form("compact", r"\d{8}", r"[-T _:]+"),
    _form("basic", r"\d{8}", r"T", rf"{_SIX}(?P<zone>Z|[+-]\d\d:?\d\d)?"),
    # Behind the number of a process, as Zabbix writes it.
    Form("colons", re.compile(rf"(?<=\d:)(?P<stamp>(?P<date>\d{{8}}):{_SIX}(?P<zone>))(?!\d)")),
    _form(
        "day month",
        rf"{_DAY}\d{{1,2}}[- /.]{_MONTH}[- /.,]{{1,2}}\d{{2,4}}",
        r"(?:[T:,-]|::| at)?\s*",
    ),
    _form("month day", rf"{_DAY}{_MONTH}[ -]{{1,2}}\d{{1,2}}(?:, ?| )\d{{4}}", r"(?:[T:,-]| at)?\s+"),
    _form(
        "ctime",
        rf"{_DAY}{_MONTH} +\d{{1,2}}",
        r" +",
        rf"(?P<clock>\d{{1,2}}:\d\d:\d\d){_PART}{_HALF}(?: (?P<zone>[A-Z]{{3,4}}|[+-]\d{{4}}))?"
        r" (?P<year>\d{4})\b",
    ),
    _form(
        "numeric",
        r"\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{2,4}|\d{1,2}-\d{1,2}-\d{2,4}",
        r"(?:[T_,:-]| at )?\s*",
    ),
    Form(
        "epoch",
        re.compile(rf"{_BEFORE}(?P<epoch>1\d{{9}}(?:\.\d{{1,9}}|(?:\d{{3}}){{1,3}})?)(?![\w.-])"),
    ),
    _form(
        "six",
        r"\d{6}",
        r" +",
        r"(?P<clock>\d{6}|\d{1,2}:\d\d:\d\d)(?:[.,](?P<part>\d{1,9}))?(?P<half>)(?P<zone>)",
    ),
    _form("month day, no year", rf"{_DAY}{_MONTH}[ -]{{1,2}}\d{{1,2}}", r" +", years=False),
    Form("letter", re.compile(rf"(?<=\b[A-Z])(?P<date>\d{{8}}|\d{{6}}) +{_CLOCK}(?!\d)")),
    Form("letter, no year", re.compile(rf"(?<=\b[A-Z])(?P<date>\d{{4}}) +{_CLOCK}(?!\d)"), years=False),
    _form("short", r"\d\d?-\d\d?|\d\d?/\d\d?|\d\d?\.\d\d?", r"[ T]", years=False),
    Form(
        "minute",
        re.compile(rf"{_BEFORE}(?P<date>)(?P<clock>\d{{1,2}}:\d\d)(?P<half> ?[AP]M\b)(?P<part>)(?P<zone>)"),
        dated=False,
        years=False,
    ),
    Form("clock", re.compile(rf"{_BEFORE}(?P<date>){_CLOCK}(?!\d)"), dated=False, years=False),
)


class Calendar(NamedTuple):
    """What lines do not hold: their zone, when the last of them arrived, the order of a date's numbers."""

    zone: tzinfo = UTC
    newest: datetime = datetime(8000, 1, 1, tzinfo=UTC)
    order: str = "mdy"


class Moments:
    """The moments of one form in one calendar; lines of one second are many.

    Args:
        form: how they are written.
        calendar: what they leave out.
        bare: none of them names its zone.
    """

    def __init__(self, form: Form, calendar: Calendar, *, bare: bool = False) -> None:
        self.form, self.calendar = form, calendar
        names = form.pattern.groupindex
        self._names = tuple(name for name in ("date", "clock", "half", "zone", "year") if name in names)
        self._parts = tuple(name for name in ("part", "thousandths") if name in names)
        self._count = len(self._names)
        # As the standard library reads it, which is fast.
        self._suffix = "Z" if bare and calendar.zone is UTC else ""
        self._iso, self._epoch, self._zone = form.name == "iso", form.name == "epoch", calendar.zone
        self._known: dict[tuple[str | None, ...], datetime | None] = {}

    def of(self, found: re.Match[str]) -> datetime | None:
        """The moment of a match of the form, in UTC; None if there is no such day or hour."""
        if self._iso:
            try:
                at = datetime.fromisoformat(f"{found['stamp']}{self._suffix}")
            except ValueError:
                pass
            else:
                if at.tzinfo is None:
                    at = at.replace(tzinfo=self._zone)
                return at if at.tzinfo is UTC else at.astimezone(UTC)
        elif self._epoch:
            return moment_of(found["epoch"])
        said = found.group(*self._names, *self._parts)
        whole = self._second(said[: self._count])
        if whole is None:
            return None
        if part := said[self._count]:
            return whole.replace(microsecond=int(part[:6].ljust(6, "0")))
        if len(self._parts) > 1 and (part := said[-1]):
            return whole.replace(microsecond=int(part) * 1000)
        return whole

    def _second(self, said: tuple[str | None, ...]) -> datetime | None:
        if said not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[said] = _second(dict(zip(self._names, said, strict=True)), self.calendar)
        return self._known[said]


def stated(said: object, calendar: Calendar) -> datetime | None:
    """The moment that a value states, or None if it states none.

    It is ISO text, an epoch number, an object of its seconds and nanoseconds, or text of another form.
    """
    if not isinstance(said, str) and isinstance(said, Mapping):
        seconds, nanos = (said.get(one, said.get(other)) for one, other in _TWO_NUMBERS)
        at = moment_of(said.get("$date", seconds))
        return at + timedelta(microseconds=nanos // 1000) if at is not None and isinstance(nanos, int) else at
    at = moment_of(said)
    if not isinstance(said, str) or (at is not None and (calendar.zone is UTC or said[-1:] in "Zz")):
        return at
    for form in FORMS:
        if (found := form.pattern.search(said[:60])) is not None:
            return Moments(form, calendar).of(found)
    return at


def _second(said: dict[str, str | None], calendar: Calendar) -> datetime | None:
    date, clock, half = said["date"] or "", said["clock"] or "", said["half"]
    numbers = [clock[:2], clock[2:4], clock[4:]] if clock.isdecimal() else re.findall(r"\d+", clock)
    hour, minute, second = map(int, [*numbers, "0"][:3])
    if half:
        hour = hour % 12 + (12 if half.strip()[0] in "pP" else 0)
    zone = _zone(said["zone"], calendar.zone)
    year, month, day = _ymd(date, calendar.order) if date else (None, 0, 0)
    if last := said.get("year"):
        year = int(last)
    for days in [(year, month, day)] if year is not None else _days(month, day, calendar):
        try:
            at = datetime(*days, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if year is not None or at <= calendar.newest + (_AHEAD if date else _SLACK):
            return at + timedelta(seconds=second == 60)
    return None


def _days(month: int, day: int, calendar: Calendar) -> Iterator[tuple[int, int, int]]:
    """The days that a date without a year, or no date, can mean; the newest first."""
    newest = calendar.newest.astimezone(calendar.zone).date()
    if month:
        yield from ((newest.year + 1 - back, month, day) for back in range(_YEARS + 2))
        return
    for back in range(3):  # tomorrow by the clock of the lines may be today by ours
        near = newest + timedelta(days=1 - back)
        yield near.year, near.month, near.day


def _ymd(date: str, order: str) -> tuple[int | None, int, int]:
    """Year (if it is there), month and day."""
    name = re.search(r"[A-Za-z]{3}(?=[a-z]*\.?[ \-/.]*\d)", date)
    numbers = [int(number) for number in re.findall(r"\d+", date)]
    if name and name[0].lower() in _MONTHS:
        year = _full(numbers[1]) if len(numbers) > 1 else None
        return year, _MONTHS[name[0].lower()], numbers[0]
    if len(numbers) == 1:  # 20261129, 261129, 1129
        year = _full(int(date[:-4])) if len(date) > 4 else None
        return year, int(date[-4:-2]), int(date[-2:])
    if len(numbers) == 2:
        return (None, numbers[1], numbers[0]) if order == "dmy" else (None, numbers[0], numbers[1])
    by = dict(zip("ymd" if numbers[0] > 31 else order, numbers, strict=True))
    return _full(by["y"]), by["m"], by["d"]


def _full(year: int) -> int:
    return year if year > 99 else year + (2000 if year < 70 else 1900)


def _zone(said: str | None, otherwise: tzinfo) -> tzinfo:
    text = (said or "").strip(" ()")
    if text[:1] in ("+", "-"):
        digits = text[1:6].split()[0].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return timezone(offset if text[0] == "+" else -offset) if offset < timedelta(days=1) else otherwise
    return timezone(timedelta(hours=_ZONES[text])) if text in _ZONES else otherwise
