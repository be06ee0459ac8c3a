"""What people forbid in a note, as far as code understands it: kinds of change that are ruled out. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from pydantic import Field

from incidents.action import ActionKind
from incidents.document import parse_document, read_yaml
from incidents.errors import SettingsError
from incidents.language import Language
from incidents.texts import Sentences
from incidents.value import Value

SENTENCES = Sentences("incidents", "notes")
#: Between the words of one sentence.
_GAP = r"[^\w.;:!?\n]+"
_FILE = "ruled_out.yaml"
#: Apostrophes as they are typed and as they are printed; French leaves no space behind one.
_ELIDED = "['\u2019]"
_ONE = rf"(?:(?:\w|-|{_ELIDED})+{_GAP})"


class _Words(Value):
    forbidding: str
    behind: str
    kinds: dict[ActionKind, str]
    parted: dict[ActionKind, str] = Field(default_factory=dict)


class _File(Value):
    unless: str
    en: _Words
    de: _Words
    fr: _Words


def ruled_out(texts: Iterable[str]) -> frozenset[ActionKind]:
    """The kinds of change that texts rule out, in whatever language of ours they are written."""
    lines = [text.lower() for text in texts]
    return frozenset(kind for kind, pattern in _patterns() if any(pattern.search(line) for line in lines))


def understood(text: str, language: Language) -> str:
    """What a note was understood as, for whoever wrote it: a constraint and which, or a hint and no more.

    Args:
        text: as they wrote it.
        language: in which they are told.
    """
    kinds = sorted(ruled_out((text,)))
    if not kinds:
        return SENTENCES.said(language, "note.hint")
    names = ", ".join(SENTENCES.said(language, f"kind.{kind.value}") for kind in kinds)
    return SENTENCES.said(language, "note.constraint", kinds=names)


@cache
def _patterns() -> tuple[tuple[ActionKind, re.Pattern[str]], ...]:
    text = (resources.files("incidents") / _FILE).read_text(encoding="utf-8")
    read = parse_document(
        read_yaml(text, source=_FILE, error=SettingsError), _File, source=_FILE, error=SettingsError
    )
    return tuple(_each(read))


def _each(read: _File) -> Iterator[tuple[ActionKind, re.Pattern[str]]]:
    for words in (read.en, read.de, read.fr):
        doubt = rf"(?!{_GAP}(?:{read.unless})\b)"
        forbids = rf"\b(?:{words.forbidding})(?:(?<={_ELIDED})|\b{doubt}{_GAP}){_ONE}{{0,4}}?"
        for kind, names in words.kinds.items():
            behind = rf"{_GAP}{_ONE}{{0,3}}?(?:{words.behind})"
            yield kind, re.compile(rf"{forbids}\b(?:{names})\b|\b(?:{names})\b{behind}\b")
        for kind, verb in words.parted.items():
            yield kind, re.compile(rf"\b{verb}\b")
