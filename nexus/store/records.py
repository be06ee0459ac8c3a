"""What the store knows beside the incident itself: summaries, worlds, leases, messages."""

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pydantic import Field

from incidents.durations import Durations
from incidents.severity import HeldBy, Severity, Status, Step
from incidents.value import Moment, Value

if TYPE_CHECKING:
    from incidents.incident import Incident


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
    holder: str | None = Field(default=None, description="the person who has it")
    shadow: bool = Field(default=False, description="nothing of it leaves Nexus")
    opened_at: Moment
    updated_at: Moment
    times: Durations | None = Field(default=None, description="how long it took; null: kept by an older one")

    @classmethod
    def of(cls, incident: "Incident", updated_at: Moment) -> Self:
        """The summary of an incident; `waiting` counts the proposals that wait for people."""
        from incidents.milestones import durations  # noqa: PLC0415 - who only lists needs no incident

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
            holder=incident.holder,
            shadow=incident.shadow.whole,
            opened_at=incident.opened_at,
            updated_at=updated_at,
            times=durations(incident),
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
    ADMIN = "admin"


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


class FileSize(Value):
    """A file of an incident; `size` in bytes, as people read it."""

    name: str
    size: int


class Moved(Value):
    """A table that was moved into another database: how many rows, and the digest that both sides have."""

    table: str
    rows: int
    digest: str
