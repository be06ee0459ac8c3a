"""What turns a sentence (not, unknown, as usual, fails), and words that belong together."""

import re
from functools import cache

from agents.shipped import shipped
from incidents.value import Value


class _File(Value):
    patterns: dict[str, tuple[str, ...]]
    words: dict[str, str]


@cache
def _file() -> _File:
    return shipped(__package__, "words/signs.yaml", _File)


@cache
def sign(name: str) -> re.Pattern[str]:
    """What is found of one sign in a sentence, in any of the languages."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(_file().patterns[name])})(?!\w)", re.IGNORECASE)


def has(name: str, text: str) -> bool:
    """Whether a sentence holds a sign."""
    return sign(name).search(text) is not None


@cache
def words(name: str) -> frozenset[str]:
    """The words of one list; none for a list that there is not."""
    return frozenset(_file().words.get(name, "").split())
