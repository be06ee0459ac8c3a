"""The words of three languages: those that measurements are told with, and those that make a claim."""

import re
from enum import StrEnum
from functools import cache, lru_cache

from pydantic import Field

from agents.shipped import shipped
from incidents.value import Value

LANGUAGES = ("en", "de", "fr")
#: Inflections; a word is known by any form of it.
_ENDINGS = (
    "s", "es", "ed", "d", "ing", "ly", "e", "en", "em", "n", "t", "st", "te", "ten", "tet",
    "ende", "enden", "ens", "ent", "ait", "aient", "é", "ée", "és", "ées", "x", "aux", "nt", "ement",
)  # fmt: skip
_SHORTEST = 4
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
#: French articles and pronouns before a vowel.
_ELIDED = re.compile(r"\b(?:[dlnsjmtc]|qu)'", re.IGNORECASE)


class Kind(StrEnum):
    """What a sentence may claim only where the facts carry it."""

    CAUSE = "cause"
    RECOVERY = "recovery"
    DATA = "data"
    MONEY = "money"
    LEGAL = "legal"
    PEOPLE = "people"
    PROMISE = "promise"
    SCOPE = "scope"
    DEED = "deed"


class _File(Value):
    plain: str
    anchors: str
    claims: dict[Kind, str]
    unless: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class _English(Value):
    words: dict[str, str]


class Vocabulary(Value):
    """All languages together: nobody says in which a model answers.

    Attributes:
        plain: forms of the words that claim nothing beyond what is measured.
        anchors: what a sentence tells of; without one it is an idiom, or grammar.
        claims: the words of each kind of claim.
        unless: words that claim nothing beside another one.
    """

    plain: frozenset[str]
    anchors: frozenset[str]
    claims: dict[Kind, frozenset[str]]
    unless: dict[str, tuple[str, ...]]

    def knows(self, word: str) -> bool:
        """Whether a word may be said without evidence that uses it."""
        return not self.plain.isdisjoint(forms(word)) or any(word in words for words in self.claims.values())

    def kinds(self, words: tuple[str, ...]) -> dict[Kind, tuple[str, ...]]:
        """The kinds of claims that these words make, each with the words that make it."""
        said = {
            kind: tuple(w for w in words if w in known and not set(self.unless.get(w, ())) & set(words))
            for kind, known in self.claims.items()
        }
        return {kind: found for kind, found in said.items() if found}


@lru_cache(maxsize=4096)
def forms(word: str) -> frozenset[str]:
    """A word and what is left of it without an ending; of a German or French one also the English word."""
    cut = {word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)}
    return frozenset({word, *(short for short in cut if len(short) >= _SHORTEST), *_english().get(word, ())})


@cache
def _english() -> dict[str, tuple[str, ...]]:
    """How evidence, which is English, calls what German and French words name."""
    named = shipped(__package__, "words/english.yaml", _English)
    return {
        word: tuple(called.split())
        for called, words in named.words.items()
        for word in words.casefold().split()
    }


@lru_cache(maxsize=1024)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in small letters; figures, signs and single letters are none."""
    plain = _ELIDED.sub(" ", text.replace("\u2019", "'"))
    return tuple(word.casefold().removesuffix("'s") for word in _WORD.findall(plain) if len(word) > 1)


@cache
def vocabulary() -> Vocabulary:
    """The shipped words.

    Raises:
        SettingsError: a file of them cannot be used.
    """
    files = [shipped(__package__, f"words/{language}.yaml", _File) for language in LANGUAGES]
    plain = {word for file in files for word in file.plain.casefold().split()}
    return Vocabulary(
        plain=frozenset(form for word in plain for form in forms(word)),
        anchors=frozenset(word for file in files for word in file.anchors.casefold().split()),
        claims={
            kind: frozenset(word for file in files for word in file.claims.get(kind, "").casefold().split())
            for kind in Kind
        },
        unless={word: names for file in files for word, names in file.unless.items()},
    )
