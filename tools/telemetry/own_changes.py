"""Which recorded changes are what Nexus did itself: they came after the trouble, and are told as its own."""

from collections.abc import Sequence
from datetime import timedelta

from incidents.action import ActionKind, ActionState
from incidents.changes import Change, ChangeKind
from incidents.incident import Incident
from tools.analysis.model import OwnChange
from tools.telemetry.observation import acted_at

#: A record is written a little before or after the action is told to be done.
_APART = timedelta(minutes=5)
#: How a record of an action is kept; of the others there is none.
_KEPT_AS = {
    ActionKind.ROLLBACK: {ChangeKind.DEPLOY, ChangeKind.CONFIG},
    ActionKind.HOTFIX: {ChangeKind.DEPLOY},
    ActionKind.SCALE: {ChangeKind.SCALE},
    ActionKind.FEATURE_FLAG: {ChangeKind.FLAG, ChangeKind.CONFIG},
    ActionKind.FALLBACK: {ChangeKind.FLAG, ChangeKind.CONFIG},
    ActionKind.RESTART: {ChangeKind.INFRA, ChangeKind.DEPLOY},
    ActionKind.FAILOVER: {ChangeKind.INFRA, ChangeKind.CONFIG},
}


def made_here(incident: Incident, changes: Sequence[Change]) -> tuple[OwnChange, ...]:
    """The changes that fit an action of this incident in service, kind and time, a rollback in version."""
    return tuple(
        OwnChange(change=change.id, action=proposal.id)
        for proposal in incident.proposals
        if proposal.state is ActionState.DONE and proposal.outcome is not None
        for change in changes
        if change.service == proposal.action.service
        and change.kind in _KEPT_AS[proposal.action.kind]
        and abs(change.time - acted_at(proposal)) <= _APART
        and proposal.action.arguments.version in {None, change.version_to}
    )


def say_ours(change: str, ours: Sequence[OwnChange]) -> str:
    """That a change is Nexus's own, with the action's id; empty for any other."""
    action = next((one.action for one in ours if one.change == change), None)
    return f" (made by Nexus as {action}, after the incident had begun)" if action is not None else ""
