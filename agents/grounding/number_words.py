"""The numbers from 0 to 99 in the words of three languages. Pure."""

import re
from functools import cache
from importlib import resources

import yaml


def number_of(word: str) -> int:
    """The number that a word says.

    Raises:
        KeyError: it says none.
    """
    return numbers()[re.sub(r"[ -]+", "-", word.casefold())]


@cache
def each() -> str:
    """An expression that finds any of the words, without a group."""
    names = sorted(numbers(), key=len, reverse=True)
    return "|".join(re.escape(name).replace(r"\-", "[ -]") for name in names)


@cache
def numbers() -> dict[str, int]:
    """0 to 99 in words, with hyphens between their parts."""
    text = (resources.files(__package__) / "words" / "numbers.yaml").read_text(encoding="utf-8")
    read = yaml.load(text, yaml.CSafeLoader)
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
