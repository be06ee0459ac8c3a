"""Ways along the dependencies of the catalogue: who calls whom, over any number of calls. Pure."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from incidents.catalogue import Catalogue

Edges = Mapping[str, frozenset[str]]


def reached(start: Iterable[str], edges: Edges) -> frozenset[str]:
    """The services themselves and all that is reached from them."""
    found = set(start)
    left = list(found)
    while left:
        fresh = edges.get(left.pop(), frozenset()) - found
        found |= fresh
        left += sorted(fresh)
    return frozenset(found)


def around(services: Iterable[str], catalogue: "Catalogue") -> frozenset[str]:
    """The services, all that they need and all that need them; what only needs the same is not among them."""
    start = frozenset(services)
    return reached(start, catalogue.needs) | reached(start, catalogue.callers)


def way(caller: str, called: str, catalogue: "Catalogue") -> tuple[str, ...] | None:
    """The shortest chain of calls from one service to another, both named; None if there is none."""
    edges = catalogue.needs
    before: dict[str, str | None] = {caller: None}
    line = [caller]
    for name in line:
        if name == called:
            break
        for need in sorted(edges.get(name, frozenset())):
            if need not in before:
                before[need] = name
                line.append(need)
    if called not in before:
        return None
    chain: list[str] = []
    step: str | None = called
    while step is not None:
        chain.append(step)
        step = before[step]
    return tuple(reversed(chain))


def path_between(one: str, other: str, catalogue: "Catalogue") -> tuple[str, ...] | None:
    """The chain of calls between two services, whichever of them calls; the shorter one in a circle."""
    chains = [chain for chain in (way(one, other, catalogue), way(other, one, catalogue)) if chain]
    return min(chains, key=lambda chain: (len(chain), chain), default=None)


def deepest(services: Iterable[str], catalogue: "Catalogue") -> frozenset[str]:
    """Those that call none of the others: where a fault that all of them feel can have begun.

    Of services that call each other in a circle, all are kept.
    """
    among = frozenset(services)
    below = {name: reached({name}, catalogue.needs) for name in among}
    return frozenset(
        name
        for name in among
        if not any(other != name and other in below[name] and name not in below[other] for other in among)
    )
