"""Figures, days and times in the forms of a language, by CLDR as Babel holds it."""

import re
from datetime import date as dates

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from incidents.language import Language


def percent(ratio: float, language: Language) -> str:
    """`43 %` with a space that does not break."""
    return format_percent(ratio, locale=language.value)


def number(value: float, language: Language) -> str:
    """`1,5`, `12.345` in German: as many digits as the value has."""
    return format_decimal(value, locale=language.value, decimal_quantization=False)


def day(moment: dates, language: Language) -> str:
    """`22. November`, `22 novembre`."""
    return _first(format_skeleton("MMMMd", moment, locale=language.value), language)


def date(moment: dates, language: Language) -> str:
    """`22. November 2026`, `22 novembre 2026`."""
    return _first(format_date(moment, "long", locale=language.value), language)


def _first(date: str, language: Language) -> str:
    """French says the first of a month as an ordinal; CLDR 48, which Babel 2.19 holds, has `1 mai`."""
    return re.sub("^1 ", "1er ", date) if language is Language.FR else date
