"""The forms of figures and times: what is written into a sentence of a language."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from incidents.language import Language
from incidents.severity import PublicStatus
from incidents.texts.sentences import Sentences

if TYPE_CHECKING:
    from types import ModuleType

SENTENCES = Sentences("incidents.texts")


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
        day = f"{there:%Y-%m-%d}" if self.language is Language.EN else _cldr().date(there, self.language)
        return SENTENCES.said(self.language, "time.moment", day=day, time=self._clock(there))

    def two(self, first: str, last: str) -> str:
        """Two names in a sentence."""
        return SENTENCES.said(self.language, "list.two", first=first, last=last)

    def _told(self, how: str, moment: datetime, today: datetime) -> str:
        there, here = moment.astimezone(UTC), today.astimezone(UTC)
        clock = self._clock(there)
        if there.date() == here.date():
            return SENTENCES.said(self.language, f"time.{how}", time=clock)
        return SENTENCES.said(self.language, f"time.{how}_day", day=self._day(there, here), time=clock)

    def _clock(self, moment: datetime) -> str:
        if self.language is Language.EN:
            return f"{moment:%H:%M} UTC"
        return str(_cldr().clock(moment, self.language))

    def _day(self, moment: datetime, today: datetime) -> str:
        if self.language is Language.EN:
            return f"{moment:%Y-%m-%d}"
        say = _cldr().day if moment.year == today.year else _cldr().date
        return str(say(moment, self.language))


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
