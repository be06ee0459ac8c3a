"""The forms of figures and times: what is written into a sentence of a language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as dates
from functools import cache
from typing import TYPE_CHECKING

from incidents.duration import format_duration
from incidents.language import Language
from incidents.severity import PublicStatus
from incidents.texts.sentences import Sentences

if TYPE_CHECKING:
    from types import ModuleType

SENTENCES = Sentences("incidents.texts")

_UNITS = {"h": "h", "m": "min", "s": "s"}


@dataclass(frozen=True)
class Forms:
    """The forms of one language. English has its own; those of others are CLDR's.

    Attributes:
        language: whose.
    """

    language: Language

    def percent(self, ratio: float) -> str:
        """A ratio without decimals: `43 %`."""
        if self.language is Language.EN:
            return f"{ratio * 100:.0f} %"
        return str(_cldr().percent(ratio, self.language))

    def share(self, ratio: float) -> str:
        """A ratio above 0 that may be small: `43 %`, `0.4 %`."""
        if ratio >= 0.01:
            return self.percent(ratio)
        space = " " if self.language is Language.EN else "\u00a0"
        return f"{self.number(float(f'{ratio * 100:.1g}'))}{space}%"

    def span(self, lasted: timedelta) -> str:
        """A span of time as it is set: `1h 30m`; where people read it otherwise, `1 h 30 min`."""
        told = format_duration(lasted)
        if self.language is Language.EN:
            return told
        return re.sub(r"(\d+)([a-z])", lambda found: f"{found[1]}\u00a0{_UNITS[found[2]]}", told)

    def times(self, factor: float) -> str:
        """How many times: two digits that count, from 100 on whole tens."""
        told = float(f"{factor:.2g}")
        if self.language is Language.EN:
            return f"{told:,.0f}" if told >= 10 else f"{told:.2g}"
        return str(_cldr().number(int(told) if told.is_integer() else told, self.language))

    def number(self, value: float) -> str:
        """A number with as many digits as it has: `12,345.5` in English."""
        return f"{value:,}" if self.language is Language.EN else str(_cldr().number(value, self.language))

    def at(self, moment: datetime, today: datetime) -> str:
        """When something was, to follow a verb: `um 07:47 UTC`; with its day where that is another one."""
        return self._told("at", moment, today)

    def since(self, moment: datetime, today: datetime) -> str:
        """Since when: `seit 07:47 UTC`."""
        return self._told("since", moment, today)

    def moment(self, moment: datetime) -> str:
        """A moment by itself: `23. November 2026, 07:47 UTC`."""
        there = moment.astimezone(UTC)
        return SENTENCES.said(self.language, "time.moment", day=self.date(there), time=self.clock(there))

    def date(self, day: datetime) -> str:
        """A day with its year, as its own clock has it: `23. November 2026`."""
        return f"{day:%Y-%m-%d}" if self.language is Language.EN else str(_cldr().date(day, self.language))

    def long_date(self, day: dates) -> str:
        """A day with its year and the name of its month: `23 November 2026`, `23. November 2026`."""
        return (
            f"{day.day} {day:%B %Y}"
            if self.language is Language.EN
            else str(_cldr().date(day, self.language))
        )

    def day(self, day: dates) -> str:
        """A day of this year: `23 November`, `23. November`."""
        return f"{day.day} {day:%B}" if self.language is Language.EN else str(_cldr().day(day, self.language))

    def clock(self, moment: datetime) -> str:
        """A time of a day that is known, to the minute: `07:47 UTC`."""
        return f"{moment.astimezone(UTC):%H:%M} UTC"

    def second(self, moment: datetime) -> str:
        """The same to the second, beside a log: `07:47:35 UTC`."""
        return f"{moment.astimezone(UTC):%H:%M:%S} UTC"

    def listed(self, names: Sequence[str]) -> str:
        """Names in a sentence: `Ordering, Search and Browsing`."""
        if len(names) < 2:
            return "".join(names)
        first = ", ".join(names[:-1])
        return SENTENCES.said(self.language, "list.two", first=first, last=names[-1])

    def _told(self, how: str, moment: datetime, today: datetime) -> str:
        there, here = moment.astimezone(UTC), today.astimezone(UTC)
        clock = self.clock(there)
        if there.date() == here.date():
            return SENTENCES.said(self.language, f"time.{how}", time=clock)
        return SENTENCES.said(self.language, f"time.{how}_day", day=self._day(there, here), time=clock)

    def _day(self, moment: datetime, today: datetime) -> str:
        if self.language is Language.EN or moment.year != today.year:
            return self.date(moment)
        return str(_cldr().day(moment, self.language))


@cache
def _cldr() -> "ModuleType":
    from incidents.texts import cldr  # noqa: PLC0415 - English needs no Babel

    return cldr


@cache
def forms_of(language: Language) -> Forms:
    """The forms of a language."""
    return Forms(language)


def status_word(status: PublicStatus, language: Language) -> str:
    """What the status page calls how far it is."""
    return SENTENCES.said(language, f"status.{status.name.lower()}")
