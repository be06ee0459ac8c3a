"""From hints to competing hypotheses: pure rules that weigh what was seen.

A service is as suspect as the hints that mark it; among the kinds of cause the one with most signs for it and
fewest against it wins. How sure that makes is told in `confidence.py`.
"""

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.playbook.checks.result import Hint
from agents.playbook.diagnosis.confidence import Support, confidence
from incidents.catalogue import Catalogue, ServiceKind
from incidents.findings import Category, Channel, Confidence, Hypothesis
from tools.plainly import plainly
from tools.telemetry.observe import topology

#: A service with less than this share of the best one's weight is no rival.
_RIVAL = 0.85
#: More than this share, shown by a part that does not suffer from it, contests that a service is the cause.
_NEAR = 0.6
#: A service with less than this share is not even named, unless it was changed just before, and near nobody.
_NAMED = 0.3
_MOST = 3
#: Onsets are known to within a sample: what began less than this earlier may have begun at once.
_AT_ONCE = timedelta(seconds=20)
#: What a part says of itself counts half as much again where others saw it too.
_BORNE_OUT = 1.5

_KINDS = (Category.DEPLOYMENT, Category.INFRASTRUCTURE, Category.CODE, Category.DEPENDENCY)


def weigh(hints: Sequence[Hint], catalogue: Catalogue) -> tuple[Hypothesis, ...]:
    """The hypotheses, best first: the winner, real rivals, then what was ruled out and by what.

    Args:
        hints: everything that one role saw.
        catalogue: what runs; a service outside it is never blamed.

    Returns:
        Nothing if no hint marks a service of the catalogue.
    """
    hints = _borne_out(_counted_once(hints))
    places = _places(hints, catalogue)
    if not places:
        return ()
    best = places[0][1]
    made: list[Hypothesis] = []
    for rank, (service, weight) in enumerate(places[:_MOST]):
        about = [hint for hint in hints if hint.service == service]
        field = _field(service, hints, places, catalogue)
        explained = _explained(service, about, catalogue, field)
        other = explained[0].model_copy(update={"confidence": Confidence.LOW})
        if rank == 0:
            made += explained
        elif weight >= _RIVAL * best and made[0].category is not Category.UNKNOWN:
            made.append(other)
        elif weight >= _NAMED * best or any(_blames_a_change(hint) for hint in about):
            made.append(other.model_copy(update={"ruled_out_by": _why_less(about, hints, places[0][0])}))
    spared = _spared(hints, catalogue, {one.service for one in made if one.ruled_out_by is None})
    told = {(one.service, one.category) for one in spared}
    made = [one for one in made if (one.service, one.category) not in told]
    return (made[0], *sorted((*made[1:], *spared), key=lambda one: one.ruled_out_by is not None))


def _spared(hints: Sequence[Hint], catalogue: Catalogue, blamed: Set[str | None]) -> list[Hypothesis]:
    """Changes that look like the cause by their time, each with what speaks against it."""
    kind = Category.DEPLOYMENT
    against = [hint for hint in hints if hint.against and hint.category is kind]
    changed = dict.fromkeys(hint.service for hint in against if hint.change is not None)
    return [
        _hypothesis(service, kind, Confidence.LOW, about, ruled_out_by=_against(kind, kind, about))
        for service in changed
        if service not in blamed and catalogue.find(service) is not None
        for about in [[hint for hint in hints if hint.service == service]]
    ]


@dataclass(frozen=True)
class _Field:
    """The other services: the weight of each as a share of the one in question.

    `apart` are those that it cannot be the reason of: they began before it did, or they do not call it,
    directly or not, nor does it call them since it was changed. They are weighed by telemetry alone: with
    changes everywhere some fit by chance. `overturned`: by telemetry alone another one goes before it, and
    no change was made just before it began.
    """

    rivals: tuple[float, ...]
    apart: tuple[float, ...]
    overturned: bool = False

    @property
    def contested(self) -> bool:
        level = self.overturned or any(share >= _RIVAL for share in self.rivals)
        return level or any(share > _NEAR for share in self.apart)

    @property
    def empty(self) -> bool:
        return not self.contested and all(share <= _NAMED for share in self.apart)


def _field(
    service: str, hints: Sequence[Hint], places: Sequence[tuple[str, float]], catalogue: Catalogue
) -> _Field:
    shown = [hint for hint in _placing(hints) if hint.channel is not Channel.CHANGES]
    seen = {name: [one for one in shown if one.service == name] for name in {one.service for one in shown}}
    weights = {name: _sum(about) for name, about in seen.items()}
    own, began = weights.get(service, 0.0), _began(seen.get(service, ()))
    near = any(_blames_a_change(hint) and hint.near for hint in hints if hint.service == service)
    needs = topology(catalogue)
    below = needs.distances(service) if near else {service: 0}
    clear = {hint.service for hint in shown if not hint.faint} - {service}
    apart = [
        weights[name] / own if own else math.inf
        for name in clear
        if _before(_began(seen[name]), began) or not (name in below or service in needs.distances(name))
    ]
    rivals = [weight / places[0][1] for name, weight in places if name != service]
    overturned = not near and any(weight > own for weight in weights.values())
    return _Field(rivals=tuple(rivals), apart=tuple(apart), overturned=overturned)


