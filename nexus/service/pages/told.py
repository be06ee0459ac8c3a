"""Who was told what: updates, briefs, escalations, calls to people. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from incidents.incident import Incident
from incidents.value import Moment, Value
from nexus.sanitize import clean, role_name
from nexus.service.pages.ways import WayView, reached, ways
from nexus.store.outbox import MessageDelivery
from nexus.store.records import Message, MessageKind
from tools.plainly import plainly


class ToldKind(StrEnum):
    """What sort of communication it was."""

    STATUS = "status page"
    BRIEF = "managers"
    ESCALATION = "escalation"
    CALL = "call to people"


class ToldView(Value):
    """One communication: to whom, what it says in a line, and whole; `reached`: on which ways, of a call."""

    at: Moment
    kind: ToldKind
    head: str
    text: str
    whole: str
    engine: str = ""
    ways: tuple[WayView, ...] = ()
    reached: str = ""


def told(
    incident: Incident, messages: Sequence[Message], deliveries: Sequence[MessageDelivery] = ()
) -> tuple[ToldView, ...]:
    """Everything that was told, newest first.

    Args:
        incident: its updates, briefs and escalations.
        messages: what was sent, of which the calls to people are taken.
        deliveries: the ways that messages took outside.
    """
    taken: dict[tuple[MessageKind, datetime, str], list[MessageDelivery]] = {}
    for each in deliveries:
        taken.setdefault((each.content.kind, each.content.at, each.content.title), []).append(each)
    calls: dict[str, list[MessageDelivery]] = {}
    for each in deliveries:
        if each.content.kind is MessageKind.PAGE:
            calls.setdefault(each.content.key, []).append(each)

    def by(kind: MessageKind, at: datetime, title: str) -> tuple[WayView, ...]:
        return ways(taken.get((kind, at, title), ()))

    found = [
        ToldView(
            at=one.at, kind=ToldKind.STATUS, head=one.status.value,
            text=f"{one.impact} {one.current_action}", whole=one.text, engine=one.engine,
            ways=by(MessageKind.UPDATE, one.at, one.status),
        )
        for one in incident.updates
    ]  # fmt: skip
    found += [
        ToldView(
            at=one.at, kind=ToldKind.BRIEF, head="Brief", text=_situation(one.text), whole=one.text,
            engine=one.engine, ways=by(MessageKind.BRIEF, one.at, "brief"),
        )
        for one in incident.briefs
    ]  # fmt: skip
    found += [
        ToldView(
            at=one.at, kind=ToldKind.ESCALATION, head=", ".join(role_name(role) for role in one.roles),
            text=one.condition, whole=one.text or one.action, engine=one.engine,
            ways=by(MessageKind.ESCALATION, one.at, one.row),
        )
        for one in incident.escalations
    ]  # fmt: skip
    found += [
        ToldView(
            at=one.at, kind=ToldKind.CALL, head="People on call", text=plainly(one.text), whole=one.text,
            ways=ways(calls.get(one.key, ())), reached=reached(calls.get(one.key, ())),
        )
        for one in messages
        if one.kind is MessageKind.PAGE
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _situation(brief: str) -> str:
    """A brief without its heading."""
    rows = [row for row in clean(brief).splitlines() if row.strip()]
    return rows[1] if len(rows) > 1 else brief
