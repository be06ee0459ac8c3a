"""Which of the four causes a suspect's signals look like."""

from collections.abc import Iterable

from incidents.findings import Category, Channel
from tools.analysis.model import NodeKind
from tools.analysis.signals import Aspect, Signal

_LOOKS_LIKE: dict[Aspect, Category] = {
    "saturation": Category.INFRASTRUCTURE,
    "network": Category.INFRASTRUCTURE,
    "errors": Category.CODE,
    "presence": Category.CODE,
    "traffic": Category.CODE,
}


def guess(signals: Iterable[Signal], kind: NodeKind | None, *, changed: bool, watched: bool) -> Category:
    """The category that the weight of the signals speaks for.

    Args:
        signals: what speaks for the service, weighted.
        kind: what the service is, None where the topology does not know it.
        changed: whether a deployment, configuration or flag change fits in time and place.
        watched: whether its resources are measured.
    """
    if changed:
        return Category.DEPLOYMENT
    if kind is NodeKind.EXTERNAL:
        return Category.DEPENDENCY
    if kind in {NodeKind.DATABASE, NodeKind.QUEUE}:
        return Category.INFRASTRUCTURE  # nobody here writes its code
    weights: dict[Category, float] = {}
    shown = tuple(signals)
    spared = watched and not any(signal.aspect == "saturation" for signal in shown)
    for signal in shown:
        category = _LOOKS_LIKE.get(signal.aspect, Category.UNKNOWN)
        if spared and signal.aspect == "latency" and signal.channel is Channel.TRACES:
            category = Category.CODE  # it works longer by itself, and none of its resources ran out
        weights[category] = weights.get(category, 0.0) + signal.strength
    # Slowness alone fits every cause: it decides only where nothing else is seen.
    known = {name: weight for name, weight in weights.items() if name is not Category.UNKNOWN}
    return max(sorted(known), key=lambda name: known[name]) if known else Category.UNKNOWN
