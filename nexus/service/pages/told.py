"""Who was told what: updates, briefs, escalations, calls to people. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from incidents.incident import Incident
from incidents.value import Moment, Value
from nexus.sanitize import clean, role_name
from nexus.store.records import Message, MessageKind
from tools.plainly import plainly


class ToldKind(StrEnum):
    """What sort of communication it was."""

    STATUS = "status page"
    BRIEF = "managers"
    ESCALATION = "escalation"
    CALL = "call to people"


class ToldView(Value):
    """One communication: to whom, what it says in a line, and whole."""

    at: Moment
    kind: ToldKind
    head: str
    text: str
    whole: str
    engine: str = ""


def told(incident: Incident, messages: Sequence[Message]) -> tuple[ToldView, ...]:
    """Everything that was told, newest first.

    Args:
        incident: its updates, briefs and escalations.
        messages: what was sent, of which the calls to people are taken.
    """
    found = [
        ToldView(
            at=one.at, kind=ToldKind.STATUS, head=one.status.value,
            text=f"{one.impact} {one.current_action}", whole=one.text, engine=one.engine,
        )
        for one in incident.updates
    ]  # fmt: skip
    found += [
        ToldView(
            at=one.at, kind=ToldKind.BRIEF, head="Brief", text=_situation(one.text), whole=one.text,
            engine=one.engine,
        )
        for one in incident.briefs
    ]  # fmt: skip
    found += [
        ToldView(
            at=one.at, kind=ToldKind.ESCALATION, head=", ".join(role_name(role) for role in one.roles),
            text=one.condition, whole=one.text or one.action, engine=one.engine,
        )
        for one in incident.escalations
    ]  # fmt: skip
    found += [
        ToldView(at=one.at, kind=ToldKind.CALL, head="People on call", text=plainly(one.text), whole=one.text)
        for one in messages
        if one.kind is MessageKind.PAGE
    ]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _situation(brief: str) -> str:
    """A brief without its heading."""
    rows = [row for row in clean(brief).splitlines() if row.strip()]
    return rows[1] if len(rows) > 1 else brief
