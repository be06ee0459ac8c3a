"""Figures as three languages write them, in the form that `figures.read` knows. Pure."""

import re
from functools import cache, partial
from importlib import resources

import yaml

from agents.grounding.number_words import each, number_of
from agents.grounding.written import in_english
from incidents.language import Language

#: Below this a number word is mostly an article or an ordinal of speech: it counts only before a unit.
_SPOKEN = 10
_UNIT = re.compile(
    r"[ -]?(?:%|times|seconds?|minutes?|hours?|days?|milliseconds?|per |hund|thous|taus|mill|cents?\b)",
    re.IGNORECASE,
)
#: Words that multiply the number before them, or stand for themselves.
_MANY = (
    (100, "hundreds?|hunderte?r?|cents?|centaines?"),
    (1000, "thousands?|tausende?r?|mille|milliers?"),
    (1_000_000, "millions?|millionen"),
)
_ARTICLE = r"(?:\b(?:an?|eine?|une?|des) )?"


def spelled(text: str, language: Language = Language.EN) -> str:
    """The same sentence with its figures in digits and with English units; people never read it.

    Args:
        text: a sentence.
        language: of those who read it; its forms are read first, then what people in a hurry write in any.
    """
    text = in_english(text, language)
    for pattern, put in _otherwise():
        text = pattern.sub(put, text)
    text = _of_so_many().sub(_in_percent, text)
    text = _words().sub(_in_digits, text)
    for many, name in _MANY:
        text = re.sub(rf"(\d+(?:\.\d+)?)[ -]*(?:{name})\b", partial(_times, many), text, flags=re.IGNORECASE)
        text = re.sub(rf"{_ARTICLE}\b(?:{name})\b", f"{many}", text, flags=re.IGNORECASE)
    return text


def _in_percent(found: re.Match[str]) -> str:
    part, whole = (number_of(word) for word in found.groups())
    return f"about {100 * part / whole:.0f} %" if 0 < part < whole else found[0]


def _times(many: int, found: re.Match[str]) -> str:
    return f"{float(found[1]) * many:.0f}"


def _in_digits(found: re.Match[str]) -> str:
    number = number_of(found[0])
    counts = number >= _SPOKEN or _UNIT.match(found.string, found.end())
    return str(number) if counts else found[0]


def _file(name: str) -> str:
    return (resources.files(__package__) / "words" / name).read_text(encoding="utf-8")


@cache
def _otherwise() -> tuple[tuple[re.Pattern[str], str], ...]:
    read = yaml.load(_file("spelling.yaml"), yaml.CSafeLoader)
    return tuple((re.compile(pattern, re.IGNORECASE), put) for pattern, put in read)


@cache
def _words() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{each()})(?!\w)", re.IGNORECASE)


@cache
def _of_so_many() -> re.Pattern[str]:
    """A share, as in "nine in ten", "neun von zehn" and "neuf sur dix", also with a noun between.

    In digits it is left as it is: so it stands in what it was read from.
    """
    number = rf"({each()})"
    return re.compile(
        rf"(?<![\w.-]){number} (?:\w+ )?(?:in|out of|von|sur) {number}(?![\w.:])", re.IGNORECASE
    )
