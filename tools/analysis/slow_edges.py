"""Which end of a slow way between two services is to blame."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: A way counts as slowed when it lost at least a quarter of what its caller's slowest way lost.
_COMPARABLE = 0.25
#: One slow way points at its callee; two or more of the same caller may have the caller in common.
_SEVERAL = 2

#: The way into a caller rose as much as its ways out: at least half of it.
_AS_MUCH = 0.5


@dataclass(frozen=True)
class Way:
    """One slowed edge and the extra time per call, in any unit that all share."""

    caller: str
    callee: str
    extra: float


def common_ends(slowed: Iterable[Way], callees: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Callers most of whose ways slowed alike, or that are reached as slowly as they reach: it is their end.

    Args:
        slowed: the ways that became significantly slower.
        callees: all callees of each caller whose way is measured.
    """
    by_caller: dict[str, dict[str, float]] = {}
    into: dict[str, float] = {}
    for way in slowed:
        into[way.callee] = max(way.extra, into.get(way.callee, 0.0))
        ways = by_caller.setdefault(way.caller, {})
        ways[way.callee] = max(way.extra, ways.get(way.callee, 0.0))
    found = set()
    for caller, ways in by_caller.items():
        alike = [name for name, extra in ways.items() if extra >= _COMPARABLE * max(ways.values())]
        shared = len(alike) >= _SEVERAL and 2 * len(alike) > len(callees.get(caller, frozenset()))
        if shared or into.get(caller, 0.0) >= _AS_MUCH * max(ways.values()):
            found.add(caller)
    return frozenset(found)
