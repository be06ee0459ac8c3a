"""Who leads, in the store's twin in memory."""

from datetime import datetime

from nexus.store.leading import FailingJob
from nexus.store.leases import is_alive
from nexus.store.memory_leases import MemoryLeases
from nexus.store.records import Process
from tools.redaction.tree import redact_value


class MemoryLeading(MemoryLeases):
    """Implements `nexus.store.driving.Leading` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._leaders: dict[str, tuple[str, Process, datetime]] = {}
        self._failing: dict[tuple[str, str], FailingJob] = {}

    async def lead(self, site: str, owner: str, process: Process, until: datetime, now: datetime) -> bool:
        """Lead it, or go on doing so, unless somebody else does."""
        if site in self._leaders:
            other, its, theirs = self._leaders[site]
            if other != owner and theirs > now and is_alive(its) is not False:
                return False
        self._leaders[site] = owner, process, until
        return True

    async def resign(self, site: str, owner: str) -> None:
        """Lead it no longer."""
        if site in self._leaders and self._leaders[site][0] == owner:
            del self._leaders[site]

    async def job_failed(self, job: FailingJob) -> None:
        """A job broke off."""
        known = self._failing.get((job.site, job.name), job)
        self._failing[job.site, job.name] = redact_value(job).model_copy(update={"since": known.since})

    async def job_went(self, site: str, name: str) -> None:
        """A job came to its end."""
        self._failing.pop((site, name), None)

    async def failing_jobs(self) -> tuple[FailingJob, ...]:
        """The jobs whose last run broke off, by site and name."""
        return tuple(job for _, job in sorted(self._failing.items()))
