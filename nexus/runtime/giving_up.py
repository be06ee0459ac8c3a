"""An incident whose turns break off again and again: it is tried less and less often, then people get it.

The hand-over needs neither the graph nor the world: only the incident's row, the timeline and the pages.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from graph.people import hand_over
from graph.ports import Communications, Journal
from incidents.incident import Incident
from incidents.severity import Status
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


async def hand_over_to_people(
    store: IncidentStore, journal: Journal, comms: Communications, incident: Incident, number: int,
    reason: str, now: datetime,
) -> Incident:  # fmt: skip
    """Put an incident into people's hands and page them; one that is there already is left as it is.

    Args:
        store: keeps the row, under the lease's number.
        journal: its timeline.
        comms: whom the page goes through.
        incident: as its row says.
        number: of the lease.
        reason: what people read.
        now: the wall's time.

    Raises:
        StaleLease: somebody else drives it by now.
    """
    if incident.status is not Status.OPEN:
        return incident
    told = hand_over(incident, reason, now)
    await store.save(told.incident, now, number)
    for entry in told.entries:
        await journal.write(entry)
    await comms.page(told.incident, reason, key="broken-off")
    return told.incident
