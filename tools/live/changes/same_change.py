"""One change that several tell of is one: by service, version and time. Pure."""

import re
from collections.abc import Iterable
from datetime import timedelta

from incidents.changes import Change, environments

#: What tells of the end of a roll-out, and what tells of its beginning, are no further apart.
APART = timedelta(minutes=15)
#: The same where one of them names no version.
APART_UNNAMED = timedelta(minutes=5)
#: A commit is told by so many of its digits at least.
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FILLED = ("version_from", "version_to", "author", "summary", "commit", "healthy", "environment", "sent")


def merged(told: Iterable[tuple[str, Change]]) -> list[Change]:
    """Each change once.

    Args:
        told: who tells of it, and the change. Of two who tell of the same, the first one's word counts and
            the other's fills what it left out. Two words of one teller are one change only under one id.

    Returns:
        The changes, oldest first.
    """
    found: list[Change] = []
    tellers: list[dict[str, str]] = []
    for teller, change in told:
        near = [
            (abs(known.time - change.time), place)
            for place, known in enumerate(found)
            if tellers[place].get(teller, change.id) == change.id and are_same(known, change)
        ]
        if not near:
            found.append(change)
            tellers.append({teller: change.id})
            continue
        _, place = min(near)
        again = teller in tellers[place]
        tellers[place][teller] = change.id
        found[place] = _filled(found[place], change, latest=again)
    return sorted(found, key=lambda one: one.time)


def are_same(one: Change, other: Change) -> bool:
    """Whether both tell of one change."""
    if (one.service, one.kind) != (other.service, other.kind):
        return False
    here, there = (environments(each.environment or "") for each in (one, other))
    if here and there and here.isdisjoint(there):
        return False
    mine, theirs = _versions(one), _versions(other)
    apart = abs(one.time - other.time)
    if mine and theirs:
        return apart <= APART and any(_equal(a, b) for a in mine for b in theirs)
    return bool(mine or theirs) and apart <= APART_UNNAMED


def _filled(known: Change, other: Change, *, latest: bool) -> Change:
    """The known one, with what it left out; how it ended is the latest word of who told it."""
    filled = {name: getattr(other, name) for name in _FILLED if getattr(known, name) in ("", None)}
    if latest and other.healthy is not None:
        filled["healthy"] = other.healthy
    return known.model_copy(update=filled)


def _versions(change: Change) -> frozenset[str]:
    """What names what was brought; a branch names nothing, since anything may be on it."""
    parts = re.split(r"[@:/\s]+", f"{change.version_to} {change.commit}".casefold())
    return frozenset(part.removeprefix("v") for part in parts if re.search(r"\d", part))


def _equal(one: str, other: str) -> bool:
    """One version; of commits the shorter may be the beginning of the other."""
    if _COMMIT.fullmatch(one) and _COMMIT.fullmatch(other):
        return one.startswith(other) or other.startswith(one)
    return one == other
