"""The catalogue's sentences, and how one is filled."""

from enum import StrEnum
from functools import cache
from typing import Self

from pydantic import Field, model_validator

from agents.shipped import shipped
from incidents.language import Language
from incidents.texts import Sentences
from incidents.texts.sentences import slots
from incidents.value import Value

SENTENCES = Sentences("agents.public")


class Place(StrEnum):
    """Which line of the runbook's template a sentence belongs to."""

    IMPACT = "impact"
    ACTION = "action"


#: What a sentence may be filled with: the typed facts of `PublicStand`.
SLOTS = frozenset({"share", "times", "worst", "began", "ended", "quiet", "same"})


class Catalogue(Value):
    """All sentences by id, in English; an id is used once."""

    impact: dict[str, str] = Field(min_length=1)
    action: dict[str, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _known_slots(self) -> Self:
        if twice := self.impact.keys() & self.action.keys():
            raise ValueError(f"{sorted(twice)} stand in both lists")
        for identity, text in (self.impact | self.action).items():
            if unknown := slots(text) - SLOTS:
                raise ValueError(f"{identity} asks for {sorted(unknown)}; there is {sorted(SLOTS)}")
        return self

    def place(self, identity: str) -> Place:
        """Where a sentence belongs."""
        return Place.IMPACT if identity in self.impact else Place.ACTION


@cache
def sentences() -> Catalogue:
    """The shipped catalogue.

    Raises:
        SettingsError: it names a fact that does not exist.
    """
    return shipped(__package__, "sentences.yaml", Catalogue)


def unfilled(identity: str, language: Language) -> str:
    """One sentence in a language, as it is before it is filled.

    Raises:
        KeyError: there is no such sentence.
    """
    return SENTENCES.text(language, f"{sentences().place(identity)}.{identity}")


def said(identity: str, facts: dict[str, str], language: Language) -> str:
    """One sentence, filled.

    Args:
        identity: its id.
        facts: the facts that are known, in the language's words, by slot.
        language: whose words.

    Raises:
        KeyError: there is no such sentence, or a fact that it asks for is not known.
    """
    return unfilled(identity, language).format(**facts)
