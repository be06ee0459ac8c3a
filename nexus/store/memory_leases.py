"""The leases of the store's twin in memory."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from incidents.errors import UnknownName
from incidents.events import Event, from_a_person
from incidents.severity import Severity
from nexus.store.leases import is_alive, stale, this_process
from nexus.store.records import BrokenOff, Due, Lease, urgency
from tools.redaction.redact import redact_secrets
from tools.redaction.tree import redact_value

if TYPE_CHECKING:
    from incidents.incident import Incident


@dataclass(frozen=True)
class Waiting:
    """What an incident's row knows of waiting; `number` is that of its last lease."""

    site: str | None
    wake_at: datetime | None
    alerted: Severity | None = None
    number: int = 0
    tries: int = 0
    retry_at: datetime | None = None
    lease: Lease | None = None
    why: str = ""

    def held(self, now: datetime) -> bool:
        """Whether a lease is live: it has not run out, and its process is not proven dead."""
        held = self.lease
        return held is not None and held.until > now and is_alive(held.process) is not False


class MemoryLeases:
    """Implements `nexus.store.port.Leases` in dictionaries."""

    def __init__(self) -> None:
        self._incidents: dict[str, tuple[Incident, datetime]] = {}
        self._waiting: dict[str, Waiting] = {}
        self._inbox: dict[str, Event] = {}
        self._handled: set[str] = set()
        self._closed_at: dict[str, datetime] = {}
        self._writes = 0

    def _known(self, incident: str) -> None:
        if incident not in self._incidents:
            raise UnknownName("incident", incident, self._incidents)

    def _holds(self, incident: str, number: int) -> bool:
        row = self._waiting.get(incident)
        return row is not None and row.lease is not None and row.number == number

    def _queued(self, event: Event, alerted: Severity | None = None) -> bool:
        """Whether an event is new; whoever drives its incident is woken for it."""
        if event.id in self._inbox:
            return False
        self._inbox[event.id] = redact_value(event)
        self._writes += 1
        if event.kind == "reopen":
            ended, clock = self._incidents[event.incident]
            self._incidents[event.incident] = (ended.evolve(closed=False), clock)
            self._closed_at.pop(event.incident, None)
        row = self._waiting[event.incident]
        if row.site is not None and not self._incidents[event.incident][0].closed:
            wake_at = min(row.wake_at or event.at, event.at)
            retry_at = None if from_a_person(event) else row.retry_at
            alerted = min((one for one in (row.alerted, alerted) if one is not None), default=None)
            self._waiting[event.incident] = replace(row, wake_at=wake_at, retry_at=retry_at, alerted=alerted)
        return True

    async def events(self, incident: str, unhandled_only: bool = True) -> tuple[Event, ...]:
        """The events of an incident in the order in which they came."""
        done = self._handled if unhandled_only else set()
        return tuple(e for e in self._inbox.values() if e.incident == incident and e.id not in done)

    def now(self) -> datetime:
        """This process's."""
        return datetime.now(UTC)

    async def due(self, now: datetime, limit: int, site: str) -> tuple[Due, ...]:
        """What wants to be driven now."""
        rows = [
            self._due(key, row)
            for key, row in self._waiting.items()
            if row.site == site and not self._incidents[key][0].closed
            if row.wake_at is not None and row.wake_at <= now
            if not row.held(now) and (row.retry_at is None or row.retry_at <= now)
        ]
        rows.sort(key=lambda due: (urgency(due.severity, due.alerted), due.opened_at, due.incident))
        return tuple(rows[:limit])

    async def due_since(self, now: datetime, site: str) -> datetime | None:
        """Since when the one has been due that has been it for longest."""
        return min((one.wake_at for one in await self.due(now, len(self._waiting), site)), default=None)

    async def oldest_due(self, now: datetime) -> dict[str, datetime]:
        """The same of every site of which something is due."""
        sites = sorted({row.site for row in self._waiting.values() if row.site is not None})
        found = [(site, await self.due_since(now, site)) for site in sites]
        return {site: since for site, since in found if since is not None}

    def _due(self, key: str, row: Waiting) -> Due:
        one, _ = self._incidents[key]
        assert row.wake_at is not None  # it is due  # noqa: S101
        return Due(
            incident=key, severity=one.severity, alerted=row.alerted, opened_at=one.opened_at,
            wake_at=row.wake_at, tries=row.tries,
        )  # fmt: skip

    async def lease(self, incident: str, owner: str, until: datetime, now: datetime) -> int | None:
        """Take an incident, or None while somebody else holds it."""
        self._known(incident)
        row = self._waiting[incident]
        if row.held(now):
            return None
        number, tries = row.number + 1, row.tries + 1
        lease = Lease(
            incident=incident, owner=owner, process=this_process(), until=until, number=number, tries=tries
        )
        self._waiting[incident] = replace(row, number=number, tries=tries, lease=lease)
        self._writes += 1
        return number

    def renew(self, incident: str, number: int, until: datetime) -> bool:
        """Hold it longer; False if the lease is lost."""
        held = self._waiting[incident].lease
        longer = held.model_copy(update={"until": until}) if held is not None else None
        return self._changed(incident, number, lease=longer)

    async def give_back(self, incident: str, number: int, wake_at: datetime | None) -> bool:
        """Let go after a turn in order."""
        if not self._holds(incident, number):
            return False
        row, unheard = self._waiting[incident], await self.events(incident)
        known, _ = self._incidents[incident]
        if row.site is None or known.closed:
            wake_at = None
        elif unheard:
            wake_at = min((at for at in (row.wake_at, wake_at) if at is not None), default=None)
        alerted = row.alerted if unheard or known.severity is None else None
        return self._changed(
            incident, number, lease=None, tries=0, retry_at=None, wake_at=wake_at, alerted=alerted, why=""
        )

    async def fail(self, incident: str, number: int, retry_at: datetime, why: str = "") -> bool:
        """Let go of a turn that broke off."""
        return self._changed(incident, number, lease=None, retry_at=retry_at, why=redact_secrets(why))

    async def leave_to_people(self, incident: str, number: int) -> None:
        """Here every row can be read: it is only refused without the lease."""
        self._known(incident)
        if not self._holds(incident, number):
            raise stale(incident, number)

    def _changed(self, incident: str, number: int, **changes: object) -> bool:
        if not self._holds(incident, number):
            return False
        self._waiting[incident] = replace(self._waiting[incident], **changes)  # type: ignore[arg-type]
        self._writes += 1
        return True

    async def wake(self, incident: str, at: datetime) -> bool:
        """It is due then, whatever it waits for."""
        self._known(incident)
        row = self._waiting[incident]
        if row.site is None or self._incidents[incident][0].closed:
            return False
        self._waiting[incident] = replace(row, wake_at=min(row.wake_at or at, at), retry_at=None)
        self._writes += 1
        return True

    async def progressed(self, incident: str, number: int) -> None:
        """Earlier tries count no more."""
        held = self._waiting[incident].lease
        fresh = held.model_copy(update={"tries": 1}) if held is not None else None
        self._changed(incident, number, tries=1, lease=fresh)

    async def broken_off(self) -> tuple[BrokenOff, ...]:
        """The open incidents whose last turns broke off, by id."""
        rows = (
            BrokenOff(incident=key, tries=row.tries, retry_at=row.retry_at, why=row.why)
            for key, row in sorted(self._waiting.items())
            if row.retry_at is not None and not self._incidents[key][0].closed
        )
        return tuple(rows)

    async def lease_of(self, incident: str) -> Lease | None:
        """The lease in force, or None."""
        self._known(incident)
        return self._waiting[incident].lease

    async def unhandled(self, incidents: Collection[str]) -> tuple[Event, ...]:
        """What people sent to these incidents and nobody has handled."""
        theirs = (e for e in self._inbox.values() if e.incident in incidents and from_a_person(e))
        return tuple(e for e in theirs if e.id not in self._handled)

    async def changed(self) -> int:
        """A number that grows with every write."""
        return self._writes
