"""Implements `nexus.store.sessions.Sessions`."""

from datetime import datetime

from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run
from nexus.store.sessions import Session


class SessionRows(Tables):
    """A row for each session."""

    async def open_session(self, session: Session) -> None:
        """Keep a session, and forget those that have ended by its beginning."""

        def work(run: Run) -> None:
            run("forget_sessions", now=sortable(session.started_at))
            run(
                "open_session", id=session.id, person=session.person, ends_at=sortable(session.ends_at),
                started_at=sortable(session.started_at), body=as_json(session),
            )  # fmt: skip

        await self._database.atomically(work)

    async def session(self, identity: str, now: datetime) -> Session | None:
        """The session of an id, unless it has ended by then."""
        found = await self._all(Session, "session", id=identity, now=sortable(now))
        return next(iter(found), None)

    async def sessions(self, now: datetime) -> tuple[Session, ...]:
        """Those that have not ended, the newest first."""
        return await self._all(Session, "sessions", now=sortable(now))

    async def end_session(self, identity: str) -> bool:
        """End one."""
        return await self._database.write("end_session", id=identity)

    async def end_sessions_of(self, person: str) -> int:
        """End all of a person."""
        return await self._database.atomically(lambda run: run("end_sessions_of", person=person).rowcount)
