"""Everything that can happen to an incident from outside. Written to the inbox first, handled once."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from incidents.action import Approval, Outcome
from incidents.alert import Alert
from incidents.incident import UsageLine
from incidents.severity import Severity
from incidents.value import Moment, Value


class _Event(Value):
    id: str = Field(description="unique; handling an id twice changes nothing")
    incident: str
    at: Moment


class AlertsArrived(_Event):
    """The monitoring spoke again: further alerts, or the end of some."""

    kind: Literal["alerts"] = "alerts"
    alerts: tuple[Alert, ...]


class DecisionMade(_Event):
    """A person approved or rejected a proposal."""

    kind: Literal["decision"] = "decision"
    approval: Approval


class TimerFired(_Event):
    """The time that the incident wanted to be woken at has come."""

    kind: Literal["timer"] = "timer"


class NoteAdded(_Event):
    """A person gave a hint or a constraint."""

    kind: Literal["note"] = "note"
    by: str
    text: str


class SeveritySet(_Event):
    """A person set the severity; it stays until a person changes it."""

    kind: Literal["severity"] = "severity"
    by: str
    severity: Severity


class Stopped(_Event):
    """A person stopped the agents: every pending approval is revoked, people take over."""

    kind: Literal["stop"] = "stop"
    by: str
    reason: str


class ChangeSettled(_Event):
    """A person says what became of a change that was begun; its outcome is kept with the intent already."""

    kind: Literal["settle"] = "settle"
    by: str
    action: str = Field(description="the id of the proposal")
    outcome: Outcome


class QuestionAsked(_Event):
    """A person asked something about it, and a model's answer was paid for; it changes the ledger alone."""

    kind: Literal["question"] = "question"
    spent: UsageLine


Event = Annotated[
    AlertsArrived
    | DecisionMade
    | TimerFired
    | NoteAdded
    | SeveritySet
    | Stopped
    | ChangeSettled
    | QuestionAsked,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def stored_event(kept: object) -> Event:
    """An event that was kept as JSON; as `Value.from_stored`."""
    if isinstance(kept, str | bytes):
        return EVENT.validate_json(kept, extra="ignore")
    return EVENT.validate_python(kept, extra="ignore")


def from_a_person(event: Event) -> bool:
    """Whether a person sent it, which preempts a running step."""
    return event.kind in {"decision", "note", "severity", "stop", "settle"}


def decision(incident: str, approval: Approval) -> DecisionMade:
    """The event of one person's decision; its id says who decided on what."""
    identity = f"{incident}:decision:{approval.action}:{approval.digest[:12]}:{approval.signer}"
    return DecisionMade(id=identity, incident=incident, at=approval.at, approval=approval)
