"""Answers to people's questions from what is stored: evidence and timeline, each sentence with its source."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from agents.grounding import Grounds, Source, carried_by, held, unsupported
from agents.grounding.quotes import Text
from incidents.findings import Claim, Evidence, EvidenceStatus
from incidents.incident import Incident
from incidents.timeline import Entry, EntryKind
from incidents.value import Moment, Value, iso
from nexus.sanitize import line, role_name

#: How many lines an answer without a model shows.
_SHOWN = 8
#: A line longer than this is cut; its id leads to the whole.
_LONGEST = 300
_IDS = re.compile(r"\[((?:E-[0-9a-f]{8}|T\d+)(?:[,;\s]+(?:E-[0-9a-f]{8}|T\d+))*)\]")
_UNKNOWN = "unknown:"
#: What was concluded answers more than what was only routed or repeated for the public.
_TELLING = {EntryKind.DIAGNOSIS: 1.5, EntryKind.FINDING: 1.2, EntryKind.ALERT: 0.7, EntryKind.UPDATE: 0.6}
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "our",
        "so",
        "that",
        "the",
        "their",
        "there",
        "they",
        "this",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
    ]
)


class Passage(Value):
    """A line of the records: of an evidence (its id), or of the timeline (`T4` for the fourth entry)."""

    id: str
    at: Moment
    who: str
    text: str
    weight: float = 1.0


class Answer(Value):
    """What the records say to a question. `note` says what could not be done, in words."""

    question: str
    engine: str
    claims: tuple[Claim, ...] = ()
    note: str = ""


def passages(entries: Sequence[Entry], evidence: Sequence[Evidence]) -> tuple[Passage, ...]:
    """Every line of the evidence that holds data, and every entry of the timeline."""
    told = [
        Passage(
            id=f"T{number}",
            at=entry.at,
            who=role_name(entry.role),
            text=f"{iso(entry.at)} {line(entry.text)}",
            weight=_TELLING.get(entry.kind, 1.0),
        )
        for number, entry in enumerate(entries, start=1)
    ]
    seen = [
        Passage(id=item.id, at=item.at, who=item.tool, text=line(text).removeprefix("- "))
        for item in evidence
        if item.status is EvidenceStatus.OK
        for text in item.summary.splitlines()
        if text.strip().startswith("- ") or len(item.summary.splitlines()) == 1
    ]
    return (*seen, *told)


def ranked(question: str, found: Sequence[Passage], most: int) -> tuple[Passage, ...]:
    """The lines that hold most of the question's rare words, best first; none without any of them."""
    wanted = _words(question)
    held = [(one, _words(one.text) | _words(one.who)) for one in found]
    common = Counter(word for _, words in held for word in words)
    weight = {word: math.log(1 + len(held) / common[word]) for word in wanted if common[word]}
    scored = [
        (one.weight * sum(weight.get(word, 0.0) for word in wanted & words), one) for one, words in held
    ]
    best = sorted((s for s in scored if s[0] > 0), key=lambda s: (-s[0], len(s[1].text), s[1].id))
    once = {one.text: one for _, one in reversed(best)}
    return tuple(one for _, one in best if once[one.text] is one)[:most]


def by_keyword(question: str, found: Sequence[Passage], note: str = "") -> Answer:
    """The answer without a model: the lines of the records that fit the question."""
    lines = ranked(question, found, _SHOWN)
    nothing = "" if lines else "Nothing in the evidence or the timeline speaks of that."
    return Answer(
        question=question,
        engine="playbook",
        claims=tuple(Claim(text=one.text[:_LONGEST], evidence=(one.id,)) for one in lines),
        note=" ".join(part for part in (note, nothing) if part),
    )


def by_model(question: str, said: str, sources: dict[str, str], incident: Incident) -> Answer:
    """A model's lines, each held against the records that it cites.

    What quotes something that they do not hold is left out; what they do not carry is marked as an opinion.
    """
    carried, services = carried_by(incident), incident.services
    grounds = Grounds(
        services=frozenset(services), evidence={name: Source(text) for name, text in sources.items()}
    )
    kept, left_out = [], 0
    for text in filter(None, (row.strip(" -*") for row in said.splitlines())):
        ids = tuple(dict.fromkeys(one for group in _IDS.findall(text) for one in re.split(r"[,;\s]+", group)))
        claim = Claim(text=_IDS.sub("", text).strip(), evidence=tuple(one for one in ids if one in sources))
        honest = text.casefold().startswith(_UNKNOWN)
        if honest or (claim.evidence and not unsupported(claim, grounds)):
            rests_on = [sources[one] for one in claim.evidence] or list(sources.values())
            texts = [Text(one) for one in rests_on]
            kept.append(claim.model_copy(update={"text": held(claim.text, texts, services, carried)}))
        else:
            left_out += 1
    note = f"{left_out} sentence(s) were left out: the records do not hold what they say." if left_out else ""
    return Answer(question=question, engine="llm", claims=tuple(kept), note=note)


def _words(text: str) -> frozenset[str]:
    """The telling words, without case and plural."""
    found = re.findall(r"[a-z0-9][a-z0-9._-]*[a-z0-9]|[a-z0-9]", text.casefold())
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in found if word not in _STOP)
