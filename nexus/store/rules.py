"""What may be kept beside what is there: decisions, and changes that begin. Every store asks the same."""

from collections.abc import Iterable
from datetime import datetime

from graph.ports import Intent
from incidents.action import Proposal, Verdict
from incidents.change_limits import Begun, Limits, conflict
from incidents.errors import ActionRefused, Withdrawn
from incidents.events import Event, revokes
from incidents.incident import Incident


def begun(proposal: Proposal, at: datetime) -> Intent:
    """The intent to execute a proposal."""
    return Intent(
        key=proposal.execution_key,
        incident=proposal.incident,
        proposal=proposal.id,
        digest=proposal.digest,
        action=proposal.action,
        begun_at=at,
    )


def earlier(intent: Intent, still_open: bool) -> Begun:
    """What an intent means for the limits; one that changed nothing holds nobody back."""
    return Begun(
        incident=intent.incident,
        service=intent.action.service,
        at=intent.begun_at,
        open=still_open and (intent.outcome is None or intent.outcome.done),
    )


def still_wanted(proposal: Proposal, waiting: Iterable[Event]) -> None:
    """Refuse a change that somebody revoked or rejected in words that nobody has read yet.

    Raises:
        Withdrawn: the message says who.
    """
    for event in waiting:
        if (who := revokes(event, proposal)) is not None:
            raise Withdrawn(f"{who} before it began; nothing was executed")
        if event.kind == "decision" and event.approval.verdict is Verdict.REJECT:
            said = event.approval
            if (said.action, said.digest) == (proposal.id, proposal.digest):
                raise Withdrawn(f"{said.by} rejected it before it began; nothing was executed")


def not_closed_if_reopened(incident: Incident, waiting: Iterable[Event]) -> Incident:
    """The incident as it may be saved: a person who opens it again in the moment of its end is heard."""
    reopened = any(one.kind == "reopen" and one.id not in incident.handled_events for one in waiting)
    return incident.evolve(closed=False) if incident.closed and reopened else incident


def within(limits: Limits | None, mine: Intent, others: Iterable[Begun]) -> None:
    """Refuse a change that may not begin beside the others.

    Raises:
        ActionRefused: the message says which rule holds it back.
    """
    why = (
        conflict(mine.incident, mine.action.service, mine.begun_at, limits, tuple(others)) if limits else None
    )
    if why is not None:
        raise ActionRefused(f"{why}; nothing was executed")
