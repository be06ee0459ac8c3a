"""How often a kind of change was right that was proposed in a site, and lately of one service. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from incidents.action import ActionKind
from incidents.intervals import wilson
from incidents.trust import Proposed, Where
from incidents.value import Value
from incidents.verdicts import Judgement

#: A replay of an alert at which an incident of our own proposed the same is that incident once more.
SAME_ALERT = timedelta(hours=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class TrackRecord(Value):
    """What people said of the proposals of one kind.

    Attributes:
        judged: of how many they have said whether they stood on a right diagnosis, whatever the service.
        right: how many did; partly is not.
        low: the lower bound of the 95 % interval of that share; None: nobody judged any.
        in_a_row: how many of one service were right since the last that was not.
    """

    judged: int = 0
    right: int = 0
    low: float | None = None
    in_a_row: int = 0


def track_record(
    lived: Iterable[Proposed], replayed: Iterable[Proposed], kind: ActionKind, service: str
) -> TrackRecord:
    """The record of a kind of change, and of one service.

    Args:
        lived: what incidents of the site proposed first, to people or in shadow.
        replayed: what replays of its past alerts proposed.
        kind: that of the change.
        service: of which the latest are counted.
    """
    counted = [one for one in _once(lived, replayed) if one.kind is kind and _said(one)]
    right = [one.judgement is Judgement.RIGHT for one in counted]
    own = [one.judgement is Judgement.RIGHT for one in counted if one.service == service]
    return TrackRecord(
        judged=len(right), right=sum(right), low=wilson(sum(right), len(right)).low if right else None,
        in_a_row=next((n for n, good in enumerate(reversed(own)) if not good), len(own)),
    )  # fmt: skip


def _said(one: Proposed) -> bool:
    return one.judgement not in {None, Judgement.DO_NOT_KNOW}


def _once(lived: Iterable[Proposed], replayed: Iterable[Proposed]) -> list[Proposed]:
    """Each incident once, oldest first: what was put to people before what stood in shadow, then replays."""
    found = dict[str, Proposed]()
    for one in sorted(lived, key=lambda one: list(Where).index(one.where)):
        found.setdefault(one.incident, one)
    ours = list(found.values())
    for one in replayed:
        if not any(_same_alert(one, other) for other in ours):
            found[f"{Where.BACKTEST} {one.incident}"] = one
    return sorted(found.values(), key=lambda one: one.at or _NEVER)


def _same_alert(one: Proposed, other: Proposed) -> bool:
    if one.at is None or other.at is None:
        return False
    return one.service == other.service and abs(one.at - other.at) <= SAME_ALERT
