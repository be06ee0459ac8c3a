"""Figures as three languages write them, in the form that `figures.read` knows. Pure."""

import re
from functools import cache, partial
from importlib import resources

import yaml

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


def spelled(text: str) -> str:
    """The same sentence with its figures in digits and with English units; people never read it."""
    for pattern, put in _otherwise():
        text = pattern.sub(put, text)
    text = _of_so_many().sub(_in_percent, text)
    text = _words().sub(_in_digits, text)
    for many, name in _MANY:
        text = re.sub(rf"(\d+(?:\.\d+)?)[ -]*(?:{name})\b", partial(_times, many), text, flags=re.IGNORECASE)
        text = re.sub(rf"{_ARTICLE}\b(?:{name})\b", f"{many}", text, flags=re.IGNORECASE)
    return text


def _in_percent(found: re.Match[str]) -> str:
    part, whole = (_number(word) for word in found.groups())
    return f"about {100 * part / whole:.0f} %" if 0 < part < whole else found[0]


def _number(word: str) -> int:
    return _numbers()[re.sub(r"[ -]+", "-", word.casefold())]


def _times(many: int, found: re.Match[str]) -> str:
    return f"{float(found[1]) * many:.0f}"


def _in_digits(found: re.Match[str]) -> str:
    number = _number(found[0])
    counts = number >= _SPOKEN or _UNIT.match(found.string, found.end())
    return str(number) if counts else found[0]


def _file(name: str) -> str:
    return (resources.files(__package__) / "words" / name).read_text(encoding="utf-8")


@cache
def _otherwise() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(pattern, re.IGNORECASE), put) for pattern, put in yaml.safe_load(_file("spelling.yaml"))
    )


@cache
def _words() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{_each()})(?!\w)", re.IGNORECASE)


@cache
def _of_so_many() -> re.Pattern[str]:
    """A share, as in "nine in ten", "neun von zehn" and "neuf sur dix", also with a noun between.

    In digits it is left as it is: so it stands in what it was read from.
    """
    number = rf"({_each()})"
    return re.compile(
        rf"(?<![\w.-]){number} (?:\w+ )?(?:in|out of|von|sur) {number}(?![\w.:])", re.IGNORECASE
    )


def _each() -> str:
    names = sorted(_numbers(), key=len, reverse=True)
    return "|".join(re.escape(name).replace(r"\-", "[ -]") for name in names)


@cache
def _numbers() -> dict[str, int]:
    """0 to 99 in words, with hyphens between their parts."""
    read = yaml.safe_load(_file("numbers.yaml"))
    units = {language: words["units"].split() for language, words in read.items()}
    tens = {language: words["tens"].split() for language, words in read.items()}
    found = {name: number for words in units.values() for number, name in enumerate(words)}
    for place, name in enumerate(tens["en"], start=2):
        found |= {name: 10 * place} | {f"{name}-{units['en'][n]}": 10 * place + n for n in range(1, 10)}
    for place, name in enumerate(tens["de"], start=2):
        found |= {name: 10 * place} | {f"{units['de'][n]}und{name}": 10 * place + n for n in range(1, 10)}
    for place, name in enumerate(tens["fr"], start=2):
        found |= _french(10 * place, name, units["fr"])
    return found | {"dreissig": 30, "quatre-vingts": 80}


def _french(ten: int, name: str, units: list[str]) -> dict[str, int]:
    """Seventy and ninety are counted on from sixty and eighty."""
    over = 10 if ten in {70, 90} else 0
    alone = {} if over else {name: ten}
    joint = {1: "-et-", 11: "-et-"} if ten < 80 else {}
    return alone | {
        f"{name}{joint.get(n, '-')}{units[n]}": ten - over + n for n in range(over or 1, over + 10)
    }
