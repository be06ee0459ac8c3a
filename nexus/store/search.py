"""What words find: the texts of an incident, what its evidence says in short, its post-mortem.

A text is found by words if each of them begins a word of it, in either case; letters and digits make words.
"""

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from incidents.value import Value

if TYPE_CHECKING:
    from incidents.findings import Evidence
    from incidents.incident import Incident
    from incidents.post_mortem_text import PostMortemText

#: So much of a text can be found, in characters.
LONGEST = 20_000
#: So many texts of one incident are shown.
MOST = 3
#: So many characters are shown on either side of what was found, twice as many behind it.
_AROUND = 60
_WORD = re.compile(r"[^\W_]+")


class FoundIn(StrEnum):
    """What sort of text it is, in the order in which people look."""

    INCIDENT = "incident"
    POST_MORTEM = "post-mortem"
    EVIDENCE = "evidence"


class Searchable(NamedTuple):
    """A text of an incident; `ref` tells several of a kind apart, such as the id of an evidence."""

    kind: FoundIn
    ref: str
    text: str


class Found(Value):
    """A text that words have found."""

    incident: str
    kind: FoundIn
    ref: str
    text: str


def texts_of(incident: "Incident") -> tuple[Searchable, ...]:
    """What is found of an incident itself: title, services, cause and end; what the agents wrote of it."""
    cause = incident.diagnosis.summary if incident.diagnosis is not None else ""
    own = " ".join((incident.title, *incident.services, cause, incident.end_reason or ""))
    found = (Searchable(FoundIn.INCIDENT, "", own[:LONGEST]),)
    if incident.post_mortem_report is None:
        return found
    from incidents.post_mortem_text import PostMortemText  # noqa: PLC0415 - who only lists needs none

    written = PostMortemText.of(incident.title, incident.post_mortem_report)
    return (*found, post_mortem_searchable(written, by_agents=True))


def evidence_searchable(evidence: "Evidence") -> Searchable:
    """What is found of an evidence."""
    return Searchable(FoundIn.EVIDENCE, evidence.id, evidence.summary[:LONGEST])


def post_mortem_searchable(text: "PostMortemText", *, by_agents: bool) -> Searchable:
    """What is found of a post-mortem, as the agents wrote it or as people changed it last."""
    told = " ".join(_strings(text.model_dump(mode="json")))
    return Searchable(FoundIn.POST_MORTEM, "agents" if by_agents else "people", told[:LONGEST])


def words_of(asked: str) -> tuple[str, ...]:
    """The words of what somebody looks for; none: nothing in it is a letter or a digit."""
    return tuple(dict.fromkeys(_WORD.findall(asked.lower())))


def finds(words: tuple[str, ...], text: str) -> bool:
    """Whether words find a text."""
    there = _WORD.findall(text.lower())
    return bool(words) and all(any(one.startswith(word) for one in there) for word in words)


def excerpt_of(text: str, asked: str) -> str:
    """What stands around the first word of a text that was looked for, on one line."""
    words, line = words_of(asked), " ".join(text.split())
    starts = (one.start() for one in _WORD.finditer(line) if one[0].lower().startswith(words))
    place = next(starts, 0)
    begin = max(0, place - _AROUND)
    end = min(len(line), place + 2 * _AROUND)
    return f"{'…' if begin else ''}{line[begin:end].strip()}{'…' if end < len(line) else ''}"


def parts_of(text: str, asked: str) -> tuple[tuple[str, bool], ...]:
    """A text in pieces, each with whether it is a word that was looked for."""
    words = words_of(asked)
    pieces = re.split(r"([^\W_]+)", text)
    return tuple((one, bool(words) and one.lower().startswith(words)) for one in pieces if one)


def _strings(value: object) -> list[str]:
    """Every text in plain objects."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for one in value for text in _strings(one)] if isinstance(value, list) else []
