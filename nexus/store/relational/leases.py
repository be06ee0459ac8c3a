"""Implements `nexus.store.port.Leases` in columns of the incident's row."""

import json
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from pydantic import ValidationError

from incidents.events import BY_MACHINES, Event, stored_event
from nexus.store.leases import is_alive, this_process
from nexus.store.records import Due, Lease, Process
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import NotThere, Run
from nexus.store.relational.writes import hold
from tools.redaction.redact import redact_secrets


class LeaseColumns(Tables):
    """Every statement that changes a lease names its number: a lost lease changes nothing."""

    async def due(self, now: datetime, limit: int, site: str) -> tuple[Due, ...]:
        """What wants to be driven now."""
        moment = sortable(now)
        for (process,) in await self._database.read("live_leases", now=moment):
            if is_alive(Process.from_stored(process)) is False:
                await self._database.write("free", process=process)
        rows = await self._database.read("due", now=moment, limit=limit, site=site)
        names = ("incident", "severity", "alerted", "opened_at", "wake_at", "tries")
        return tuple(Due.model_validate(dict(zip(names, row, strict=True))) for row in rows)

    async def due_since(self, now: datetime, site: str) -> datetime | None:
        """Since when the one has been due that has been it for longest."""
        rows = await self._database.read("due_since", now=sortable(now), site=site)
        return datetime.fromisoformat(rows[0][0]) if rows else None

    async def oldest_due(self, now: datetime) -> dict[str, datetime]:
        """The same of every site of which something is due."""
        rows = await self._database.read("oldest_due", now=sortable(now))
        return {site: datetime.fromisoformat(since) for site, since in rows}

    async def lease(self, incident: str, owner: str, until: datetime, now: datetime) -> int | None:
        """Take an incident, or None while somebody else holds it."""
        process = as_json(this_process())

        def work(run: Run) -> int | None:
            held = run("lease_of", id=incident).fetchone()
            if held is None:
                raise NotThere
            if held[1] is not None and is_alive(Process.from_stored(held[1])) is False:
                run("free", process=held[1])
            moments = {"now": sortable(now), "until": sortable(until)}
            row = run("lease", id=incident, owner=owner, process=process, **moments).fetchone()
            return row[0] if row else None

        return await self._atomically(incident, work)

    def renew(self, incident: str, number: int, until: datetime) -> bool:
        """Hold it longer; False if the lease is lost."""
        return self._database.write_now("renew", id=incident, number=number, until=sortable(until))

    async def give_back(self, incident: str, number: int, wake_at: datetime | None) -> bool:
        """Let go after a turn in order."""
        moment = sortable(wake_at) if wake_at is not None else None
        return await self._database.write("give_back", id=incident, number=number, wake_at=moment)

    async def fail(self, incident: str, number: int, retry_at: datetime, why: str = "") -> bool:
        """Let go of a turn that broke off."""
        values = {"retry_at": sortable(retry_at), "why": redact_secrets(why)}
        return await self._database.write("fail", id=incident, number=number, **values)

    async def leave_to_people(self, incident: str, number: int) -> None:
        """Lists say so, and no alert finds it any more."""

        def work(run: Run) -> None:
            hold(run, incident, number)
            run("leave_to_people", id=incident, number=number)
            run("erase_incident_keys", incident=incident)

        await self._atomically(incident, work)

    async def wake(self, incident: str, at: datetime) -> bool:
        """It is due then, whatever it waits for."""
        return await self._database.write(
            "wake", incident=incident, at=sortable(at), person=True, alerted=None
        )

    async def progressed(self, incident: str, number: int) -> None:
        """Earlier tries count no more."""
        await self._database.write("progressed", id=incident, number=number)

    async def lease_of(self, incident: str) -> Lease | None:
        """The lease in force, or None."""
        for owner, process, until, number, tries in await self._database.read("lease_of", id=incident):
            if owner is None:
                return None
            return Lease(
                incident=incident, owner=owner, process=Process.from_stored(process),
                until=datetime.fromisoformat(until), number=int(number), tries=int(tries),
            )  # fmt: skip
        raise await self._unknown(incident)

    async def unhandled(self, incidents: Collection[str]) -> tuple[Event, ...]:
        """What people sent to these incidents and nobody has handled."""
        asked = {"incidents": json.dumps(sorted(incidents)), "but": json.dumps(sorted(BY_MACHINES))}
        rows = await self._database.read("unhandled", **asked)
        found = []
        for (body,) in rows:
            with suppress(ValidationError):  # one that cannot be read ends its own turn at its next save
                found.append(stored_event(body))
        return tuple(found)

    async def changed(self) -> int:
        """A number that grows with every write of any process."""
        return await self._database.changed()
