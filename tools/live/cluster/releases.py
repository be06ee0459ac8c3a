"""The releases that a workload went through, read from the revisions that the cluster keeps. Pure.

A release of an older template uses its object again: the object keeps the time at which it was made, gets a
new revision and remembers the former ones. So that time dates the first of its releases alone. Of the newest
one the workload's condition tells when; of those between only from when to when they can have been.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.live.cluster.objects import Condition
from tools.live.cluster.versions import Revision

#: What the condition `Progressing` tells when a rollout moves on or is complete; other reasons date none.
_ROLLED = frozenset(
    {"NewReplicaSetAvailable", "ReplicaSetUpdated", "FoundNewReplicaSet", "NewReplicaSetCreated"}
)
#: What it tells of a release that began before: it is late, or was paused since, and a pause begins none.
_BEFORE = frozenset({"ProgressDeadlineExceeded", "DeploymentPaused"})
#: The server drops the oldest of a longer list, so that its first one is not the first release.
_FULL_HISTORY = 300


class Release(NamedTuple):
    """One revision as it became the newest.

    Attributes:
        number: of it, then.
        made: the template's object.
        since: not before; None: not known.
        until: not after; None: not known. A time that is known is both.
        again: it was not the first with this template.
    """

    number: int
    made: Revision
    since: datetime | None
    until: datetime | None
    again: bool

    @property
    def at(self) -> datetime | None:
        """When it was, if that is known."""
        return self.since if self.since == self.until else None


def releases(kept: Iterable[Revision], newest: int, progressing: Condition | None) -> Sequence[Release]:
    """Every release that is still known, oldest first.

    Args:
        kept: the revisions of one workload.
        newest: the revision that the workload has now; 0: it is not known.
        progressing: its condition of that type, if the controller has seen what is wanted.
    """
    steps = sorted(
        ((number, place, one) for one in kept for place, number in enumerate(one.numbers) if number),
        key=lambda step: step[0],
    )
    dated: list[datetime | None] = []
    latest: datetime | None = None
    for number, place, one in steps:
        first = place == 0 and len(one.former) < _FULL_HISTORY
        at = one.created if first and _follows(one.created, latest) else None
        if at is None and number == newest:
            at = _rolled_out(progressing, latest)
        dated.append(at)
        latest = at or latest
    found: list[Release] = []
    since: datetime | None = None
    for place, (number, index, one) in enumerate(steps):
        at = dated[place]
        later = (one for one in dated[place + 1 :] if one is not None)
        until = at or next(later, _at_the_latest(progressing, since))
        since = at or since
        found.append(Release(number, one, since, until, again=index > 0))
    return found


def _follows(created: datetime | None, latest: datetime | None) -> bool:
    return created is not None and (latest is None or created >= latest)


def _rolled_out(progressing: Condition | None, latest: datetime | None) -> datetime | None:
    if progressing is None or progressing.reason not in _ROLLED:
        return None
    return progressing.updated if _follows(progressing.updated, latest) else None


def _at_the_latest(progressing: Condition | None, since: datetime | None) -> datetime | None:
    """A rollout that is late or paused began before it was found to be."""
    if progressing is None or progressing.reason not in _BEFORE or not _follows(progressing.updated, since):
        return None
    return progressing.updated
