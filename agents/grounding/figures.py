"""Figures, versions and times as sentences quote them, read with their units and the precision they claim."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from math import isfinite


class Dimension(StrEnum):
    """What a figure measures; figures of different dimensions are never the same."""

    BARE = "bare"
    SHARE = "share"
    SECONDS = "seconds"
    TIMES = "times"
    BYTES = "bytes"
    RATE = "per second"


@dataclass(frozen=True)
class Figure:
    """One number. `number` is as written, `base` in the dimension's base unit, `scale` between the two.

    `half` is half a step of the last digit that is claimed, in the unit as written: 45 is 44.5 to 45.5.
    """

    text: str
    number: float
    scale: float = 1.0
    dimension: Dimension = Dimension.BARE
    half: float = 0.0

    @property
    def base(self) -> float:
        """The value in the base unit: a ratio, seconds, bytes, a number per second."""
        return self.number * self.scale


@dataclass(frozen=True)
class Clock:
    """A time of day in UTC, with its date where one is written; `second` is None if only minutes are.

    `spoken` leaves open which half of the day is meant.
    """

    text: str
    date: str | None
    minutes: int
    second: int | None
    spoken: bool = False

    @property
    def seconds(self) -> int:
        """Since midnight."""
        return self.minutes * 60 + (self.second or 0)


@dataclass(frozen=True)
class Quotes:
    """Everything checkable that a text quotes."""

    figures: tuple[Figure, ...]
    clocks: tuple[Clock, ...]
    dates: tuple[str, ...]
    versions: tuple[str, ...]

    def between(self, low: float, high: float) -> Iterator[Figure]:
        """The figures of which the number as written or the one in the base unit lies between the two."""
        first, end = bisect_left(self._sizes, low), bisect_right(self._sizes, high)
        return (figure for _, figure in self._sized[first:end])

    @cached_property
    def _sized(self) -> list[tuple[float, Figure]]:
        sizes = ((size, figure) for figure in self.figures for size in {figure.number, figure.base})
        return sorted((one for one in sizes if isfinite(one[0])), key=lambda one: one[0])

    @cached_property
    def _sizes(self) -> list[float]:
        return [size for size, _ in self._sized]


#: The ways to write each unit, its dimension, and how much of the base unit it is.
_SPELLINGS: tuple[tuple[str, Dimension, float], ...] = (
    ("%, percent, per cent", Dimension.SHARE, 0.01),
    ("us, µs, microseconds", Dimension.SECONDS, 1e-6),
    ("ms, millisecond, milliseconds", Dimension.SECONDS, 1e-3),
    ("s, sec, secs, second, seconds", Dimension.SECONDS, 1.0),
    ("m, min, mins, minute, minutes", Dimension.SECONDS, 60.0),
    ("h, hr, hrs, hour, hours", Dimension.SECONDS, 3600.0),
    ("d, day, days", Dimension.SECONDS, 86400.0),
    ("x, \u00d7, times, fold", Dimension.TIMES, 1.0),
    ("b, byte, bytes", Dimension.BYTES, 1.0),
    ("kb", Dimension.BYTES, 1e3),
    ("mb", Dimension.BYTES, 1e6),
    ("gb", Dimension.BYTES, 1e9),
    ("tb", Dimension.BYTES, 1e12),
    ("kib", Dimension.BYTES, 2.0**10),
    ("mib", Dimension.BYTES, 2.0**20),
    ("gib", Dimension.BYTES, 2.0**30),
    ("/s, /sec, per second, rps, req/s, requests/s, calls/s", Dimension.RATE, 1.0),
    ("/min, /minute, per minute, rpm, req/min, requests/min, calls/min", Dimension.RATE, 1 / 60),
)
_UNITS = {name: (kind, scale) for names, kind, scale in _SPELLINGS for name in names.split(", ")}
_WHOLE = 100.0
_THOUSANDS = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}

#: Names that hold digits and are no figures: `chg-42`, `E-0a1b2c3d`, `/api/v1/orders`, links (in which `%3D`
#: is an equals sign and not three days).
_NAMES = re.compile(
    r"\w+://\S+"
    r"|(?<!\w)E-[0-9a-f]{8}(?!\w)|(?<![\w-])[A-Za-z][\w.]*-[\w.-]*\d[\w-]*|(?<!\w)/[\w{}.-]{3,}[\w/{}.-]*"
)
_CLOCK = re.compile(
    r"(?<![\w:.])(?:(\d{4}-\d{2}-\d{2})[T ])?([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?"
    r"(?:Z|\+00:00)?(\*)?(?!\w|:\d)"
)
#: Without its year as ISO 8601:1988 cut it: `--11-23`.
_DATE = re.compile(r"(?<![\w-])(?:\d{4}|-)-\d{2}-\d{2}(?![\w-])")
_VERSION = re.compile(
    r"(?<![\w.])v?\d+(?:\.\d+){2,}(?:[-+.]\w+)*|(?<![\w.])v\d+(?:\.\d+)?(?![\w.])", re.IGNORECASE
)
_FIGURE = re.compile(
    r"(?:(?<![\w.:#/])|(?<=\sx))(?<![A-Za-z]-)"  # of a line that came x813, 813 is the count
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<power>e[-+]?\d+)?"
    r"(?:\s?(?P<thousands>thousand|million|k|(?-i:M))(?![\w/]))?"
    rf"(?:[ -]?(?P<unit>{'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![\w]))?"
    r"(?![\w]|\.\d)",
    re.IGNORECASE,
)


@lru_cache(maxsize=2048)
def read(text: str) -> Quotes:
    """The figures, times, dates and versions of a text. Identifiers are not figures."""
    rest = _NAMES.sub(" ", text)
    clocks = tuple(_clock(found) for found in _CLOCK.finditer(rest))
    rest = _CLOCK.sub(" ", rest)
    dates = tuple(found[0] for found in _DATE.finditer(rest))
    rest = _DATE.sub(" ", rest)
    versions = tuple(found[0].rstrip(".") for found in _VERSION.finditer(rest))
    rest = _VERSION.sub(" ", rest)
    figures = tuple(_figure(found) for found in _FIGURE.finditer(rest))
    return Quotes(figures=figures, clocks=clocks, dates=dates, versions=versions)


def figure_of(value: float, unit: str) -> Figure:
    """A measured value in a unit of the recording format, such as `ratio` or `milliseconds`."""
    dimension, scale = {
        "ratio": (Dimension.SHARE, 1.0),
        "per_second": (Dimension.RATE, 1.0),
        "per_minute": (Dimension.RATE, 1 / 60),
    }.get(unit, _UNITS.get(unit, (Dimension.BARE, 1.0)))
    return Figure(text=f"{value:g}", number=value, scale=scale, dimension=dimension)


def _clock(found: re.Match[str]) -> Clock:
    date, hour, minute, second, spoken = found.groups()
    return Clock(
        text=found[0].strip(),
        date=date,
        minutes=int(hour) * 60 + int(minute),
        second=int(second) if second is not None else None,
        spoken=spoken is not None,
    )


def _figure(found: re.Match[str]) -> Figure:
    digits = found["number"].replace(",", "")
    number = float(digits + (found["power"] or ""))
    half = _step(digits) / 2 * (number / float(digits) if float(digits) else 1.0)
    many = _THOUSANDS.get((found["thousands"] or "").lower(), 1.0)
    dimension, scale = _UNITS.get((found["unit"] or "").lower(), (Dimension.BARE, 1.0))
    if dimension is Dimension.SHARE and number <= _WHOLE:
        half = min(half, 0.5)  # 100 % is all of them, and not 97 of 100
    return Figure(
        text=found[0].strip(), number=number * many, scale=scale, dimension=dimension, half=half * many
    )


def _step(digits: str) -> float:
    """What the last claimed digit counts: 1.82 → 0.01, 12000 → 1000, 1000 → 100 (two digits are claimed)."""
    _, point, decimals = digits.partition(".")
    if point:
        return 10.0 ** -len(decimals)
    whole = digits.lstrip("0") or "0"
    zeros = len(whole) - len(whole.rstrip("0"))
    return 10.0 ** max(0, min(zeros, len(whole) - 2))
