"""Who waits for whom: the same rules for every database that tells it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wait:
    """A session (or transaction) that waits for a lock, for how many seconds, and those in its way."""

    pid: int
    seconds: float
    holders: list[int]


def roots(waits: Sequence[Wait]) -> Mapping[int, int]:
    """Those that hold up others and wait for none themselves, by how many are behind each, most first.

    Sessions that wait for each other in a ring have no such root; the server ends one of them by itself.
    """
    holders = {wait.pid: frozenset(wait.holders) for wait in waits}
    behind: Counter[int] = Counter()
    for pid in holders:
        seen, ahead = {pid}, list(holders[pid])
        while ahead:
            one = ahead.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in holders:
                ahead.extend(holders[one])
            else:
                behind[one] += 1
    return dict(behind.most_common())
