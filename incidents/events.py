"""Everything that can happen to an incident from outside. Written to the inbox first, handled once."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from incidents.action import Approval, Outcome, Proposal
from incidents.alert import Alert
from incidents.notes import MachineNote, Note
from incidents.severity import Severity
from incidents.usage import UsageLine
from incidents.value import Moment, Value, plain


class _Event(Value):
    id: str = Field(description="unique; handling an id twice changes nothing")
    incident: str
    at: Moment


class AlertsArrived(_Event):
    """The monitoring spoke again: further alerts, or the end of some."""

    kind: Literal["alerts"] = "alerts"
    alerts: tuple[Alert, ...]
    reasons: tuple[str, ...] = Field(default=(), description="of each alert why it joined; none: not told")


class AlertsMatched(_Event):
    """What some of its alerts are about has become known: the same alerts, with their services."""

    kind: Literal["matched"] = "matched"
    alerts: tuple[Alert, ...]


class DecisionMade(_Event):
    """A person approved or rejected a proposal."""

    kind: Literal["decision"] = "decision"
    approval: Approval


class ApprovalRevoked(_Event):
    """A person takes back what was approved before it has begun: it is never begun, people say why."""

    kind: Literal["revoke"] = "revoke"
    by: str
    action: str = Field(description="the id of the proposal")
    digest: str
    note: str = ""


class TimerFired(_Event):
    """The time that the incident wanted to be woken at has come."""

    kind: Literal["timer"] = "timer"


class NoteAdded(_Event):
    """A person gave a hint or a constraint."""

    kind: Literal["note"] = "note"
    by: str
    text: str


class MachineNoteAdded(_Event):
    """A program left a note on a person's behalf; nobody's hint, constraint or target."""

    kind: Literal["machine_note"] = "machine_note"
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


class Acknowledged(_Event):
    """A person says that they have it: the repeated paging rests, the agents go on."""

    kind: Literal["acknowledge"] = "acknowledge"
    by: str
    note: str = ""
    source: str = Field(default="", description="the tool in which they said so; empty: here")
    takes_over: bool = Field(default=False, description="also where somebody else has it")
    until: Moment | None = Field(
        default=None, description="when what they said it by is over, such as a silence; None: it is not"
    )


class SilenceEnded(_Event):
    """The silence by which a person has it was ended before its time: paging goes on."""

    kind: Literal["silence_ended"] = "silence_ended"
    by: str = Field(description="who has it by the silence; who ended it is not told")
    source: str


class HandedOver(_Event):
    """A person hands it to another one, who has it from then on and is asked whether they have heard."""

    kind: Literal["hand_over"] = "hand_over"
    by: str
    to: str
    note: str


class Taken(_Event):
    """A person takes the incident from the agents, or from whoever holds it; what is pending is revoked."""

    kind: Literal["take"] = "take"
    by: str


class GivenBack(_Event):
    """A person gives the incident back to the agents, who begin anew with the note before them."""

    kind: Literal["give_back"] = "give_back"
    by: str
    note: str


class ChangedOutside(_Event):
    """A person changed something outside of Nexus: its effect is watched like that of a change by Nexus."""

    kind: Literal["changed"] = "changed"
    by: str
    service: str
    what: str
    when: Moment


class Mitigated(_Event):
    """A person says that users feel no more of it, though it is not over."""

    kind: Literal["mitigated"] = "mitigated"
    by: str
    note: str = ""


class Resolved(_Event):
    """A person says that it is over; the post-mortem follows."""

    kind: Literal["resolve"] = "resolve"
    by: str
    note: str = ""


class FalseAlarm(_Event):
    """A person says that nothing was wrong."""

    kind: Literal["false_alarm"] = "false_alarm"
    by: str
    note: str = ""


class Reopened(_Event):
    """A person says that an incident which has ended is not over: the agents look again."""

    kind: Literal["reopen"] = "reopen"
    by: str
    note: str


class AlertsTakenOut(_Event):
    """A person took alerts out of it into another incident; with `merged` all of them, and it ends there."""

    kind: Literal["taken_out"] = "taken_out"
    by: str
    reason: str
    into: str
    fingerprints: tuple[str, ...] = ()
    merged: bool = False


class AlertsTakenIn(_Event):
    """A person moved alerts into it: out of a merged incident, or it was opened with what was split off."""

    kind: Literal["taken_in"] = "taken_in"
    by: str
    reason: str
    source: str
    alerts: tuple[Alert, ...] = ()
    notes: tuple[Note, ...] = ()
    machine_notes: tuple[MachineNote, ...] = ()
    merged: bool = False


class QuestionAsked(_Event):
    """A person asked something about it, and a model's answer was paid for; it changes the ledger alone."""

    kind: Literal["question"] = "question"
    spent: UsageLine


#: What people do with an incident, beside deciding and commenting.
Handling = (
    Acknowledged
    | SilenceEnded
    | HandedOver
    | Stopped
    | Taken
    | GivenBack
    | ChangedOutside
    | Mitigated
    | Resolved
    | FalseAlarm
    | Reopened
)

Event = Annotated[
    AlertsArrived
    | AlertsMatched
    | DecisionMade
    | ApprovalRevoked
    | TimerFired
    | NoteAdded
    | MachineNoteAdded
    | SeveritySet
    | AlertsTakenOut
    | AlertsTakenIn
    | Handling
    | ChangeSettled
    | QuestionAsked,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))


def stored_event(kept: object) -> Event:
    """An event that was kept as JSON; as `Value.from_stored`."""
    return EVENT.validate_python(plain(kept), extra="ignore")


#: What no person sent: it waits for the running step, of which there may be hundreds in a storm.
BY_MACHINES = frozenset({"alerts", "matched", "timer", "question", "machine_note", "silence_ended"})


def from_a_person(event: Event) -> bool:
    """Whether a person sent it, which preempts a running step."""
    return event.kind not in BY_MACHINES


#: The kinds after which nothing that was approved before may begin any more.
_REVOKING = {
    "stop": "stopped the agents",
    "take": "took the incident",
    "changed": "changed something outside of Nexus",
    "resolve": "resolved the incident",
    "false_alarm": "called it a false alarm",
    "taken_out": "took alerts out of it",
}


def revokes(event: Event, proposal: Proposal) -> str | None:
    """Who did what that revokes a change that has not begun; None if it does not."""
    if event.kind == "revoke" and (event.action, event.digest) == (proposal.id, proposal.digest):
        return f"{event.by} took the approval of {proposal.id} back"
    deed = _REVOKING.get(event.kind)
    return f"{getattr(event, 'by', 'somebody')} {deed}" if deed is not None else None


def decision(incident: str, approval: Approval) -> DecisionMade:
    """The event of one person's decision; its id says who decided on what."""
    identity = f"{incident}:decision:{approval.action}:{approval.digest[:12]}:{approval.signer}"
    return DecisionMade(id=identity, incident=incident, at=approval.at, approval=approval)
