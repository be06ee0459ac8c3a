"""What the store knows of deliveries: what was sent, what became of each alert, and what decides on it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from incidents.alert import Alert, Label
from incidents.changes import Change
from incidents.disposition import AlertDisposition, AlertOutcome, LastWord
from incidents.events import Event
from incidents.incident import Incident
from incidents.join_rules import Candidate
from incidents.lessons import Lessons
from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.store.records import WorldRef


class Disposition(StrEnum):
    """What became of a delivery as a whole; each of its alerts has a disposition of its own."""

    OPENED = "opened"
    JOINED = "joined"
    KNOWN = "known"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    REFUSED = "refused"


class AlertDelivery(Value):
    """What the monitoring sent at once.

    Attributes:
        sender: the form by which it was read, or that it was sent as.
        form: what its address named; None: it was recognised by its body.
        body: without secrets; None where it is not kept.
        headers: those by which the body is told, without secrets; kept with it.
        replay_of: the number of the delivery that is read again.
    """

    received_at: Moment
    sender: str | None = None
    form: str | None = None
    body: bytes | None = None
    headers: tuple[Label, ...] = ()
    replay_of: int | None = None


class FiledDelivery(AlertDelivery):
    """A delivery with what became of it; `reason` says why it could not be read, or was refused."""

    number: int
    disposition: Disposition
    reason: str = ""
    incident: str | None = None
    outcomes: tuple[AlertOutcome, ...] = ()


class DeliveryFilter(Value):
    """Which deliveries a list shows; what is not given matches every one."""

    sender: str | None = None
    incident: str | None = None
    disposition: AlertDisposition | None = Field(default=None, description="of one of its alerts")


class Opening(Value):
    """A new incident with the world that it is opened with."""

    incident: Incident
    world: WorldRef


class Filing(Value):
    """What is to become of a delivery, as one transaction.

    Attributes:
        incident: the one that it belongs to as a whole, if any.
        events: for the inboxes of incidents that are open.
        opens: new incidents.
        words: what is remembered of conditions from now on.
        severities: how severe its alerts say that an incident is, by the runbook's table.
        outcomes: what becomes of each of its alerts, in its order.
        beats: the heartbeats that were heard.
        changes: what it tells of changes that was not told before.
    """

    disposition: Disposition
    reason: str = ""
    incident: str | None = None
    events: tuple[Event, ...] = ()
    opens: tuple[Opening, ...] = ()
    words: tuple[LastWord, ...] = ()
    severities: Mapping[str, Severity] = Field(default_factory=dict)
    outcomes: tuple[AlertOutcome, ...] = ()
    beats: tuple[Alert, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def keeps_body(self) -> bool:
        """Whether it tells anything new."""
        same = {AlertDisposition.REPEATED, AlertDisposition.HEARTBEAT}
        told = {one.disposition for one in self.outcomes}
        return self.disposition is not Disposition.KNOWN and not (told and told <= same)


class Filed(Value):
    """What became of a delivery; `number` is the one by which people name it."""

    number: int
    disposition: Disposition
    incident: str | None = None
    incidents: tuple[str, ...] = Field(default=(), description="those that have something to do now")


class IntakeView(Protocol):
    """What is known while a delivery is decided: nobody else's is decided meanwhile."""

    def last_words(self, fingerprints: Iterable[str]) -> dict[str, LastWord]:
        """The last word of each condition of which there is one."""
        ...

    def candidates(self, keys: Iterable[str], opened_after: datetime) -> tuple[Candidate, ...]:
        """The open incidents with one of these keys: the younger ones, and those of an alert or condition."""
        ...

    def takes_events(self, incident: str) -> bool | None:
        """Whether an incident of the site is open; None: there is none of that id."""
        ...

    def lessons(self) -> Lessons:
        """What people of the site taught by joining and separating."""
        ...

    def knows(self, change: Change) -> bool:
        """Whether the very same change was told before; what is replayed counts as not told."""
        ...

    def new_id(self) -> str:
        """The next incident's."""
        ...


#: Decides on a delivery: quick, without I/O of its own.
Decide = Callable[[IntakeView], Filing]
