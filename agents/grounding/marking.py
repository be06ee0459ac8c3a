"""Puts whatever a model says beyond its evidence under "the model's opinion, not checked". Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from agents.grounding.carried import Carried
from agents.grounding.claims import opinions
from agents.grounding.exists import Grounds
from agents.grounding.leaning import leans
from agents.grounding.quotes import Text, missing
from incidents.action import Action
from incidents.findings import Category, Hypothesis
from incidents.language import Language
from incidents.value import Value

T = TypeVar("T", bound=Value)

#: What stands before the sentences that nothing carries; a parenthesis says where they end.
MARK = "The model's opinion, not checked:"
#: Names, which state nothing; whether they exist is held elsewhere.
_NAMES = frozenset({"evidence", "service", "services", "change"})
_OPINED = re.compile(r"\(?" + re.escape(MARK) + r'(?:[^"\\\n]|\\.)*')
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\s\d(])|\n+")


def without_opinions(text: str) -> str:
    """A text, or the JSON of one, without what a model once said unchecked: that carries nothing."""
    return _OPINED.sub("", text)


def marked(report: T, grounds: Grounds, carried: Carried, names: Sequence[str] = ()) -> T:
    """A report in which every sentence is carried by evidence and facts, or stands under the mark.

    Args:
        report: what a model handed in, with what does not exist taken out.
        grounds: what it may rest on.
        carried: what the incident's facts carry.
        names: names that may stand in a sentence: roles, people of the catalogue.
    """
    return _value(report, grounds, carried, tuple(names))


def held(
    text: str, texts: Sequence[Text], services: Iterable[str], carried: Carried, names: Sequence[str] = (),
    language: Language = Language.EN,
) -> str:  # fmt: skip
    """One text: what is carried, then the rest in parentheses under the mark.

    Args:
        text: what was written.
        texts: what its sentences may rest on.
        services: the catalogue's names.
        carried: what the facts carry.
        names: further names.
        language: of those who read it.
    """
    if not text.strip() or MARK in text:
        return text
    raws = [raw for one in texts for raw in one.raws()]
    if any(text.strip() == line.strip() for raw in raws if text.strip() in raw for line in raw.splitlines()):
        return text  # such as a check of the runbook
    stands: list[str] = []
    opined: list[str] = []
    follows = False
    for sentence in filter(str.strip, _SENTENCE.split(text)):
        free = opinions(sentence, raws, services, carried, names=names, language=language)
        free = free or missing(sentence, texts, services, names=names, language=language)
        follows = bool(free) or (follows and leans(sentence, services))
        (opined if follows else stands).append(sentence)
    return " ".join([*stands, *([f"({MARK} {' '.join(opined)})"] if opined else [])])


def _value(value: T, grounds: Grounds, carried: Carried, names: tuple[str, ...]) -> T:
    if isinstance(value, Hypothesis):
        carried = _of_hypothesis(value, carried)
    texts = _texts(value, grounds)
    changes: dict[str, object] = {}
    for name, kept in value:
        if isinstance(kept, Action):
            continue  # an action is no sentence: what it names was read, and a dry run tells of it
        if isinstance(kept, Value):
            changes[name] = _value(kept, grounds, carried, names)
        elif isinstance(kept, tuple):
            changes[name] = tuple(
                _value(one, grounds, carried, names)
                if isinstance(one, Value)
                else _field(name, one, texts, grounds, carried, names)
                for one in kept
            )
        else:
            changes[name] = _field(name, kept, texts, grounds, carried, names)
    return value.model_copy(update=changes)


def _field(
    name: str, kept: object, texts: Sequence[Text], grounds: Grounds, carried: Carried, names: tuple[str, ...]
) -> object:
    """A text of a report; names, and whatever is no text, stay as they are."""
    if type(kept) is not str or name in _NAMES:
        return kept
    if name == "owner" and kept.casefold() in {one.casefold() for one in (*names, *grounds.owners)}:
        return kept
    return held(kept, texts, grounds.services, carried, names, grounds.language)


def _texts(value: Value, grounds: Grounds) -> tuple[Text, ...]:
    """What sentences of a value may rest on: what it cites, or all that is known; the alerts always."""
    cited = getattr(value, "evidence", None)
    sources = (
        [grounds.evidence[one] for one in cited if one in grounds.evidence]
        if cited
        else [*grounds.evidence.values(), *grounds.known]
    )
    return tuple(one.quotable for one in (*sources, *grounds.alerts))


def _of_hypothesis(value: Hypothesis, carried: Carried) -> Carried:
    """A hypothesis says what it is one of; whether it becomes the diagnosis, code decides."""
    if value.service is None or not value.evidence or value.category is Category.UNKNOWN:
        return carried.model_copy(update={"blamed": frozenset(), "category": Category.UNKNOWN})
    return carried.model_copy(update={"blamed": frozenset({value.service}), "category": value.category})
