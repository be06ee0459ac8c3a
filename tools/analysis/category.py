"""Which of the four causes a suspect's signals look like; none without a sign of its own."""

from collections.abc import Iterable

from incidents.findings import Category, Channel
from tools.analysis.model import NodeKind
from tools.analysis.signals import Aspect, Signal

_LOOKS_LIKE: dict[Aspect, Category] = {
    "saturation": Category.INFRASTRUCTURE,
    "network": Category.INFRASTRUCTURE,
    "presence": Category.CODE,
    "traffic": Category.CODE,
}


def guess(signals: Iterable[Signal], kind: NodeKind | None, *, changed: bool) -> Category:
    """The category that the weight of the signals speaks for.

    Args:
        signals: what speaks for the service, weighted.
        kind: what the service is, None where the topology does not know it.
        changed: whether a deployment, configuration or flag change fits in time and place.
    """
    if changed:
        return Category.DEPLOYMENT
    if kind is NodeKind.EXTERNAL:
        return Category.DEPENDENCY
    if kind in {NodeKind.DATABASE, NodeKind.QUEUE, NodeKind.HOST}:
        return Category.INFRASTRUCTURE  # nobody here writes its code
    weights: dict[Category, float] = {}
    signals = tuple(signals)
    short = any(signal.aspect == "saturation" for signal in signals)
    for signal in signals:
        category = _LOOKS_LIKE.get(signal.aspect, Category.UNKNOWN)
        if signal.aspect == "errors" and signal.channel is Channel.TRACES:
            category = Category.CODE  # no call that it made had failed when it did
        if signal.aspect == "latency" and signal.channel is Channel.TRACES and not short:
            category = Category.CODE  # neither what it calls nor the way there took longer, but its own work
        weights[category] = weights.get(category, 0.0) + signal.strength
    # Slowness and failures fit every cause: they decide nothing.
    known = {name: weight for name, weight in weights.items() if name is not Category.UNKNOWN}
    return max(sorted(known), key=lambda name: known[name]) if known else Category.UNKNOWN
