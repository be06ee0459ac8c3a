"""What people did about an occurrence, as the change feed tells it, beside what was proposed. Pure.

It is shown and counts nowhere: that people did the same does not make it right.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from incidents.action import Action, ActionKind
from incidents.changes import Change, ChangeKind
from incidents.value import Moment, Value

#: By which kinds of change an action shows in a feed.
_SHOWS_AS = {
    ActionKind.ROLLBACK: {ChangeKind.DEPLOY, ChangeKind.CONFIG},
    ActionKind.HOTFIX: {ChangeKind.DEPLOY},
    ActionKind.FEATURE_FLAG: {ChangeKind.FLAG},
    ActionKind.SCALE: {ChangeKind.SCALE},
    ActionKind.RESTART: {ChangeKind.INFRA, ChangeKind.DEPLOY},
}


class Deed(StrEnum):
    """How people's changes compare with a proposal."""

    SAME = "same"
    OTHER = "other"
    NONE = "none"


class WhatPeopleDid(Value):
    """The change that answers the proposal, else the first one after the alert.

    Attributes:
        at: when; None where nothing was done.
        before_us: whether it was done before the proposal stood: what was proposed may have seen it.
    """

    deed: Deed
    change: Change | None = None
    at: Moment | None = None
    before_us: bool = False


def what_people_did(
    changes: Sequence[Change], action: Action | None, stood_at: datetime | None
) -> WhatPeopleDid:
    """Compare.

    Args:
        changes: those from the first alert on, oldest first.
        action: what was proposed, or None.
        stood_at: when the proposal stood, or the diagnosis; None: neither did.
    """
    if not changes:
        return WhatPeopleDid(deed=Deed.NONE)
    same = next((one for one in changes if action is not None and is_same(one, action)), None)
    shown = same or changes[0]
    return WhatPeopleDid(
        deed=Deed.SAME if same is not None else Deed.OTHER,
        change=shown,
        at=shown.time,
        before_us=stood_at is not None and shown.time < stood_at,
    )


def is_same(change: Change, action: Action) -> bool:
    """Whether a change did what an action would have done to the same service, as far as both tell."""
    if change.service != action.service or change.kind not in _SHOWS_AS.get(action.kind, set()):
        return False
    wanted = action.arguments
    match action.kind:
        case ActionKind.ROLLBACK:
            return bool(change.version_to) and change.version_to == wanted.version
        case ActionKind.HOTFIX:
            return (
                bool(change.commit) and bool(wanted.commit) and change.commit.startswith(wanted.commit or "")
            )
        case ActionKind.SCALE:
            return change.version_to == str(wanted.replicas)
        case ActionKind.FEATURE_FLAG:
            return (
                wanted.flag is not None and wanted.flag in f"{change.summary} {change.version_to} {change.id}"
            )
        case ActionKind.RESTART:
            return "restart" in change.summary.casefold()
        case _:
            return False
