"""Implements the part of `nexus.store.port.IncidentStore` by which people correct what belongs together."""

import json

from incidents.errors import UnknownName
from incidents.events import Event
from incidents.incident import Incident
from incidents.join_rules import incident_keys
from incidents.lessons import Lesson, Lessons
from nexus.store.audit import Deed
from nexus.store.deliveries import Opening
from nexus.store.relational.audit import record
from nexus.store.relational.rows import as_json
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run
from nexus.store.relational.writes import intake_of, queued, register


class RegroupedIncidents(Tables):
    """Incidents that people split and merged, and what that taught."""

    async def regroup(
        self,
        events: tuple[Event, ...],
        opens: Opening | None,
        lessons: tuple[Lesson, ...],
        deed: Deed | None = None,
    ) -> None:
        """Open an incident for alerts that are taken out, tell those it is about, keep what it teaches."""
        found = await self._database.read("site_of", id=events[0].incident)
        if not found:
            raise UnknownName("incident", events[0].incident, ())
        ((site,),) = found  # it stays as it is

        def work(run: Run) -> None:
            if opens is not None:
                register(run, opens.incident, opens.world, events[0].at, site)
            for event in events:
                queued(run, event)
                _alerts_find(run, event)
            for one in lessons:
                run("note_lesson", site=site or "", one=one.one, other=one.other, body=as_json(one))
            if deed is not None:
                record(run, deed)

        # Alone among deliveries: which incident a condition belongs to is about to change.
        await self._database.atomically(work, alone=intake_of(site or ""))

    async def lessons(self, site: str) -> Lessons:
        """What people of a site taught by joining and separating."""
        return Lessons(taught=await self._all(Lesson, "lessons", site=site))


def _alerts_find(run: Run, event: Event) -> None:
    """A repeat or an end of what was moved is told to the incident that has it now."""
    if event.kind == "taken_out":
        moved = None if event.merged else json.dumps(event.fingerprints)
        run("move_words", incident=event.incident, into=event.into, fingerprints=moved)
    if event.kind == "reopen":
        (body,) = run("load", id=event.incident).fetchone()
        keys = json.dumps(sorted(incident_keys(Incident.from_stored(body))))
        run("note_keys", incident=event.incident, keys=keys)
