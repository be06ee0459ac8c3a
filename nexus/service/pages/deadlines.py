"""What an incident owes next and who must act, in words. Pure; the moments are `graph.duties`'."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from graph.duties import Duty, DutyKind, agenda
from incidents.access import Permission, allows
from incidents.action import ActionKind, Proposal
from incidents.actor import Actor, person_id
from incidents.incident import Incident
from incidents.runbook import Runbook
from incidents.value import Moment, Value
from nexus.sanitize import role_name


class Deadline(Value):
    """Something that happens at a moment: what, in words that stand before the time."""

    what: str
    at: Moment
    overdue: bool = False


class Turn(StrEnum):
    """Whose turn it is."""

    YOU = "you"
    OTHERS = "others"
    AGENTS = "agents"
    NOBODY = "nobody"


class MustAct(Value):
    """Whose turn it is, who that is in a word, and what they have to do."""

    turn: Turn
    who: str
    what: str = ""


#: How a person calls signing each kind of change.
SIGNING = {
    ActionKind.ROLLBACK: "sign a rollback",
    ActionKind.RESTART: "sign a restart",
    ActionKind.SCALE: "sign a change of scale",
    ActionKind.FAILOVER: "sign a failover",
    ActionKind.HOTFIX: "sign a hotfix",
    ActionKind.FEATURE_FLAG: "sign a change of a flag",
    ActionKind.FALLBACK: "sign a fallback",
}

#: What is only an alarm when it is late: it is not counted down to on a page.
_QUIET = {DutyKind.REMINDER, DutyKind.UNASSIGNED, DutyKind.SILENCE}


def deadlines(
    incident: Incident, runbook: Runbook, threshold: float | None, now: datetime
) -> tuple[Deadline, ...]:
    """What lies ahead of it, the nearest first; `overdue` if the moment has passed.

    Args:
        incident: as it stands.
        runbook: its cadences and escalations.
        threshold: of lost revenue, from which on people are called.
        now: the moment of its clock.
    """
    duties = [one for one in agenda(incident, runbook, threshold) if one.kind not in _QUIET]
    found = [Deadline(what=_said(one), at=one.at, overdue=one.at <= now) for one in duties]
    if incident.open and incident.watch is not None:
        found.append(Deadline(what="watch ends", at=incident.watch.until))
    return tuple(sorted(found, key=lambda one: one.at))


def must_act(incident: Incident, viewer: Actor | None) -> MustAct:
    """Whose turn it is, as somebody sees it."""
    if incident.unsettled:
        what = f"say what became of {incident.unsettled[0].id}"
        mine = viewer is not None and allows(viewer.roles, Permission.RESPOND)
        return MustAct(turn=Turn.YOU if mine else Turn.OTHERS, who="you" if mine else "responders", what=what)
    if incident.pending:
        return _signers(incident.pending, viewer)
    if not incident.open:
        owed = incident.post_mortem is None and not incident.closed
        return MustAct(turn=Turn.AGENTS if owed else Turn.NOBODY, who="agents" if owed else "nobody")
    if incident.rests:
        return MustAct(turn=Turn.NOBODY, who="nobody", what="in shadow all is said")
    if incident.in_peoples_hands:
        return _holders(incident, viewer)
    if incident.watch is not None:
        return MustAct(turn=Turn.NOBODY, who="nobody", what="it is watched")
    return MustAct(turn=Turn.AGENTS, who="agents")


def _signers(pending: Iterable[Proposal], viewer: Actor | None) -> MustAct:
    first = next(iter(pending))
    what = SIGNING[first.action.kind]
    if viewer is not None and allows(viewer.roles, Permission.DECIDE) and not signed(first, viewer):
        return MustAct(turn=Turn.YOU, who="you", what=what)
    who = "an approver" if first.missing <= 1 else f"{first.missing} approvers"
    return MustAct(turn=Turn.OTHERS, who=who, what=what)


def signed(proposal: Proposal, viewer: Actor) -> bool:
    """Whether somebody has decided on it already."""
    return any(viewer.id == one.signer or person_id(one.by) == viewer.id for one in proposal.approvals)


def _holders(incident: Incident, viewer: Actor | None) -> MustAct:
    holder = incident.holder
    if holder is None:
        return MustAct(turn=Turn.OTHERS, who="a responder", what="take it")
    if viewer is not None and person_id(holder) == viewer.id:
        return MustAct(turn=Turn.YOU, who="you", what="end it or give it back")
    return MustAct(turn=Turn.OTHERS, who=holder, what="end it or give it back")


def _said(duty: Duty) -> str:
    if duty.kind is DutyKind.ESCALATION:
        return f"escalates to {', '.join(role_name(one) for one in duty.roles)}"
    if duty.kind is DutyKind.EXPIRY:
        return f"{duty.key.partition(':')[2]} expires"
    return {
        DutyKind.STATUS_UPDATE: "next status update",
        DutyKind.BRIEF: "next brief for managers",
        DutyKind.HELD_REMINDER: "people are reminded",
        DutyKind.HOLDER_SILENT: "paging goes on",
        DutyKind.RESPONSE_BREACH: "first answer due",
        DutyKind.POST_MORTEM_LATE: "post-mortem due",
        DutyKind.SHADOW_END: "ends by itself",
    }[duty.kind]
