"""What the doors show of the lists: typed, so that their JSON has a schema."""

from typing import Self

from incidents.action import ActionKind, ActionState, Outcome, Proposal
from incidents.timeline import Entry
from incidents.value import Moment, Value
from nexus.store.dead_letters import DeadLetter as DeadLetter


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


class Handled(Value):
    """A request that was taken; `known`: the same was asked before and is not taken in yet."""

    incident: str
    verb: str
    by: str
    at: Moment
    known: bool


class Noted(Handled):
    """A note that was taken; `rules_out`: what it was understood to forbid, `told`: the same in words."""

    rules_out: tuple[ActionKind, ...]
    told: str


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
