"""Holds this process's leases: takes them, renews them from a thread of its own, says when one is lost.

The thread matters: a loop that is busy must not lose what it holds. A holder that stops altogether does lose
it, after the lease's time; the number it still carries is then refused wherever it would change anything.
"""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from incidents.errors import NexusError, Refused
from nexus.store.leases import in_other_hands, stale
from nexus.store.port import IncidentStore
from tools.clock import since_boot
from tools.fence import LeaseFence

log = structlog.get_logger(__name__)

#: How long a lease lasts unless it is renewed; it is renewed when a third of that is over.
LEASE = timedelta(seconds=30)


def wall() -> datetime:
    """The wall's time: leases know no other, also those of incidents on a virtual clock."""
    return datetime.now(UTC)


@dataclass(eq=False)
class HeldLease:
    """This process's lease on one incident; `lost` is set once somebody else has it.

    Attributes:
        incident: which one.
        number: the fencing number.
        tries: how often it was leased since a turn came to its end, this time counted.
        fence: what an effect asks; a process that was stopped finds the lease run out by its own clock.
        renew: renews it now, from any thread; False if it is lost.
    """

    incident: str
    number: int
    tries: int
    fence: LeaseFence
    renew: Callable[["HeldLease"], bool]
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    async def secure(self) -> None:
        """To be called right before anything that changes the world: nothing begins in a lease's last third.

        Raises:
            StaleLease: it is lost.
        """
        try:
            self.fence.may_act()
        except NexusError:
            if self.lost.is_set() or not await asyncio.to_thread(self.renew, self):
                raise stale(self.incident, self.number) from None


class LeaseKeeper:
    """The leases of one process.

    Args:
        store: where they stand.
        lasts: how long one lasts.
        now: the wall's time.
    """

    def __init__(
        self, store: IncidentStore, lasts: timedelta = LEASE, now: Callable[[], datetime] = wall
    ) -> None:
        self.owner = uuid.uuid4().hex
        self._store = store
        self._lasts = lasts
        self._now = now
        self._held: dict[str, HeldLease] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def held(self) -> tuple[str, ...]:
        """The incidents that this process holds."""
        return tuple(self._held)

    async def take(self, incident: str) -> HeldLease | None:
        """Take an incident; None while somebody else, or another task of this process, holds it.

        Raises:
            UnknownName: there is no such incident.
        """
        asked, now = since_boot(), self._now()
        number = await self._store.lease(incident, self.owner, now + self._lasts, now)
        if number is None:
            return None
        fence = LeaseFence(number, self._lasts.total_seconds())
        fence.renewed(asked)
        known = await self._store.lease_of(incident)
        tries = known.tries if known is not None and known.number == number else 1
        lease = HeldLease(incident, number, tries, fence, self._renew)
        self._held[incident] = lease
        self._start()
        return lease

    def drop(self, lease: HeldLease) -> None:
        """Renew it no longer; what the store says of it stays."""
        if self._held.get(lease.incident) is lease:
            del self._held[lease.incident]
        if not self._held:
            self._ended.set()

    @asynccontextmanager
    async def hold(self, incident: str) -> AsyncIterator[HeldLease]:
        """The lease for the length of a block; it is given back if the block did not do so.

        Raises:
            Refused: somebody else drives it; the message says who.
        """
        lease = await self.take(incident)
        if lease is None:
            known = await self._store.lease_of(incident)
            raise in_other_hands(known) if known else Refused(f"{incident} was just taken; try again")
        try:
            yield lease
        finally:
            self.drop(lease)
            await self._store.give_back(incident, lease.number, self._now())

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive() and not self._ended.is_set():
            return
        self._ended = threading.Event()
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(
            target=self._run, args=(loop, self._ended), name="nexus-leases", daemon=True
        )
        self._thread.start()

    def _run(self, loop: asyncio.AbstractEventLoop, ended: threading.Event) -> None:
        while not ended.wait(self._lasts.total_seconds() / 3):
            for lease in tuple(self._held.values()):
                try:
                    lost = not self._renew(lease)
                except NexusError as error:  # the file is locked: the lease is good for a while still
                    log.warning("a lease could not be renewed", incident=lease.incident, why=str(error))
                    continue
                if lost and not loop.is_closed():
                    loop.call_soon_threadsafe(lease.lost.set)

    def _renew(self, lease: HeldLease) -> bool:
        asked = since_boot()
        renewed = self._store.renew(lease.incident, lease.number, self._now() + self._lasts)
        if renewed:
            lease.fence.renewed(asked)
        else:
            lease.fence.lost()
        return renewed
