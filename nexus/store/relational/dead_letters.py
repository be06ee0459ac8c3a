"""Implements `nexus.store.dead_letters.DeadLetters`: the event's row stays, another one says why."""

from datetime import datetime

from incidents.errors import UnknownName
from incidents.events import Event
from nexus.store.audit import Deed
from nexus.store.dead_letters import DeadLetter, replayed
from nexus.store.relational.audit import record
from nexus.store.relational.events import event_of
from nexus.store.relational.lists import letter_of
from nexus.store.relational.rows import sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run
from nexus.store.relational.writes import hold, queued
from tools.redaction.redact import redact_secrets


class SetAside(Tables):
    """One that is set aside counts as handled, so that no other statement has to know of it."""

    async def count_try(self, event: str) -> None:
        """One more."""
        await self._database.write("count_try", id=event)

    async def suspect(self, incident: str, tries: int) -> str | None:
        """The oldest that was tried so often."""
        rows = await self._database.read("suspect", incident=incident, tries=tries)
        return rows[0][0] if rows else None

    async def set_aside(
        self, incident: str, event: str, number: int, why: str, at: datetime
    ) -> DeadLetter | None:
        """Take it out of what waits."""

        def work(run: Run) -> DeadLetter | None:
            hold(run, incident, number)
            row = run("waits", incident=incident, id=event).fetchone()
            if row is None:
                return None
            run("mark_handled", id=event)
            moment = sortable(at)
            run("set_aside", event=event, incident=incident, why=redact_secrets(why), set_aside_at=moment)
            return letter_of((event, incident, redact_secrets(why), moment, row[0]))

        return await self._atomically(incident, work)

    async def replay(self, incident: str, event: str, deed: Deed | None = None) -> Event:
        """Put it into the inbox again."""

        def work(run: Run) -> Event:
            rows = run("dead_letters_of_incident", incident=incident).fetchall()
            found = next((row for row in rows if row[0] == event), None)
            if found is None:
                raise UnknownName("event that is set aside", event, (row[0] for row in rows))
            again = replayed(event_of(event, found[4]))
            run("erase_dead_letter", event=event)
            queued(run, again)
            if deed is not None:
                record(run, deed)
            return again

        return await self._atomically(incident, work)
