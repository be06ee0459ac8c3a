"""What lists are asked for, and the numbered entry of the timelines."""

from datetime import datetime

from pydantic import Field

from incidents.severity import HeldBy, Severity, Status
from incidents.timeline import Entry
from incidents.value import Moment, Value
from tools.wording import length


class IncidentFilter(Value):
    """Which incidents a list shows; what is not given matches every one."""

    not_closed: bool = Field(default=False, description="only those that still run or owe something")
    undecided: bool = Field(default=False, description="only those in which a change waits for people")
    status: Status | None = None
    severity: Severity | None = None
    service: str | None = Field(default=None, description="one of those that are affected, by its name")
    held_by: HeldBy | None = None
    title: str | None = Field(default=None, description="words that stand in its title, in either case")
    words: str | None = Field(
        default=None, description="which begin words of one text of it (nexus.store.search), in either case"
    )
    without: frozenset[str] = Field(default=frozenset(), description="ids of those that are left out")


#: Every incident.
EVERY = IncidentFilter()


class OpenCount(Value):
    """How many incidents run or owe something that stand so; severity None: not classified yet."""

    status: Status
    severity: Severity | None
    many: int


class NumberedEntry(Value):
    """An entry of a timeline with its number among those of all incidents, from 1.

    Numbers grow in the order in which entries can be read, and none is given twice: who has read up to one
    misses nothing by asking for what comes after it. There may be gaps.
    """

    sequence: int
    entry: Entry


class Waiting(Value):
    """How many alerts wait for a hand, and since when the oldest does; None: nothing waits."""

    alerts: int
    since: Moment | None = None

    def oldest(self, now: datetime) -> int:
        """For how many seconds the oldest has waited."""
        return max(0, round((now - self.since).total_seconds())) if self.since is not None else 0

    def sentence(self, now: datetime) -> str:
        """How people are told."""
        return f"{self.alerts} alerts wait, oldest {length(self.oldest(now) / 60)}"
