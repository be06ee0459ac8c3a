"""The part of the store's door by which incidents are driven: what is due, who leases it, who works."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from incidents.events import Event
from nexus.store.leading import FailingJob
from nexus.store.records import Due, Lease, Process
from nexus.store.workers import WorkerBeat, WorkerSeen


class Leases(Protocol):
    """A waiting incident is a row: when it wants to be woken, and who drives it until when.

    Every moment here is the wall's, also for incidents of recorded worlds, which live on a virtual clock.
    Those are never due: they have no site, and only the verb that names them leases them.
    """

    def now(self) -> datetime:
        """The wall's time, as all processes of this store have it: the server's where there is one."""
        ...

    async def due(self, now: datetime, limit: int, site: str) -> tuple[Due, ...]:
        """What wants to be driven now: not closed, its time has come, no live lease, its pause is over.

        P0 first, then P1, those without a severity, P2, P3; within each the oldest. A lease whose process is
        proven dead on this host counts as none.
        """
        ...

    async def due_since(self, now: datetime, site: str) -> datetime | None:
        """Since when the one has been due that has been it for longest; None: nothing is."""
        ...

    async def oldest_due(self, now: datetime) -> dict[str, datetime]:
        """The same of every site of which something is due."""
        ...

    async def lease(self, incident: str, owner: str, until: datetime, now: datetime) -> int | None:
        """Take an incident; the try is counted with it, since a turn that kills its process never raises.

        Returns:
            The fencing number, or None while somebody else holds it (`lease_of` says who).
        """
        ...

    def renew(self, incident: str, number: int, until: datetime) -> bool:
        """Hold it longer; False if the lease is lost. Blocks: call it from a thread of its own."""
        ...

    async def give_back(self, incident: str, number: int, wake_at: datetime | None) -> bool:
        """Let go after a turn in order: no try counts any more; False (nothing is changed) if it is lost.

        It is due again at `wake_at`, or at once if an event is unhandled; None: only an event wakes it.
        """
        ...

    async def fail(self, incident: str, number: int, retry_at: datetime, why: str = "") -> bool:
        """Let go of a turn that broke off: tries are kept, it is due again then, or when a person speaks."""
        ...

    async def leave_to_people(self, incident: str, number: int) -> None:
        """Its row cannot be read: lists say that people have it, and further alerts open another incident.

        Raises:
            StaleLease: the lease of that number is not in force.
        """
        ...

    async def wake(self, incident: str, at: datetime) -> bool:
        """A person wants it to be driven: it is due then, whatever it waits for; False if it never can be."""
        ...

    async def progressed(self, incident: str, number: int) -> None:
        """A turn came further than the ones before it: their tries count no more."""
        ...

    async def lease_of(self, incident: str) -> Lease | None:
        """The lease in force, which may have run out; None if it was given back."""
        ...

    async def unhandled(self, incidents: Collection[str]) -> tuple[Event, ...]:
        """What people sent to these incidents and nobody has handled, in the order of coming, in one look.

        One that cannot be read is passed over.
        """
        ...

    async def changed(self) -> int:
        """A number that grows with every write of any process; cheap, so that a look reads only if it did."""
        ...


class Workers(Protocol):
    """Who works. Moments are the wall's."""

    async def beat(self, worker: WorkerBeat, now: datetime) -> None:
        """It works; told every few seconds."""
        ...

    async def ended(self, owner: str) -> None:
        """It has ended in order, and is listed no more."""
        ...

    async def workers(self, now: datetime) -> tuple[WorkerSeen, ...]:
        """Those who work, and those who were lost within a day; by site, then name."""
        ...


class Leading(Protocol):
    """Which process does what has to be done in one process of all. Moments are the wall's."""

    async def lead(self, site: str, owner: str, process: Process, until: datetime, now: datetime) -> bool:
        """Lead a site until then, or go on doing so; False while somebody else does.

        A leader whose process is proven dead on this host is none.
        """
        ...

    async def resign(self, site: str, owner: str) -> None:
        """Lead it no longer; nothing happens if somebody else does."""
        ...

    async def job_failed(self, job: FailingJob) -> None:
        """A periodic job broke off; since when it does so stays as it was told first."""
        ...

    async def job_went(self, site: str, name: str) -> None:
        """A periodic job came to its end: it is among the failing ones no more."""
        ...

    async def failing_jobs(self) -> tuple[FailingJob, ...]:
        """The periodic jobs whose last run broke off, by site and name."""
        ...
