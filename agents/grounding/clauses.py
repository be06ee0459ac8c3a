"""A sentence in clauses, each with the services that it speaks of. Pure."""

import re
from collections.abc import Collection, Iterator

from agents.grounding.rows import mentioned
from incidents.value import Value

_JOINT = re.compile(
    r"[,;:]\s+(?!(?:after|before|nach|bevor|après|avant)\b)(?:(?:and|but|while|whereas|und|aber|während|doch|et|mais)\s+)?"
    r"|\s+(?:and|but|while|whereas|und|aber|während|doch|et|mais|tandis que|alors que)\s+",
    re.IGNORECASE,
)
#: When a change was: what follows is told of the change, and not of what the sentence is about.
_DEED = (
    r"(?:rollback|roll|release|deploy|version|change|restart|auslieferung|änderung|neustart|retour|livraison)"
)
_SINCE = re.compile(
    rf"\s+(?:since|after|before|seit|nach|vor|depuis|après|avant)\s+(?=(?:\w+\s|l'){{0,2}}{_DEED})",
    re.IGNORECASE,
)
#: A sentence that begins with when a change was: its version and time are told of the change.
_SINCE_FIRST = re.compile(
    rf"\s*(?:since|after|seit|nach|depuis|après)\s+(?:\w+\s|l'){{0,2}}{_DEED}\w*"
    r"(?:\s(?:of|von|de)\s[\w-]+)?(?:\s(?:to|auf|zu|à)\s\d[\w.]*\w)?(?:\s(?:at|um|à)\s[\d:]+(?:\s(?:utc|uhr)\b)*)?,?\s+",
    re.IGNORECASE,
)
#: How a sentence begins that says when or of how many, and then of whom.
_OPENING = re.compile(
    r"\s*(?:at|since|in|on|of|from|until|before|after|between|seit|um|ab|am|von|bis|nach|vor|zwischen"
    r"|à|depuis|de|dans|sur|avant|après|entre)\b",
    re.IGNORECASE,
)
#: What stands between the names of a list.
_LIST = re.compile(r"[\s,]*(?:and|or|und|oder|et|ou)?[\s,]*(?:the|die|les?)?\s*", re.IGNORECASE)


class Clause(Value):
    """A part of a sentence that says one thing.

    Attributes:
        text: its words.
        about: the services that it names, else those of the clause before it; none: of no service.
        parties: the services that it names, those of one list together, in the order of the sentence.
    """

    text: str
    about: frozenset[str] = frozenset()
    parties: tuple[frozenset[str], ...] = ()


def clauses_of(sentence: str, services: Collection[str]) -> tuple[Clause, ...]:
    """The clauses of a sentence.

    Args:
        sentence: as it was written.
        services: the names that it may hold.
    """
    told: list[Clause] = []
    pieces = list(_parts(sentence, services))
    for number, (text, apart) in enumerate(pieces):
        part = _clause(text, services)
        if not (part.about or apart):
            before = told[-1].about if told else frozenset[str]()
            if not told and _OPENING.match(text):
                before = next((_clause(one, services).about for one, _ in pieces[number + 1 :]), before)
            part = part.model_copy(update={"about": before})
        told.append(part)
    return tuple(told)


def _parts(sentence: str, services: Collection[str]) -> Iterator[tuple[str, bool]]:
    """The pieces between joints, and whether each only says since which change.

    One that is only a name goes with what follows it: "web and checkout".
    """
    names = {name.casefold() for name in services}
    begin = 0
    if first := _SINCE_FIRST.match(sentence):
        yield first[0], True
        begin = first.end()
    ends = [(joint.start(), joint.end()) for joint in _JOINT.finditer(sentence, begin)]
    for end, after in [*ends, (len(sentence), len(sentence))]:
        piece = sentence[begin:end]
        if piece.strip().casefold() in names and end < len(sentence):
            continue
        since = _SINCE.search(piece)
        yield (piece if since is None else piece[: since.start()]), False
        if since is not None:
            yield piece[since.end() :], True
        begin = after


def _clause(text: str, services: Collection[str]) -> Clause:
    parties: list[frozenset[str]] = []
    end = 0
    for place, name in mentioned(text, services):
        if parties and _LIST.fullmatch(text[end:place]):
            parties[-1] |= {name}
        else:
            parties.append(frozenset({name}))
        end = place + len(name)
    return Clause(text=text, about=frozenset().union(*parties), parties=tuple(parties))
