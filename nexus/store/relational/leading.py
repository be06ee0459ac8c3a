"""Implements `nexus.store.driving.Leading`."""

from datetime import datetime

from nexus.store.leading import FailingJob
from nexus.store.leases import is_alive
from nexus.store.records import Process
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from tools.redaction.redact import redact_secrets


class LeaderRows(Tables):
    """A row for each site that is led, and one for each of its jobs that breaks off."""

    async def lead(self, site: str, owner: str, process: Process, until: datetime, now: datetime) -> bool:
        """Lead it, or go on doing so, unless somebody else does."""
        for other, its in await self._database.read("leader", site=site, now=sortable(now)):
            if other == owner:
                continue
            if is_alive(Process.from_stored(its)) is not False:
                return False
            await self._database.write("resign", site=site, owner=other)
        values = {"process": as_json(process), "until": sortable(until), "now": sortable(now)}
        return await self._database.write("lead", site=site, owner=owner, **values)

    async def resign(self, site: str, owner: str) -> None:
        """Lead it no longer."""
        await self._database.write("resign", site=site, owner=owner)

    async def job_failed(self, job: FailingJob) -> None:
        """A job broke off."""
        values = {"tries": job.tries, "since": sortable(job.since), "why": redact_secrets(job.why)}
        await self._database.write("job_failed", site=job.site, name=job.name, **values)

    async def job_went(self, site: str, name: str) -> None:
        """A job came to its end."""
        await self._database.write("job_went", site=site, name=name)

    async def failing_jobs(self) -> tuple[FailingJob, ...]:
        """The jobs whose last run broke off, by site and name."""
        names = ("site", "name", "tries", "since", "why")
        rows = await self._database.read("failing_jobs")
        return tuple(FailingJob.model_validate(dict(zip(names, row, strict=True))) for row in rows)
