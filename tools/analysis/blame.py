"""From signals to suspects: who explains whom, and who counts less."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.findings import Channel
from tools.analysis.hosts import shared_troubles
from tools.analysis.model import NodeKind, Topology
from tools.analysis.signals import Signal

#: A caller suffers from its callee: half of what it shows is taken as that.
_CALLER_OF_ANOMALOUS = 0.5
#: A callee is anomalous for its caller when it shows at least this share of what the caller shows.
_COMPARABLE = 0.5
#: What cannot be looked into or changed is rarely the answer that helps.
_EXTERNAL = 0.5
#: The alert fires there because everything ends there.
_AT_SYMPTOM = 0.5
#: What the symptom's calls never reach can hardly cause it.
_UNREACHED = 0.25
#: A link of a chain of complaints is not its end.
_LINK = 0.25
_ANSWERS = frozenset({"answers", "errors", "presence", "latency"})
#: No channel alone may outweigh what the others agree on.
CHANNEL_CAP = 1.0
#: Further signals of one channel are mostly echoes of its strongest.
_ECHO = 0.25


@dataclass(frozen=True)
class Blame:
    """The signals that speak for one service, already weighted; their strengths sum to the score."""

    service: str
    signals: tuple[Signal, ...]

    @property
    def score(self) -> float:
        """The sum of what each signal adds."""
        return sum(signal.strength for signal in self.signals)

    @property
    def onset(self) -> datetime | None:
        """When its strongest signal with a known beginning began."""
        dated = [signal for signal in sorted(self.signals, key=lambda one: one.order) if signal.onset]
        return dated[0].onset if dated else None


def _capped(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """The signals of one service with echoes reduced and each channel held to its cap."""
    left = dict.fromkeys(Channel, CHANNEL_CAP)
    seen: set[Channel] = set()
    kept = []
    for signal in sorted(signals, key=lambda one: one.order):
        worth = signal.strength * (_ECHO if signal.channel in seen else 1.0)
        worth = min(worth, left[signal.channel])
        seen.add(signal.channel)
        left[signal.channel] -= worth
        if worth > 0 and signal.strength > 0:
            kept.append(signal.scaled(worth / signal.strength))
    return tuple(kept)


def blames(
    signals: Iterable[Signal], topology: Topology, symptom: str | None, complaints: Sequence[Signal] = ()
) -> list[Blame]:
    """Every service with signals, best first; equals in the order of the topology, and no name decides."""
    grouped: dict[str, list[Signal]] = {}
    for signal in signals:
        grouped.setdefault(signal.service, []).append(signal)
    raw = {service: Blame(service, _capped(found)) for service, found in grouped.items()}
    callees, callers, kinds = topology.callees(), topology.callers(), topology.kinds()
    hosts = {name for name, kind in kinds.items() if kind is NodeKind.HOST}
    explained = {
        name: by
        for name, blame in raw.items()
        if (by := _explains(blame, raw, sorted(set(topology.distances(name)) - hosts - {name})))
    }
    alone = {name: one.score for name, one in raw.items() if name not in explained}
    troubles = {one.service: one for one in shared_troubles(alone, topology)}
    raw |= {name: Blame(name, (*raw[name].signals, one)) for name, one in troubles.items()}
    placed = any(callers.get(name) for name in hosts)
    reached = topology.distances(symptom) if symptom and callees.get(symptom) else {}
    # Below a part that others call and that calls nobody there is nothing to end in it.
    deepest = symptom if symptom in callers and not callees.get(symptom) else None
    accused = _accused(complaints, callers)
    weighed = []
    for name, blame in raw.items():
        upon = set(troubles) & (set(callees.get(name, ())) if placed else set(troubles)) - {name}
        under = _explains(blame, raw, sorted(upon)) if name not in hosts else None
        factors = {
            "external": _EXTERNAL
            if kinds.get(name) is NodeKind.EXTERNAL and name not in {one.service for one in complaints}
            else 1.0,
            "where the symptom shows": _AT_SYMPTOM if name == symptom and name != deepest else 1.0,
            "the symptom does not depend on it": _UNREACHED
            if reached and name not in reached and (placed or name not in hosts)
            else 1.0,
            f"it runs on {under}": _CALLER_OF_ANOMALOUS if under else 1.0,
        }
        freed = _passed_on(blame, accused.get(name), complaints)
        if name in explained:
            why = f"partly explained by {explained[name]}"
            freed = tuple(
                one.scaled(_CALLER_OF_ANOMALOUS, why) if one.aspect == "presence" else one for one in freed
            )
        weighed.append(Blame(name, _weighted(freed, factors)))
    places = {node.name: place for place, node in enumerate(topology.nodes)}
    return sorted(weighed, key=lambda one: (-round(one.score, 9), places.get(one.service, len(places))))


def _accused(complaints: Sequence[Signal], callers: Mapping[str, Sequence[str]]) -> dict[str, Signal]:
    """Per witness, what it says of the one that it complains of most.

    Who alone complains of what others call as well has the trouble itself, or on its way there.
    """
    found: dict[str, Signal] = {}
    witnesses: dict[str, set[str]] = {}
    for one in complaints:
        witnesses.setdefault(one.service, set()).add(one.witness)
    for one in complaints:
        alone = len(witnesses[one.service]) == 1 < len(callers.get(one.service, ()))
        if not alone and (one.witness not in found or one.order < found[one.witness].order):
            found[one.witness] = one
    return found


def _passed_on(blame: Blame, accuses: Signal | None, complaints: Sequence[Signal]) -> tuple[Signal, ...]:
    """The trouble of one that complains of a callee as much as its callers do of it is that callee's."""
    own = max((one.strength for one in complaints if one.service == blame.service), default=None)
    if accuses is None or own is None or accuses.strength < _COMPARABLE * own:
        return blame.signals
    why = f"it complains of {accuses.service}"
    return tuple(one.scaled(_LINK, why) if one.aspect in _ANSWERS else one for one in blame.signals)


def _explains(blame: Blame, raw: Mapping[str, Blame], below: Iterable[str]) -> str | None:
    """Which of the parts below shows a comparable share of what this one shows, if any."""
    least = _COMPARABLE * blame.score
    return next((name for name in below if name in raw and raw[name].score >= least), None)


def _weighted(signals: tuple[Signal, ...], factors: Mapping[str, float]) -> tuple[Signal, ...]:
    for why, factor in factors.items():
        if factor < 1:
            signals = tuple(signal.scaled(factor, why) for signal in signals)
    return signals
