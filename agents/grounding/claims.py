"""Whether a sentence says only what its evidence and the incident's facts carry. Pure.

Nothing understands a paraphrase, so nothing is searched for: a sentence stands unmarked only if each of its
words is one that measurements are told with or that its evidence uses, if it makes no claim of a kind that
the facts do not carry, and if it says of each service what was measured of it. All else is an opinion.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from agents.grounding.borne import unborne
from agents.grounding.carried import Carried
from agents.grounding.figures import read
from agents.grounding.signs import has, sign
from agents.grounding.signs import words as words_in
from agents.grounding.spelled import spelled
from agents.grounding.vocabulary import Kind, forms, vocabulary, words_of
from incidents.language import Language

#: How tools write that there was none of it before.
_USUAL_NONE = re.compile(r"usual 0\b|\bNEW\b|, 0 of \d")
_TROUBLE = re.compile(r"deviat|fail|NEW|\bdown\b|refus|timeout|slow|!", re.IGNORECASE)


def opinions(
    sentence: str,
    texts: Sequence[str],
    services: Iterable[str],
    carried: Carried,
    *,
    names: Iterable[str] = (),
    language: Language = Language.EN,
) -> tuple[str, ...]:
    """Why a sentence is an opinion; nothing: its evidence and the facts carry it.

    Args:
        sentence: as it was written, in English, German or French.
        texts: what it may rest on.
        services: the catalogue's names.
        carried: what the incident's facts carry.
        names: further names that may stand in it, such as the roles'.
        language: in whose forms its figures are.
    """
    named = [name for name in services if _at(sentence, name)]
    plain = _without(sentence, [*named, *(name for name in names if _at(sentence, name))])
    known = vocabulary()
    figures = spelled(plain, language)
    said = words_of(figures)
    held = _held(texts)
    strange = [word for word in said if not known.knows(word) and held.isdisjoint(forms(word))]
    found = [f"nothing that it rests on says {', '.join(dict.fromkeys(strange[:4]))}"] if strange else []
    quoted = read(figures)
    unknown = has("unknown", sentence)
    told = named or quoted.figures or quoted.versions or quoted.clocks or unknown
    if not told and known.anchors.isdisjoint(said):
        found.append("it tells of nothing that is measured")
    usual_none = any(_USUAL_NONE.search(text) for text in texts)
    for kind, words in _kinds(sentence, said):
        if kind is Kind.SCOPE and usual_none and has("nobody", sentence) and has("earlier", sentence):
            continue
        if not _carries(kind, words, sentence, named, carried, held):
            found.append(f"the facts carry no claim of the kind {kind} ({', '.join(words[:3])})")
    if has("over", sentence) and not (carried.recovered or unknown or has("not", sentence)):
        found.append("it was not measured to be over")
    found += _stages(sentence, named, carried)
    found += [f"nothing that it rests on says {said_so}" for said_so in _beyond(sentence, texts)]
    found += unborne(sentence, texts, frozenset(services), language)
    return (*found, *_states(sentence, named, texts, carried))


def _kinds(sentence: str, said: tuple[str, ...]) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    """The kinds of claims that a sentence makes; a cause may be told without a word for it."""
    kinds = vocabulary().kinds(said)
    unnamed = tuple(found[0] for name in ("from", "makes") if (found := sign(name).search(sentence)))
    if unnamed and Kind.CAUSE not in kinds:
        kinds[Kind.CAUSE] = unnamed
    if has("personal_data", sentence):
        kinds[Kind.DATA] = (*kinds.get(Kind.DATA, ()), "personal")
    yield from kinds.items()


def _beyond(sentence: str, texts: Sequence[str]) -> Iterator[str]:
    """What is said to be kept, or to have been left out; telemetry shows neither."""
    for name in ("kept", "omitted"):
        for found in sign(name).finditer(sentence):
            if not has("unknown", sentence) and not any(
                found[0].casefold() in one.casefold() for one in texts
            ):
                yield found[0]


def _stages(sentence: str, named: list[str], carried: Carried) -> Iterator[str]:
    """What ended it before it ended, or by what was not done about it; what goes on although it is over."""
    if has("ends", sentence) and not (carried.recovered and has("undoing", sentence)):
        yield "nothing that was done is measured to have ended it"
    if not carried.recovered or carried.affected.isdisjoint(named):
        return
    still = has("fails", sentence) and any(
        not _negated(sentence, found.start()) for found in sign("still").finditer(sentence)
    )
    if still or has("returned", sentence):
        yield "it was measured to be over"


def _held(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(form for text in texts for word in words_of(text) for form in forms(word))


def _at(text: str, name: str) -> re.Match[str] | None:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)


def _without(sentence: str, names: Iterable[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        sentence = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", sentence, flags=re.IGNORECASE)
    return sentence


def _carries(
    kind: Kind,
    words: tuple[str, ...],
    sentence: str,
    named: list[str],
    carried: Carried,
    held: frozenset[str],
) -> bool:
    """Whether the facts carry what words of a kind claim; saying that it is not known claims nothing."""
    unknown = has("unknown", sentence)
    match kind:
        case Kind.CAUSE:
            return unknown or _blames(words, sentence, named, carried)
        case Kind.RECOVERY:
            negated = has("not", sentence)
            apart = bool(named) and carried.affected.isdisjoint(named) and not has("again", sentence)
            return unknown or apart or carried.recovered is not negated
        case Kind.DATA:
            return _data(words, sentence, carried)
        case Kind.MONEY:
            lost = carried.revenue and has("money", sentence)
            return unknown or (lost and not words_in("paid_back") & set(words))
        case Kind.SCOPE:
            return unknown or has("other", sentence) or _whole(words, sentence, named, carried, held)
        case Kind.DEED:
            return not carried.acted.isdisjoint(named) or held.issuperset(words)
        case _:
            return False


def _data(words: tuple[str, ...], sentence: str, carried: Carried) -> bool:
    said = set(words)
    if has("unknown", sentence) and has("open_question", sentence):
        return said <= words_in("loss") | words_in("risk") | {"personal"}
    if said <= words_in("loss") and has("money", sentence):
        return carried.revenue  # a loss of money
    if said <= words_in("risk"):
        return carried.at_risk and not has("not", sentence)
    return carried.breach and has("suspected", sentence) and said <= {"breach", "personal"}


def _blames(words: tuple[str, ...], sentence: str, named: list[str], carried: Carried) -> bool:
    """Whether what a sentence takes for the cause is what the diagnosis names."""
    if not carried.blamed:
        return False
    at = [found.start() for word in words if (found := re.search(rf"\b{re.escape(word)}", sentence, re.I))]
    told_after = bool(words_in("after") & set(words)) or has("from", " ".join(words))
    after = told_after and not re.search(r"\b(?:is|war|ist|est) (?:the|die|la) \w*", sentence, re.I)
    places = sorted((found.start(), name) for name in named if (found := _at(sentence, name)))
    here = max(at, default=0)
    side = [name for place, name in places if (place > here) is after]
    subject = (side[:1] if after else side[-1:]) or [name for _, name in places[:1]]
    if subject:
        return subject[0] in carried.blamed
    made_of = words_in(carried.category)
    return not made_of.isdisjoint(form for word in words_of(sentence) for form in forms(word))


def _whole(
    words: tuple[str, ...], sentence: str, named: list[str], carried: Carried, held: frozenset[str]
) -> bool:
    """Whether "all" and "none" are what was measured."""
    if has("fails", sentence):
        if has("nobody", sentence):
            fine = bool(named) and carried.affected.isdisjoint(named)
            return fine or carried.recovered
        return carried.down or not held.isdisjoint(words)
    well = has("fine", sentence) or not vocabulary().claims[Kind.RECOVERY].isdisjoint(words_of(sentence))
    if well and (carried.recovered or carried.unaffected):
        return True
    return not held.isdisjoint(words) and bool(has("nobody", sentence))


def _states(sentence: str, named: list[str], texts: Sequence[str], carried: Carried) -> Iterator[str]:
    """What a sentence says of a service that was measured otherwise; a word counts for the nearest one."""
    for found in sign("shortage").finditer(sentence):
        if not any(found[0].casefold() in text.casefold() for text in texts):
            yield f"nothing that it rests on says {found[0]}"
    for word, fine in (("fine", True), ("fails", False), ("unable", False)):
        for found in sign(word).finditer(sentence):
            name = _nearest(sentence, named, found.start())
            if name is None or (word != "unable" and _negated(sentence, found.start())):
                continue
            off = name in carried.affected | carried.blamed
            told_of = has("resource", sentence) or has("compared", sentence[: found.start()])
            if fine and off and not (carried.recovered or told_of or _as_usual(name, texts)):
                yield f"{name} was measured to be off"
            if not fine and not off and not _in_trouble(name, texts):
                yield f"nothing was measured to be wrong with {name}"


def _nearest(sentence: str, named: list[str], at: int) -> str | None:
    before = [
        (found.start(), name) for name in named if (found := _at(sentence, name)) and found.start() < at
    ]
    after = [
        (found.start(), name) for name in named if (found := _at(sentence, name)) and found.start() >= at
    ]
    return max(before)[1] if before else (min(after)[1] if after else None)


def _negated(sentence: str, at: int) -> bool:
    near = sentence[max(0, at - 24) : at + 16]
    return bool(has("not", near) or has("nobody", near) or re.search(r"\b0(?:[.,]0+)? ?%", near))


def _as_usual(name: str, texts: Sequence[str]) -> bool:
    return any(_at(line, name) and "as usual" in line for text in texts for line in text.splitlines())


def _in_trouble(name: str, texts: Sequence[str]) -> bool:
    return any(
        _at(line, name) and _TROUBLE.search(line) and "as usual" not in line
        for text in texts
        for line in text.splitlines()
    )
