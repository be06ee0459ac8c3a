"""What people did about an incident, as the change feed tells it, beside what was proposed. Pure.

It is shown and counts nowhere: that people did the same does not make it right.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.action import Action, ActionKind
from incidents.changes import Change, ChangeKind, Deed, WhatPeopleDid
from incidents.duration import format_duration
from incidents.value import minute

#: By which kinds of change an action shows in a feed.
_SHOWS_AS = {
    ActionKind.ROLLBACK: {ChangeKind.DEPLOY, ChangeKind.CONFIG},
    ActionKind.HOTFIX: {ChangeKind.DEPLOY},
    ActionKind.FEATURE_FLAG: {ChangeKind.FLAG},
    ActionKind.FALLBACK: {ChangeKind.FLAG, ChangeKind.CONFIG},
    ActionKind.FAILOVER: {ChangeKind.INFRA, ChangeKind.CONFIG},
    ActionKind.SCALE: {ChangeKind.SCALE},
    ActionKind.RESTART: {ChangeKind.INFRA, ChangeKind.DEPLOY},
}


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
            return wanted.flag is not None and wanted.flag.casefold() in _text(change)
        case ActionKind.FALLBACK:
            return (wanted.flag or "fallback").casefold() in _text(change)
        case ActionKind.RESTART | ActionKind.FAILOVER:
            return action.kind.value in _text(change)


def _text(change: Change) -> str:
    return f"{change.summary} {change.version_to} {change.id}".casefold()


def ahead(did: WhatPeopleDid | None, stood_at: datetime) -> timedelta | None:
    """How much earlier a proposal stood than people did the same; None where they did not, or before it."""
    if did is None or did.at is None or did.deed is not Deed.SAME or did.before_us:
        return None
    return did.at - stood_at


def told(did: WhatPeopleDid, stood_at: datetime) -> str:
    """The same in words: `people made the same change 4m 10s later, at 2026-11-23 03:18 UTC (shop: back)`."""
    if did.change is None or did.at is None:
        return "people changed nothing, as far as the change feed tells"
    apart = format_duration(abs(did.at - stood_at))
    when = f"{apart} before it stood" if did.before_us else f"{apart} later"
    what = "the same change" if did.deed is Deed.SAME else "another change"
    change = did.change.summary or f"{did.change.kind} {did.change.version_to}".strip()
    return f"people made {what} {when}, at {minute(did.at)} ({did.change.service}: {change})"
