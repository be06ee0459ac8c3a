"""Whether what a clause says of a service was read of that service, and not of another. Pure.

All words of a sentence may stand in its evidence and the sentence be false: figures of another service, a
person of another change, up for down, one service's trouble from another. So each clause is held against the
rows that speak of the services that it speaks of.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from agents.grounding.clauses import Clause, clauses_of
from agents.grounding.figures import read
from agents.grounding.quotes import Text, missing
from agents.grounding.rows import Row, rows_of
from agents.grounding.signs import has, sign
from agents.grounding.spelled import spelled
from agents.grounding.vocabulary import Kind, forms, vocabulary, words_of
from incidents.language import Language
from incidents.value import Value

_NUMBER = r"(\d+(?:\.\d+)?(?:e-?\d+)?)"
#: A level with what it is set against, as tools write them; in the order from, to.
_USUAL = re.compile(rf"{_NUMBER} ?[^\s\d(]{{0,3}} \(usual {_NUMBER}")
_JUDGED = re.compile(rf"usual {_NUMBER}[^,]*, before {_NUMBER}[^,]*, after {_NUMBER}")
_ARROW = re.compile(rf"{_NUMBER} ?[^\s\d]{{0,3}} -> {_NUMBER}")
_WINDOW = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?Z? to (?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d(?::\d\d)?"
)
_DEEDS = ("undoing", "releasing")
_FAILURES = ("timeout", "crash", "refuse")
_MEASURES = ("errors", "latency", "traffic")


class _Move(Value):
    """From one level to another, and what it is a level of."""

    label: str
    start: float
    end: float


def unborne(
    sentence: str, texts: Sequence[str], services: frozenset[str], language: Language = Language.EN
) -> Iterator[str]:
    """What a sentence says of a service that was not read of it.

    Args:
        sentence: as it was written.
        texts: what it may rest on.
        services: the catalogue's names.
        language: in whose forms its figures are.
    """
    rows = [row for text in texts for row in rows_of(text, services)]
    clauses = clauses_of(sentence, services)
    yield from _ordered(sentence, clauses, rows)
    for clause in clauses:
        own = [row for row in rows if not row.about or not row.about.isdisjoint(clause.about)]
        if clause.about:
            yield from _lent(clause, own, rows, language)
            yield from _related(clause, rows)
        else:
            own = rows
            yield from _scattered(clause, rows, language)
        yield from _dated(clause, rows)
        yield from _counted(clause, own)
        yield from _failed(clause, own)
        if not has("unknown", sentence):
            yield from _moved(clause, own)
            yield from _placed(clause, own)


def _lent(clause: Clause, own: Sequence[Row], rows: Sequence[Row], language: Language) -> Iterator[str]:
    """Figures, times, versions and strange words that only rows of other services hold."""
    elsewhere = [word for word in _strange(clause) if not _says(own, word) and _says(rows, word)]
    if _quotes(clause, language):
        here, everywhere = (Text("\n".join(row.text for row in some)) for some in (own, rows))
        absent = missing(clause.text, [here], names=clause.about, language=language)
        elsewhere += [item for item in absent if not missing(item, [everywhere], language=language)]
    if elsewhere:
        of = ", ".join(sorted(clause.about))
        yield f"what was read of {of} does not say {', '.join(dict.fromkeys(elsewhere))}"


def _scattered(clause: Clause, rows: Sequence[Row], language: Language) -> Iterator[str]:
    """A strange word beside a version or time, of no service: somebody, and what another did."""
    strange = _strange(clause)
    if not strange or not _quotes(clause, language):
        return
    some = [row for row in rows if all(_says([row], word) for word in strange)]
    if not any(not missing(clause.text, [Text(row.text)], language=language) for row in some):
        yield f"no row that was read says all of {clause.text.strip()}"


def _strange(clause: Clause) -> list[str]:
    """The words that are taken from evidence, being none that measurements are told with."""
    names = {part for name in clause.about for part in words_of(name)}
    return [word for word in words_of(clause.text) if word not in names and not vocabulary().knows(word)]


def _quotes(clause: Clause, language: Language) -> bool:
    quoted = read(spelled(clause.text, language))
    return bool(quoted.figures or quoted.versions or quoted.clocks)


def _says(rows: Sequence[Row], word: str) -> bool:
    return any(not _forms(row.text).isdisjoint(forms(word)) for row in rows)


@lru_cache(maxsize=4096)
def _forms(text: str) -> frozenset[str]:
    return frozenset(form for word in words_of(text) for form in forms(word))


def _related(clause: Clause, rows: Sequence[Row]) -> Iterator[str]:
    """Two services that a clause sets in relation, and no row names together."""
    if len(clause.parties) < 2 or has("beside", clause.text) or has("cause", clause.text):
        return
    first, second = clause.parties[:2]
    for row in rows:
        if not row.about.isdisjoint(first) and not row.about.isdisjoint(second):
            return
    yield f"nothing that it rests on names {', '.join(sorted(first))} with {', '.join(sorted(second))}"


def _ordered(sentence: str, clauses: Sequence[Clause], rows: Sequence[Row]) -> Iterator[str]:
    """Which of two services broke first, where no row tells of both."""
    named = [party for clause in clauses for party in clause.parties]
    if len(named) < 2 or not has("order", sentence) or not has("fails", sentence) or has("cause", sentence):
        return
    everybody = frozenset().union(*named)
    if len(everybody) > 1 and not any(len(row.about & everybody) > 1 for row in rows):
        yield "nothing that it rests on tells which came first"


def _failed(clause: Clause, own: Sequence[Row]) -> Iterator[str]:
    """How it is said to fail, where nothing was read of that kind of failure."""
    for kind in _FAILURES:
        if (found := sign(kind).search(clause.text)) and not any(has(kind, row.text) for row in own):
            yield f"nothing that it rests on says {found[0]}"


def _dated(clause: Clause, rows: Sequence[Row]) -> Iterator[str]:
    """Since what was done, where the time is that of something else."""
    clocks = " ".join(clock.text for clock in read(clause.text).clocks)
    deeds = [deed for deed in _DEEDS if has(deed, clause.text)]
    if not clocks or not deeds:
        return
    then = [row for row in rows if not missing(clocks, [Text(row.text)])]
    if then and not any(has(deed, row.text) for deed in deeds for row in then):
        yield f"what was read of {clocks} is something else"


def _counted(clause: Clause, own: Sequence[Row]) -> Iterator[str]:
    """People that were counted by something else: lines, requests."""
    for found in sign("people").finditer(clause.text):
        if not any(has("person", row.text) and not missing(found[0], [Text(row.text)]) for row in own):
            yield f"nothing that it rests on counts {found[0]}"


def _moved(clause: Clause, own: Sequence[Row]) -> Iterator[str]:
    """Up or down, where what was measured did not go that way."""
    for way, rises in (("up", True), ("down", False)):
        found = sign(way).search(clause.text)
        if found is None or any(found[0].casefold() in row.text.casefold() for row in own):
            continue
        moves = [move for row in own for move in _moves(row.text, usual=has("earlier", clause.text))]
        measure = next((one for one in _MEASURES if has(one, clause.text)), None)
        named = [move for move in moves if measure and has(measure, move.label)] or moves
        if not any((move.end > move.start) is rises and move.end != move.start for move in named):
            yield f"nothing that it rests on went {way} ({found[0]})"


def _moves(line: str, *, usual: bool) -> Iterator[_Move]:
    for part in re.split(r"; |[:,] (?=[a-z])", line) if _JUDGED.search(line) is None else (line,):
        for now, was in _USUAL.findall(part):
            yield _Move(label=part, start=float(was), end=float(now))
        for was, now in _ARROW.findall(part):
            yield _Move(label=part, start=float(was), end=float(now))
        for quiet, before, after in _JUDGED.findall(part):
            yield _Move(label=part, start=float(quiet if usual else before), end=float(after))


def _placed(clause: Clause, own: Sequence[Row]) -> Iterator[str]:
    """Before or after, where what was read says the contrary."""
    said = {way for way in ("before", "after") if has(f"{way}_onset", clause.text)}
    at = " ".join(clock.text for clock in read(clause.text).clocks)
    timed = [row for row in own if at and not missing(at, [Text(row.text)])]
    told = {way for way in ("before", "after") if any(f"{way} the onset" in row.text for row in timed or own)}
    if said and told and said.isdisjoint(told):
        yield f"what was read says {', '.join(told)} the onset"
    began = has("first", clause.text) or (has("since", clause.text) and has("fails", clause.text))
    if began and (clocks := _begun_otherwise(clause.text, own)):
        yield f"nothing that it rests on began at {', '.join(clocks)}"
    if has("ahead", clause.text) and (has("fine", clause.text) or _well(clause.text)):
        yield "it was not measured to be over before the change"


def _begun_otherwise(text: str, own: Sequence[Row]) -> tuple[str, ...]:
    """The times of a text that were read as the ends of a window only: when was looked, not what was seen."""
    seen = Text("\n".join(_WINDOW.sub(" ", row.text) for row in own))
    clocks = {clock.text for clock in read(text).clocks}
    return tuple(item for item in missing(text, [seen]) if item in clocks)


def _well(text: str) -> bool:
    return not vocabulary().claims[Kind.RECOVERY].isdisjoint(words_of(text))
