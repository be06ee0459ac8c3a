"""What the doors show of the lists: typed, so that their JSON has a schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import Field

from incidents.action import ActionState, Outcome, Proposal
from incidents.findings import Diagnosis, Evidence
from incidents.incident import Incident
from incidents.severity import Severity
from incidents.timeline import Entry
from incidents.value import Moment, Value
from nexus.store.dead_letters import DeadLetter as DeadLetter
from nexus.store.records import BrokenOff, Summary


class IncidentLine(Summary):
    """One line of the list of incidents; `broken_off` if its last turns broke off."""

    broken_off: BrokenOff | None = None
    dead_letters: int = Field(default=0, description="events of it that were set aside")


class FeedEntry(Entry):
    """An entry of a timeline with its number among those of all incidents: where to go on from."""

    sequence: int


class EntryPage(Value):
    """Entries of timelines behind a place.

    Attributes:
        items: in the order of their numbers.
        next: the place behind them, to go on from; there need not be anything yet.
        last: the number of the newest entry of all incidents.
        ended: nothing comes any more, since the one incident that was asked about is closed.
    """

    items: tuple[FeedEntry, ...]
    next: int
    last: int
    ended: bool


class IncidentPage(Value):
    """Incidents, newest first.

    Attributes:
        items: so many as were asked for.
        next: the id to go on behind; null at the end.
        waiting: how many alerts wait for a hand, once that is worth a word.
    """

    items: tuple[IncidentLine, ...]
    next: str | None
    waiting: str | None


class Handled(Value):
    """A request that was taken; `known`: the same was asked before and is not taken in yet."""

    incident: str
    verb: str
    by: str
    at: Moment
    known: bool


class Halted(Handled):
    """The agents of an incident are stopped; `under_way`: what has begun, and is not broken off."""

    under_way: tuple[str, ...]


class AllHalted(Value):
    """The incidents whose agents were stopped."""

    items: tuple[Halted, ...]


class Decided(Value):
    """How a change stands after a decision; `missing`: as many more people have to approve."""

    incident: str
    action: str
    title: str
    state: ActionState
    missing: int

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """How it stands."""
        return cls(
            incident=proposal.incident, action=proposal.id, title=proposal.action.title,
            state=proposal.state, missing=proposal.missing,
        )  # fmt: skip


class Settled(Value):
    """What counts of a change that was begun and of which nobody else could tell."""

    incident: str
    action: str
    outcome: Outcome


class Regrouped(Value):
    """What came of it: the incident that goes on, the other one, and the alerts that moved (fingerprints)."""

    incident: str
    split_into: str | None = None
    merged: str | None = None
    alerts: tuple[str, ...]
    by: str
    at: Moment
    lessons: int


class Undecided(Value):
    """An incident in which a change waits for people, with what they need to decide.

    Attributes:
        incident: its id.
        now: the moment of its clock, the wall's of a live one, for what expires.
        pending: what waits to be approved or rejected.
        unsettled: what was begun, and of which nobody knows what became.
        evidence: what the pending changes cite.
    """

    incident: str
    title: str
    severity: Severity | None
    diagnosis: Diagnosis | None
    now: Moment
    pending: tuple[Proposal, ...]
    unsettled: tuple[Proposal, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @classmethod
    def of(cls, incident: Incident, now: datetime, evidence: Sequence[Evidence] = ()) -> "Undecided":
        """What waits in an incident as it stands."""
        return cls.model_construct(  # its parts are valid already
            incident=incident.id, title=incident.title, severity=incident.severity,
            diagnosis=incident.diagnosis, now=now, pending=incident.pending, unsettled=incident.unsettled,
            evidence=tuple(evidence),
        )  # fmt: skip


class Decidable(Undecided):
    """What waits in one incident, and all that it proposed: what is approved can still be rejected."""

    proposals: tuple[Proposal, ...]


class UndecidedPage(Value):
    """What waits for decisions, the newest incident first; `next` is the id to go on behind."""

    items: tuple[Undecided, ...]
    next: str | None
