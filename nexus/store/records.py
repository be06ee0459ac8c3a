"""What the store knows beside the incident itself: summaries, worlds, leases, messages."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from pydantic import Field

from graph.ports import Intent
from incidents.action import Approval, Proposal, Verdict
from incidents.change_limits import Begun, Limits, conflict
from incidents.errors import ActionRefused, ApprovalRefused, Bar, Withdrawn
from incidents.events import Event, revokes
from incidents.incident import Incident
from incidents.severity import HeldBy, Severity, Status, Step
from incidents.value import Moment, Value


class WorldKind(StrEnum):
    """Which sort of world an incident was opened with."""

    CASE = "case"
    LIVE = "live"


#: The site of a live world whose settings give it no name, and of every live incident of 0.1.0.
DEFAULT_SITE = "default"

#: What is driven first when much is due. One that is not classified yet may be anything: it comes behind
#: those that are known to be severe, of which a storm holds few, and before those that are known to be mild.
_URGENCY = (Severity.P0, Severity.P1, None, Severity.P2, Severity.P3)


def urgency(severity: Severity | None, alerted: Severity | None = None) -> int:
    """The place among what is due, 0 first: by the severity, or by alerts that say it is a P0 or a P1."""
    said = _URGENCY.index(alerted) if alerted in (Severity.P0, Severity.P1) else len(_URGENCY)
    return min(_URGENCY.index(severity), said)


class WorldRef(Value):
    """What an incident was opened with: a recorded case, or the settings of a live world."""

    kind: WorldKind
    path: str


class Summary(Value):
    """One line of the list of incidents."""

    id: str
    title: str
    severity: Severity | None
    status: Status
    step: Step
    engine: str
    services: tuple[str, ...]
    waiting: int
    unsettled: int = Field(default=0, description="changes of which nobody knows what became")
    held_by: HeldBy | None = Field(default=None, description="agents or people; null: kept by 0.1.0")
    opened_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, incident: Incident, updated_at: Moment) -> Self:
        """The summary of an incident; `waiting` counts the proposals that wait for people."""
        return cls(
            id=incident.id,
            title=incident.title,
            severity=incident.severity,
            status=incident.status,
            step=incident.step,
            engine=incident.engine,
            services=incident.services,
            waiting=len(incident.pending),
            unsettled=len(incident.unsettled),
            held_by=incident.held_by,
            opened_at=incident.opened_at,
            updated_at=updated_at,
        )

    @classmethod
    def unreadable(cls, identity: str, opened_at: Moment, why: str) -> Self:
        """The line of an incident whose summary this version cannot read."""
        return cls(
            id=identity, title=f"cannot be read: {why}", severity=None, status=Status.OPEN, step=Step.TRIAGE,
            engine="unknown", services=(), waiting=0, opened_at=opened_at, updated_at=opened_at,
        )  # fmt: skip


class Process(Value):
    """A process of a machine; `started` tells it from a later one that got the same pid.

    `machine` is what the kernel says of itself (boot, pid namespace): a host's name alone proves nothing.
    """

    host: str
    pid: int
    started: str
    machine: str = ""


class Claim(Value):
    """Who works on an incident, as Nexus 0.1.0 kept it; an upgrade asks whether that process lives."""

    incident: str
    owner: str
    process: Process
    at: Moment


class Lease(Value):
    """Who drives an incident, until when.

    Attributes:
        number: the fencing number; a later lease of the incident has a higher one.
        tries: how often it was leased since it was last given back in order, this time counted.
    """

    incident: str
    owner: str
    process: Process
    until: Moment
    number: int
    tries: int


class Due(Value):
    """An incident that wants to be driven now; `tries` counts the leases that did not end in order.

    Attributes:
        alerted: how severe alerts say that it is of which no turn has heard yet.
    """

    incident: str
    severity: Severity | None
    alerted: Severity | None = None
    opened_at: Moment
    wake_at: Moment
    tries: int

    @property
    def first(self) -> bool:
        """Whether it is driven before everything else, as a P0 is."""
        return Severity.P0 in (self.severity, self.alerted)


class Remains(Value):
    """What is kept of an incident that is closed.

    Attributes:
        closed_at: by the wall, also where its own clock is a virtual one.
        bytes: of its rows and checkpoints, as they are kept.
        tasks: its entries in the backlog, which are among the rows.
    """

    incident: str
    title: str
    closed_at: Moment
    rows: int
    checkpoints: int
    tasks: int
    bytes: int


class BrokenOff(Value):
    """An incident whose last turns broke off: how many did, when it is tried again, why the last one did."""

    incident: str
    tries: int
    retry_at: Moment
    why: str = ""


class MessageKind(StrEnum):
    """What sort of communication it was."""

    UPDATE = "update"
    BRIEF = "brief"
    ESCALATION = "escalation"
    CHANNEL = "channel"
    PAGE = "page"


class Message(Value):
    """One communication that was sent. `key` makes a repetition recognisable within incident and kind."""

    incident: str
    kind: MessageKind
    key: str
    at: Moment
    title: str
    text: str


class KeptAnswer(Value):
    """What was answered to a request that its sender may send again.

    Attributes:
        request: the digest of what was asked.
        status: HTTP's.
        answer: as JSON.
        at: when, by the wall.
    """

    request: str
    status: int
    answer: str
    at: Moment


def incident_id(day: date, number: int) -> str:
    """The id of the n-th incident of a day: `INC-2026-11-23-001`."""
    return f"INC-{day.isoformat()}-{number:03d}"


def already_decided(approval: Approval) -> ApprovalRefused:
    """The refusal of a second decision by one person."""
    return ApprovalRefused(
        f"{approval.by} has already decided on {approval.action} ({approval.digest[:12]}); "
        "a decision counts once, another person has to give the next one",
        Bar.SAME_PERSON,
    )


def too_late(action: str, digest: str) -> ApprovalRefused:
    """The refusal of a decision on a change that has begun."""
    return ApprovalRefused(
        f"{action} ({digest[:12]}) has begun; its outcome will be told, and its undo is "
        "offered if things get worse",
        Bar.BEGUN,
    )


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


class FileSize(Value):
    """A file of an incident; `size` in bytes, as people read it."""

    name: str
    size: int


class Moved(Value):
    """A table that was moved into another database: how many rows, and the digest that both sides have."""

    table: str
    rows: int
    digest: str
