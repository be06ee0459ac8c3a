"""Which cause cards fit what is seen of a part: pure rules over named levels, never a sum of weights."""

import re
from collections.abc import Iterable, Sequence

from agents.playbook.cards.observed import STORES, Observed
from agents.playbook.checks.keywords import quoted, quoted_line
from agents.playbook.checks.symptoms import say_level
from incidents.action import ActionKind
from incidents.causes import Card, Causes, Fact, Harm, Sign, SignLevel
from incidents.findings import Channel
from incidents.value import Value
from incidents.verification import SignalKind

#: Only what says at least so much names a mechanism, or forbids a remedy.
_TELLING = (SignLevel.DECISIVE, SignLevel.CLEAR)


class Seen(Value):
    """One sign of a card that was found, in words."""

    level: SignLevel
    channel: Channel
    said: str
    evidence: str = ""


class Fitting(Value):
    """A card and its signs that were found, the strongest first."""

    card: Card
    signs: tuple[Seen, ...]

    @property
    def level(self) -> SignLevel:
        """How much its strongest sign says."""
        return self.signs[0].level

    @property
    def telling(self) -> bool:
        """Whether it names a mechanism: one clear sign at least, of one cause."""
        return self.level in _TELLING and not self.card.general


def fitting(seen: Observed, causes: Causes) -> tuple[Fitting, ...]:
    """The cards that fit, the one that fits best first.

    Of two cards the one with the stronger sign goes before; of equals the one with more channels that have
    such a sign, then the one that stands first. What is ruled out, or cannot be of such a part, is left out.
    """
    found = []
    for card in causes.cards:
        if not card.may_be(seen.kind) or set(card.unless) & seen.facts:
            continue
        if signs := sorted(_signs(card, seen), key=lambda one: one.level.rank):
            found.append(Fitting(card=card, signs=tuple(signs)))
    return tuple(sorted(found, key=_order))


def _order(one: Fitting) -> tuple[int, int]:
    as_strong = {sign.channel for sign in one.signs if sign.level is one.level}
    return one.level.rank, -len(as_strong)


def _signs(card: Card, seen: Observed) -> Iterable[Seen]:
    yield from _of_lines(card, seen)
    yield from _of_levels(card, seen)
    for text in seen.texts:
        if (sign := _first(card.signs.alerts, text)) is not None:
            said = f"its alert says {quoted(text, 80)}"
            yield Seen(level=sign.level, channel=Channel.TOPOLOGY, said=said)
    if seen.change is not None:
        change, evidence = seen.change
        for changed in (one for one in card.signs.changes if one.fits(change)):
            said = f"{change.id} is a change of that kind"
            yield Seen(level=changed.level, channel=Channel.CHANGES, said=said, evidence=evidence)
    for state in (one for one in card.signs.states if one.fact in seen.facts):
        yield Seen(level=state.level, channel=Channel.METRICS, said=_SAID[state.fact])


def _of_lines(card: Card, seen: Observed) -> Iterable[Seen]:
    """What a caller logs tells of its store where the card is about stores, of any part of the way there."""
    of_store = seen.kind in STORES and bool(card.kinds)
    for line in seen.lines:
        if not (line.own or of_store or (card.at_callers and line.names_it)):
            continue
        if (sign := _first(card.signs.logs, line.template, line.sample)) is not None:
            who = "it logs" if line.own else "a caller logs"
            said = f"{who} {quoted_line(line.template, 80)}"
            yield Seen(level=sign.level, channel=Channel.LOGS, said=said, evidence=line.evidence)


def _of_levels(card: Card, seen: Observed) -> Iterable[Seen]:
    """Traffic exhausts nothing; what holds for a whole category is said of resources alone."""
    for level, evidence in seen.levels:
        used_up = level.kind is SignalKind.SATURATION
        if level.kind is SignalKind.TRAFFIC or (card.general and not used_up):
            continue
        if (sign := _first(card.signs.metrics, level.metric, spelt(level.metric))) is not None:
            said = f"a resource is exhausted ({say_level(level)})" if used_up else say_level(level)
            yield Seen(level=sign.level, channel=Channel.METRICS, said=said, evidence=evidence)


def spelt(metric: str) -> str:
    """A metric's name with `_` between its words, however it is written: `rds.ReplicaLag`, `disk-free`."""
    return re.sub(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])", "_", metric)


def _first(signs: Sequence[Sign], *texts: str) -> Sign | None:
    """The strongest sign that stands in one of the texts."""
    return min((one for one in signs if one.found_in(*texts)), key=lambda one: one.level.rank, default=None)


_SAID = {
    Fact.BUSIER: "a third more is asked of it than usual, or more",
    Fact.GONE: "no instance of it is up",
    Fact.STORE: "it keeps data",
    Fact.CHANGED: "a change is blamed",
    Fact.UNFELT: "users feel nothing",
}


def harm_of(
    action: ActionKind, found: Sequence[Fitting], facts: frozenset[Fact], level: SignLevel
) -> Harm | None:
    """Why a change would make it worse, by any card that fits clearly; the best one's reason.

    Args:
        action: the kind of change.
        found: the cards that fit, best first.
        facts: what is measured of the part that it would be done to.
        level: how much speaks for the change; a card that says less than that does not forbid it.
    """
    against = (one for one in found if one.telling and one.level.rank <= level.rank)
    harms = (harm for one in against for harm in one.card.harms)
    return next((harm for harm in harms if harm.action is action and harm.holds(facts)), None)
