"""An incident whose turns break off again and again: it is tried less and less often, then people get it.

The hand-over needs neither the graph nor the world: only the timeline and the pages. An event that breaks the
turns is set aside with it, so that what comes after is heard.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from graph.people import hand_over
from graph.ports import Communications, Journal
from graph.timeline import entry
from incidents.errors import NexusError, Unreadable, UnreadableEvent
from incidents.incident import Incident
from incidents.severity import Status
from incidents.timeline import EntryKind
from nexus.store.dead_letters import DeadLetter
from nexus.store.port import IncidentStore
from tools.redaction.redact import redact
from tools.wording import plain


@dataclass(frozen=True)
class Retries:
    """How often a turn is tried, and how long the pauses between are: each three times the one before.

    A try whose process died is repeated at once: it may have been killed for any other reason. So more of
    those are made, since a server that is restarted again and again must not give its incidents away.
    """

    most: int = 5
    deaths: int = 10
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=10)

    def killed(self, tries: int) -> bool:
        """Whether the tries before this one ended their processes, and none is made now.

        One that raises is counted down again; so these died. Every other one is passed over for a long pause,
        for a turn that kills its process takes everything else there with it.
        """
        return tries > self.deaths and (tries - self.deaths) % 2 == 1

    @property
    def alone(self) -> int:
        """To how many turns an event was handed by itself that is set aside: to each but the first."""
        return max(self.most - 1, 1)

    def pause(self, tries: int) -> timedelta:
        """The pause after so many tries."""
        grown: timedelta = self.first * 3 ** min(tries - 1, 12)
        return min(grown, self.longest)


class Threads(Protocol):
    """Where the graph's threads are kept."""

    async def drop(self, incident: str, number: int) -> None:
        """Delete the thread under the lease of that number: the next turn starts at START, from the row."""
        ...


def why(error: BaseException | None) -> str:
    """Why a turn broke off, as people read it."""
    if error is None:
        return "the process that drove it died each time"
    return plain(redact(f"{type(error).__name__}: {error}"), 300)


@dataclass(frozen=True)
class LastResort:
    """How people get what cannot be driven: without the graph, and even without its row.

    Args:
        store: the rows.
        journal: the timelines.
        comms: whom pages go through.
    """

    store: IncidentStore
    journal: Journal
    comms: Communications

    async def set_aside(
        self, incident: str, number: int, error: BaseException | None, tries: int, now: datetime
    ) -> tuple[DeadLetter, ...]:
        """Set aside what breaks the turns: events that cannot be read, and the one that was tried by itself.

        Raises:
            StaleLease: somebody else drives the incident by now.
        """
        blamed = []
        while (unreadable := await self._unreadable(incident)) is not None:
            blamed.append(
                await self.store.set_aside(incident, unreadable.event, number, why(unreadable), now)
            )
        # A disk, a store or a backend that fails says nothing of the event that was being handled.
        suspect = (
            None if isinstance(error, NexusError | OSError) else await self.store.suspect(incident, tries)
        )
        if suspect is not None:
            blamed.append(await self.store.set_aside(incident, suspect, number, why(error), now))
        return tuple(letter for letter in blamed if letter is not None)

    async def _unreadable(self, incident: str) -> UnreadableEvent | None:
        try:
            await self.store.events(incident)
        except UnreadableEvent as error:
            return error
        return None

    async def hand_over(
        self, incident: str, number: int, reason: str, now: datetime, letters: tuple[DeadLetter, ...]
    ) -> None:
        """Put an incident into people's hands and page them; where it is already, what was set aside is told.

        Raises:
            StaleLease: somebody else drives it by now.
        """
        try:
            known = await self.store.load(incident)
        except Unreadable as error:
            await self._without_its_row(incident, number, str(error), now)
            return
        assert known is not None  # it was leased  # noqa: S101
        if known.status is Status.OPEN:
            told = hand_over(known, reason, now)
            await self.store.save(told.incident, now, number)
            for one in told.entries:
                await self.journal.write(one)
            await self.comms.page(told.incident, reason, key="broken-off")
        elif letters:
            await self._tell(known, reason, f"set-aside:{letters[0].event}", now)

    async def _without_its_row(self, incident: str, number: int, why: str, now: datetime) -> None:
        await self.store.leave_to_people(incident, number)
        line = await self.store.summary_of(incident)
        known = Incident(
            id=line.id, title=line.title, engine=line.engine, opened_at=line.opened_at,
            step_since=line.opened_at, alerts=(),
        )  # fmt: skip
        reason = (
            f"nothing works on it any more: {why}. Alerts that it would have taken open another incident; "
            "once it can be read it goes on by itself"
        )
        await self._tell(known, reason, "unreadable", now)

    async def _tell(self, known: Incident, text: str, key: str, now: datetime) -> None:
        line = entry(known, now, EntryKind.PEOPLE, f"left to people: {text}", key)
        await self.journal.write(line.model_copy(update={"id": key}))
        await self.comms.page(known, text, key=key)