def _began(about: Iterable[Hint]) -> datetime | None:
    return min((hint.onset for hint in about if hint.onset is not None), default=None)


def _before(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and other - one > _AT_ONCE


def _counted_once(hints: Sequence[Hint]) -> list[Hint]:
    """The same change seen through two tools is one sign: the heaviest counts, the others are only cited."""
    heaviest: dict[tuple[str, str | None], Hint] = {}
    for hint in hints:
        if _blames_a_change(hint):
            key = (hint.service, hint.change)
            heaviest[key] = max(
                heaviest.get(key, hint), hint, key=lambda one: (one.weight, one.category or "", one.text)
            )
    return [
        hint.model_copy(update={"weight": 0.0})
        if _blames_a_change(hint) and heaviest[hint.service, hint.change] is not hint
        else hint
        for hint in hints
    ]


def _borne_out(hints: list[Hint]) -> list[Hint]:
    """A part outside that says itself that it is down, and whose calls were seen to fail, weighs more."""
    seen = {h.service for h in hints if h.ranked and h.channel is not Channel.TOPOLOGY}
    return [
        hint.model_copy(update={"weight": _BORNE_OUT * hint.weight})
        if hint.ranked and hint.channel is Channel.TOPOLOGY and hint.service in seen
        else hint
        for hint in hints
    ]


def _blames_a_change(hint: Hint) -> bool:
    named = hint.channel is Channel.CHANGES and hint.change is not None
    return named and hint.category is not None and not hint.against


def _places(hints: Sequence[Hint], catalogue: Catalogue) -> list[tuple[str, float]]:
    """The services by what marks them, heaviest first."""
    marks = _placing(hints)
    found = {
        service: _sum(hint for hint in marks if hint.service == service)
        for service in dict.fromkeys(hint.service for hint in hints)
        if catalogue.find(service) is not None
    }
    ranked = {name: _sum(h for h in marks if h.service == name and h.ranked) for name in found}
    listed = {name: place for place, name in enumerate(catalogue.names)}
    # Of equals the one that the ranking suspects more, else that of the catalogue's order: no name decides.
    order = sorted(found, key=lambda name: (-found[name], -ranked[name], listed[name]))
    return [(name, found[name]) for name in order if found[name] > 0]


def _placing(hints: Sequence[Hint]) -> list[Hint]:
    """What tells where it is; signs against a kind of cause clear no place.

    Where the suspects were ranked, that has weighed all telemetry and who explains whom: beside it only
    changes count, or a caller that suffers most would go before what it calls.
    """
    marks = [hint for hint in hints if not hint.against]
    if any(hint.ranked for hint in marks):
        return [hint for hint in marks if hint.ranked or hint.channel is Channel.CHANGES]
    return marks


def _sum(hints: Iterable[Hint]) -> float:
    return math.fsum(hint.weight for hint in hints)


def _explained(service: str, about: list[Hint], catalogue: Catalogue, field: _Field) -> list[Hypothesis]:
    """One service: the kind of cause that fits best, then the others with what speaks against them."""
    totals = {
        kind: _sum(h for h in about if h.category is kind and not h.against)
        - _sum(h for h in about if h.category is kind and h.against)
        for kind in _KINDS
    }
    if any(_blames_a_change(hint) for hint in about):  # what ran out with it is its damage
        totals[Category.DEPLOYMENT] += _sum(h for h in about if h.category and _marks(h, Category.DEPLOYMENT))
    winner = max(_KINDS, key=lambda kind: totals[kind])
    guessed = totals[winner] <= 0
    if guessed:
        winner = _by_kind(service, catalogue)
    sure = confidence(_standing(about, winner, field, guessed=guessed))
    return [
        _hypothesis(service, winner, sure, about),
        *(
            _hypothesis(service, kind, Confidence.LOW, about, ruled_out_by=_against(kind, winner, about))
            for kind in _KINDS
            if kind is not winner and _was_weighed(kind, about, known=winner is not Category.UNKNOWN)
        ),
    ]


def _was_weighed(kind: Category, about: list[Hint], *, known: bool) -> bool:
    """Whether signs told of a kind of cause; where none is known, only what was believed and then cleared."""
    told = {hint.against for hint in about if hint.category is kind}
    return bool(told) if known else told == {True, False}


def _by_kind(service: str, catalogue: Catalogue) -> Category:
    """Without a sign only what the part is tells: that other kinds were ruled out is no sign of the rest."""
    found = catalogue.find(service)
    kind = found.kind if found is not None else ServiceKind.SERVICE
    if kind is ServiceKind.EXTERNAL:
        return Category.DEPENDENCY
    if kind in {ServiceKind.DATABASE, ServiceKind.QUEUE}:
        return Category.INFRASTRUCTURE
    return Category.UNKNOWN


def _standing(about: list[Hint], category: Category, field: _Field, *, guessed: bool) -> Support:
    """What stands behind one kind of cause of one service."""
    signs = [h for h in about if not h.against and (h.category is category or _marks(h, category))]
    channels = {h.channel for h in signs if h.near or h.channel is not Channel.CHANGES} - {Channel.TOPOLOGY}
    changed = any(
        h.change and h.near and h.category is category and h.channel is Channel.CHANGES for h in signs
    )
    named = any(h.named for h in signs)  # it is wrong in any case, whatever else is
    return Support(
        sources=len(channels),
        settled=changed or named,
        alone=field.empty,
        contested=field.contested and not named,
        faint=all(hint.faint for hint in signs),
        guessed=guessed,
    )


def _hypothesis(
    service: str,
    category: Category,
    sure: Confidence,
    about: list[Hint],
    ruled_out_by: str | None = None,
) -> Hypothesis:
    signs = [h for h in about if not h.against and h.category is category]
    marks = [h for h in about if not h.against and _marks(h, category)]
    used = sorted([*signs, *(marks if ruled_out_by is None else [])], key=lambda h: -h.weight)
    blamed = category in {Category.DEPLOYMENT, Category.INFRASTRUCTURE, Category.CODE}
    contrary = [h for h in about if h.against and h.category is category]
    named = [h for h in used if h.channel is Channel.CHANGES] + (contrary if ruled_out_by is not None else [])
    change = next((h.change for h in named if h.change), None)
    return Hypothesis(
        service=service,
        category=category,
        confidence=sure,
        summary=_told(service, category, signs, marks if ruled_out_by is None else []),
        change=change if blamed else None,
        onset=min((h.onset for h in used if h.onset is not None), default=None),
        evidence=tuple(dict.fromkeys(hint.evidence for hint in ((*used, *contrary) or about))),
        ruled_out_by=ruled_out_by,
    )


def _marks(hint: Hint, category: Category) -> bool:
    """Whether a hint shows the damage; a release carries code and settings: what these log is its damage."""
    return hint.category is None or (
        category is Category.DEPLOYMENT
        and hint.category in {Category.CODE, Category.INFRASTRUCTURE}
        and hint.channel is Channel.LOGS
    )


#: What a kind of cause is about where nothing more is known of it.
_BARE = {
    Category.DEPLOYMENT: "what was changed in {}",
    Category.INFRASTRUCTURE: "what {} runs on, and its capacity",
    Category.CODE: "the code of {}",
    Category.DEPENDENCY: "{} itself, outside of our reach",
}


def _told(service: str, category: Category, signs: list[Hint], marks: list[Hint]) -> str:
    """One sentence: the strongest sign, what is felt and logged, what it says itself, each once."""
    used = sorted([*signs, *marks], key=lambda hint: -hint.weight)
    logged = [hint for hint in used if hint.channel is Channel.LOGS]
    felt = [hint for hint in used if hint.channel in {Channel.METRICS, Channel.TRACES}]
    asked = [hint for hint in marks if hint.itself]
    first = sorted(signs, key=lambda hint: -hint.weight)
    shown = (*first[:1], *felt[:1], *logged[:1], *asked[:1])
    texts = list(dict.fromkeys(plainly(hint.text) for hint in shown))
    if not texts:
        return _BARE.get(category, "an unknown cause in {}").format(service)
    if first and first[0].channel is Channel.CHANGES and not texts[0].startswith("a "):
        since = f"; since then {', and '.join(texts[1:])}" if texts[1:] else ""
        return f"The {texts[0]} brought it{since}"
    return f"{service}: {', and '.join(texts)}"


def _against(kind: Category, winner: Category, about: list[Hint]) -> str:
    """What speaks against one kind of cause, in words."""
    contrary = max(
        (h for h in about if h.category is kind and h.against), key=lambda h: h.weight, default=None
    )
    if contrary is not None:
        return plainly(contrary.text)
    better = max(
        (h for h in about if h.category is winner and not h.against), key=lambda h: h.weight, default=None
    )
    if winner is Category.DEPLOYMENT and better is not None:
        return f"it began with a change that explains it: {plainly(better.text)}"
    return f"there are fewer signs of it than of {winner}"


def _why_less(about: list[Hint], hints: Sequence[Hint], winner: str) -> str:
    """Why another service is less likely: it began later, or less speaks for it."""
    own, first = _began(about), _began(hint for hint in hints if hint.service == winner)
    if own is not None and first is not None and own > first:
        minutes = (own - first).total_seconds() / 60
        if minutes >= 1:
            return f"it deviates {minutes:.0f} min later than {winner}"
    ranked = [hint for hint in hints if hint.service == winner and not hint.against and hint.category is None]
    strongest = max(ranked, key=lambda hint: hint.weight, default=None)
    return f"less speaks for it than for {winner}{f' ({plainly(strongest.text)})' if strongest else ''}"
