"""From signals to suspects: who explains whom, and who counts less."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from incidents.findings import Channel
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


def blames(signals: Iterable[Signal], topology: Topology, symptom: str | None) -> list[Blame]:
    """Every service with signals, best first; equals in the order of the topology, and no name decides."""
    grouped: dict[str, list[Signal]] = {}
    for signal in signals:
        grouped.setdefault(signal.service, []).append(signal)
    raw = {service: Blame(service, _capped(found)) for service, found in grouped.items()}
    callees, kinds = topology.callees(), topology.kinds()
    reached = topology.distances(symptom) if symptom and callees.get(symptom) else {}
    # Below a part that others call and that calls nobody there is nothing to end in it.
    deepest = symptom if symptom in topology.callers() and not callees.get(symptom) else None
    weighed = []
    for service, blame in raw.items():
        factors = [
            (_EXTERNAL, "external") if kinds.get(service) is NodeKind.EXTERNAL else (1.0, ""),
            (_AT_SYMPTOM, "where the symptom shows")
            if service == symptom and service != deepest
            else (1.0, ""),
            (_UNREACHED, "the symptom does not depend on it")
            if reached and service not in reached
            else (1.0, ""),
        ]
        factor, why = _caller_factor(blame, raw, sorted(set(topology.distances(service)) - {service}))
        freed = tuple(
            one.scaled(factor, why) if one.aspect == "presence" and factor < 1 else one
            for one in blame.signals
        )
        weighed.append(Blame(service, _weighted(freed, factors)))
    places = {node.name: place for place, node in enumerate(topology.nodes)}
    return sorted(weighed, key=lambda one: (-round(one.score, 9), places.get(one.service, len(places))))


def _caller_factor(blame: Blame, raw: Mapping[str, Blame], called: Iterable[str]) -> tuple[float, str]:
    for name in called:
        if name in raw and raw[name].score >= _COMPARABLE * blame.score:
            return _CALLER_OF_ANOMALOUS, f"partly explained by {name}"
    return 1.0, ""


def _weighted(signals: tuple[Signal, ...], factors: Iterable[tuple[float, str]]) -> tuple[Signal, ...]:
    for factor, why in factors:
        if factor < 1:
            signals = tuple(signal.scaled(factor, why) for signal in signals)
    return signals
