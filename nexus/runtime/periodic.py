"""What is done again and again in one process of all that share a store: the one that leads the site.

Any process may lead, with doors, with hands or with both; when it ends another one does, when it dies as soon
as its lease has run out or its process is proven dead. Between the two a job may be begun twice: each has to
stand that.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from incidents.errors import LeftBehind, NexusError
from nexus.runtime.giving_up import why
from nexus.runtime.lease_keeper import wall
from nexus.store.driving import Leading
from nexus.store.leading import FailingJob
from nexus.store.leases import this_process

log = structlog.get_logger(__name__)

#: How long the lead lasts, and how often it is renewed or sought, in seconds.
LASTS, SEEK = timedelta(seconds=30), 10.0
#: A job that breaks off is tried again after a pause that doubles, up to so many seconds.
LONGEST = 300.0


@dataclass(frozen=True)
class PeriodicJob:
    """One thing that is done again and again.

    Attributes:
        name: as people read it.
        run: does it once.
        every: seconds from its end to its next beginning.
        limit: seconds after which it is broken off.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    every: float
    limit: float = 60.0


@dataclass(frozen=True)
class PeriodicJobs:
    """The jobs of a site.

    Args:
        store: knows who leads.
        site: which one.
        jobs: what is done; one that breaks off is told, tried again and holds up no other.
        now: the wall's time.
        seek: how often the lead is sought or renewed, in seconds.
    """

    store: Leading
    site: str
    jobs: Sequence[PeriodicJob]
    now: Callable[[], datetime] = wall
    seek: float = SEEK
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do them while the block lasts, whenever no other process does."""
        seeking = asyncio.create_task(self._seek())
        try:
            yield
        finally:
            seeking.cancel()
            await asyncio.gather(seeking, return_exceptions=True)

    async def _seek(self) -> None:
        doing: list[asyncio.Task[None]] = []
        try:
            while True:
                leads = await self._leads()
                if leads and not doing:
                    doing = [asyncio.create_task(self._again_and_again(job)) for job in self.jobs]
                elif not leads:
                    await _end(doing)
                    doing = []
                await asyncio.sleep(self.seek)
        except LeftBehind as error:  # whoever takes alerts or drives says so
            log.info("periodic jobs are left to newer processes", why=str(error))
        finally:
            await _end(doing)
            await self._resign()

    async def _leads(self) -> bool:
        now = self.now()
        try:
            return await self.store.lead(self.site, self.owner, this_process(), now + LASTS, now)
        except LeftBehind:
            raise
        except NexusError as error:  # the store is locked or gone for a while
            log.warning("who runs periodic jobs is not known", why=str(error))
            return False

    async def _resign(self) -> None:
        try:
            await self.store.resign(self.site, self.owner)
        except NexusError as error:  # another one leads later, then
            log.info("the lead is left to run out", why=str(error))

    async def _again_and_again(self, job: PeriodicJob) -> None:
        tries, told = 0, True  # whoever led before may have left a row
        while True:
            broken = await self._once(job)
            tries = tries + 1 if broken else 0
            if broken or told:
                told = await self._tell(job.name, tries, broken)
            await asyncio.sleep(min(job.every * 2 ** min(tries, 16), max(LONGEST, job.every)))

    async def _once(self, job: PeriodicJob) -> str | None:
        """Why it broke off; None if it came to its end."""
        try:
            async with asyncio.timeout(job.limit):
                await job.run()
        except NexusError as error:
            log.warning("a periodic job broke off", job=job.name, why=str(error))
            return why(error)
        except Exception as error:  # a job's edge: it takes nothing else with it
            log.exception("a periodic job broke off", job=job.name)
            return why(error)
        return None

    async def _tell(self, name: str, tries: int, broken: str | None) -> bool:
        """Keep how it went; whether there may be a row of it now."""
        try:
            if broken is None:
                await self.store.job_went(self.site, name)
                return False
            await self.store.job_failed(
                FailingJob(site=self.site, name=name, tries=tries, since=self.now(), why=broken)
            )
        except NexusError as error:
            log.warning("how a periodic job went could not be kept", job=name, why=str(error))
        return True


async def _end(doing: Sequence[asyncio.Task[None]]) -> None:
    for task in doing:
        task.cancel()
    await asyncio.gather(*doing, return_exceptions=True)
