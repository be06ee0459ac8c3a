"""What code says of an incident in English, told again in the team's language, a whole form at a time. Pure.

The record is English: what roles read, what is kept, what the pages of Nexus show. What is sent to people, or
signed by them, is told from it. A form is recognised from its first word to its last, with its values; what
fits none stays as it was said, whole: English by code, or what a model wrote in the language already.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from string import Formatter

from incidents.deeds import ENGLISH as DEEDS
from incidents.deeds import SENTENCES as CHANGES
from incidents.deeds import confidence_word
from incidents.findings import Confidence
from incidents.language import Language
from incidents.texts import Plural, Sentences, Text, forms_of
from tools.wording import capital

SENTENCES = Sentences("tools", "retold")

_TIME = r"\d\d:\d\d(?::\d\d)? UTC"
_SHARE = r"(?:\d[\d,]*(?:\.\d+)?|\d+e-\d+) %"
#: What a value may be, by the name of its place; a number behind the name tells two of a kind apart.
_VALUES = {
    "name": r"[\w/.-]+(?:\[\w+\])?",
    "names": r"[\w.-]+(?:, [\w.-]+)*",
    "source": r"[\w/.-]+(?: [/\w.-]+)?",
    "service": r"[\w.-]+",
    "version": r"[^\s;,:()“”]+",
    "flag": r"[^\s“”]+",
    "patch": r"\w+",
    "commit": r"\w+",
    "id": r"[A-Z]\d+",
    "text": r"[^“”]+?",
    "metric": r"[a-z][\w ]*?",
    "time": _TIME,
    "share": _SHARE,
    "n": r"\d+",
    "number": r"\d+(?:\.\d+)?",
    "times": r"\d[\d,]*(?:\.\d+)?",
    "level": r"none|no data|[\d.,e-]+(?: [\w%]+)*",
    "money": r"[\d,]+(?:\.\d+)?(?: [A-Z]{3})?",
    "severity": r"P[0-3]|not classified",
    "sure": r"low|medium|high",
    "inwords": r"\w+(?:\.\d+)? \w+",
}
#: A nested form: a quotation in it is one whole, whatever it holds.
_NESTED = r"(?:“[^”]*”|[^“”])+?"
#: Where one sentence ends and another begins; not within a quotation.
_ENDS = re.compile(r"(?<=[.!?])\s+(?=[“\w])")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class _Form:
    """One English form of a group, and where its translation stands."""

    room: Sentences
    key: str
    english: Text
    pattern: re.Pattern[str]


def retold(text: str, language: Language, group: str = "sentence") -> str:
    """A text of code in a language; sentence by sentence where it is no form as a whole.

    Args:
        text: as people read it in English, without ids of evidence.
        language: in which it is told; English stays as it is.
        group: what it is: `sentence` for whole ones, else `line`, `title`, `situation`, `eta`, `stand`, ...
    """
    if language is Language.EN or not text.strip():
        return text
    whole = _told(text.strip(), group, language)
    if whole is not None:
        return whole
    if group != "sentence":
        return text
    return " ".join(_sentence(one, language) for one in _sentences(text.strip()))


def _sentence(text: str, language: Language) -> str:
    """One sentence, or it as it was; what has no full stop gets none."""
    if text[-1:] in ".!?":
        return _told(text, "sentence", language) or text
    return (_told(f"{text}.", "sentence", language) or f"{text}.")[:-1]


def _told(text: str, group: str, language: Language) -> str | None:
    """A text that is one form of the group; begun with a capital as it was."""
    # A name at its beginning has a capital for that alone; one of capitals keeps them.
    lowered = text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
    for said in dict.fromkeys((lowered, text)):
        for form in _forms(group):
            found = form.pattern.fullmatch(said)
            if found is None:
                continue
            values = _values(found.groupdict(), language)
            if values is not None:
                told = form.room.translated(language, form.key, form.english, _count(form, values))
                told = told.format(**values)
                return capital(told) if text[:1].isupper() else told
    return None


def _values(found: dict[str, str], language: Language) -> dict[str, str] | None:
    told = {slot: _value(_kind(slot), value, language) for slot, value in found.items()}
    return None if None in told.values() else {slot: one for slot, one in told.items() if one is not None}


def _value(kind: str, value: str, language: Language) -> str | None:
    forms = forms_of(language)
    if kind not in _VALUES:
        return _told(value, kind, language)
    if kind == "sure":
        return confidence_word(Confidence(value), language)
    if kind == "inwords":
        number, _, unit = value.partition(" ")
        digits = str(_WORDS.index(number)) if number in _WORDS else number
        return _told(f"{digits} {unit}", "span", language)
    if kind in {"share", "number", "times", "level", "money"}:
        return _figure(value, forms.language)
    return value


def _figure(value: str, language: Language) -> str:
    """A figure with its unit in the forms of a language; `none` is 0."""
    if value == "none":
        return _figure("0 %", language)
    found = re.match(r"(\d[\d,]*)(\.\d+)?(.*)", value)
    if found is None:
        return value
    whole, part, unit = found[1].replace(",", ""), found[2] or "", found[3]
    told = forms_of(language).number(int(whole))
    mark = "," + part[1:] if part else ""
    return f"{told}{mark}{unit.replace(' ', chr(0xA0), 1)}"


def _sentences(text: str) -> list[str]:
    """The sentences of a text; a quotation is not cut."""
    made, begun = list[str](), 0
    for end in _ENDS.finditer(text):
        if text[begun : end.start()].count("“") == text[begun : end.start()].count("”"):
            made.append(text[begun : end.start()])
            begun = end.end()
    return [*made, text[begun:]]


def _count(form: _Form, values: dict[str, str]) -> int | None:
    return int(values["n"]) if isinstance(form.english, Plural) else None


def _kind(slot: str) -> str:
    return slot.rstrip("0123456789")


@cache
def _forms(group: str) -> tuple[_Form, ...]:
    """The forms of a group, those with most words of their own first."""
    found = [
        _Form(room, key, english, re.compile(_pattern(text)))
        for room, texts, prefix in _groups(group)
        for key, english in texts.items()
        if key.startswith(f"{prefix}.")
        for text in ((english,) if isinstance(english, str) else (english.one, english.other))
    ]
    return tuple(sorted(found, key=lambda one: -len(re.sub(r"\(\?P<.*?\)", "", one.pattern.pattern))))


def _groups(group: str) -> Iterator[tuple[Sentences, dict[str, Text], str]]:
    yield SENTENCES, dict(SENTENCES.english), group
    if group in {"plan", "made"}:
        yield CHANGES, DEEDS, "done" if group == "made" else group


def _pattern(text: str) -> str:
    made, known = "", set[str]()
    for literal, slot, _, _ in Formatter().parse(text):
        made += re.escape(literal)
        if slot in known:
            made += f"(?P={slot})"
        elif slot is not None:
            known.add(slot)
            made += f"(?P<{slot}>{_VALUES.get(_kind(slot), _NESTED)})"
    return made
