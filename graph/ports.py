"""What the graph's nodes need from the outside: the journal, the intents, the communications, the files.

Every write is safe to repeat: a node that runs again after a crash writes nothing twice.
"""

from datetime import datetime
from typing import Protocol

from incidents.act_permission import ActPermission, Record, Use
from incidents.action import Action, Outcome, Proposal
from incidents.change_limits import Limits
from incidents.communications import BacklogEntry, Brief, Escalation, StatusUpdate
from incidents.incident import Incident
from incidents.past import PastIncident
from incidents.timeline import Entry
from incidents.value import Moment, Value


class Intent(Value):
    """A change that was begun; without an outcome it is not known whether it ran: ask the adapter."""

    key: str
    incident: str
    proposal: str
    digest: str
    action: Action
    begun_at: Moment
    outcome: Outcome | None = None


class Journal(Protocol):
    """The timeline of every incident."""

    async def write(self, entry: Entry) -> bool:
        """Keep an entry; the same id again in the same incident changes nothing. True if it is new."""
        ...

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        """All entries of an incident by time; those of one moment in the order in which they were written."""
        ...


class Outcomes(Protocol):
    """What became of the changes that were begun; it is kept whoever brings it, for it has happened."""

    async def finish(self, key: str, outcome: Outcome) -> None:
        """Keep what became of a key that was begun; the first outcome stays.

        Raises:
            UnknownName: the key was never begun.
        """
        ...

    async def unfinished(self, incident: str) -> tuple[Intent, ...]:
        """The intents that were begun and have no outcome, oldest first."""
        ...

    async def finished(self, key: str) -> Outcome | None:
        """The outcome of a key, or None if it was not begun or has none yet."""
        ...

    async def spent(self, digest: str) -> bool:
        """Whether a change was ever begun under this digest."""
        ...


class Intents(Outcomes, Protocol):
    """The write-ahead of changes: the intent is kept before the adapter is called, the outcome after.

    Who begins holds the incident's lease: an adapter of this port carries the lease's number.
    """

    async def begin(
        self, proposal: Proposal, at: datetime, limits: Limits | None = None, use: Use | None = None
    ) -> bool:
        """Keep the intent under the proposal's execution key and mark its digest as spent.

        Args:
            proposal: what is about to be executed.
            at: when.
            limits: of a live world: checked against what every incident has begun, in one transaction.
            use: of a change that nobody signed: its permission, which is used in that transaction.

        Returns:
            True if this call began it, False if it had been begun before (nothing is changed then).

        Raises:
            StaleLease: the lease is no longer in force; nothing was begun.
            ActionRefused: another open incident has changed that service, or too much was changed lately.
            Withdrawn: somebody stopped the agents, or rejected it, in words that wait in the inbox.
            NotPermitted: nobody signed it, and its permission does not allow it, or not now.
        """
        ...


class Permissions(Protocol):
    """What a change has to show that nobody signs, and the rows that let one begin."""

    async def record(self, incident: Incident, action: Action, now: datetime) -> Record:
        """What is kept of changes of that kind and service, at a moment."""
        ...

    async def announce(self, permission: ActPermission) -> None:
        """Keep a permission; the same again changes nothing."""
        ...

    async def permission(self, digest: str) -> ActPermission | None:
        """The permission of a digest, or None."""
        ...

    async def void(self, digest: str, at: datetime, why: str) -> None:
        """A permission that is announced lets nothing begin any more."""
        ...

    async def withdraw(self, digest: str, at: datetime, why: str) -> bool:
        """Take away what a used permission allowed, for its kind and service; whether it was one."""
        ...


class Communications(Protocol):
    """What leaves the house. The same message again (same content, or same `key`) is not sent again."""

    async def publish(self, update: StatusUpdate, incident: Incident) -> None:
        """Put an update on the status page."""
        ...

    async def brief(self, brief: Brief, incident: Incident) -> None:
        """Send an executive update."""
        ...

    async def escalate(self, escalation: Escalation, incident: Incident) -> None:
        """Tell the roles of a row of the escalation matrix that it fired, with their assessment."""
        ...

    async def open_channel(self, incident: Incident) -> str:
        """Open the incident's channel, once.

        Returns:
            Where people find it.
        """
        ...

    async def say(self, incident: Incident, text: str, key: str | None = None) -> None:
        """Write to the incident's channel. Without a key the text itself is what makes it the same."""
        ...

    async def page(self, incident: Incident, text: str, key: str | None = None) -> None:
        """Page a person. Without a key the text itself is what makes it the same."""
        ...


class Backlog(Protocol):
    """Where prevention tasks land."""

    async def add_tasks(self, incident: str, tasks: tuple[BacklogEntry, ...]) -> None:
        """Add tasks in their order; an id that is there already changes nothing."""
        ...

    async def backlog(self, incident: str | None = None) -> tuple[BacklogEntry, ...]:
        """The tasks of one incident or of all, in the order in which they came."""
        ...


class History(Protocol):
    """Incidents of before that look like one: evidence of its own kind, which supports no claim of today.

    It has no id that a report could cite, stands in no incident and in no tool's answer: it reaches the words
    for people and the briefs for models, and neither the diagnosis nor what is held against its evidence.
    """

    async def history(self, incident: Incident, now: datetime) -> tuple[PastIncident, ...]:
        """The most alike first, at most three; none of which anything became known after `now`.

        Those that only some may see are left out: what the roles say, everybody reads.
        """
        ...


class Files(Protocol):
    """The incident's folder."""

    async def write(self, incident: str, name: str, data: bytes) -> str:
        """Write a file whole or not at all, replacing one of that name.

        Args:
            incident: the incident's id.
            name: a relative path such as `charts/checkout.png`.
            data: the content.

        Returns:
            The path as people can open it.
        """
        ...
