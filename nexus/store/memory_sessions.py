"""The sessions of the store's twin in memory."""

from datetime import datetime

from nexus.store.memory_restrictions import MemoryRestrictions
from nexus.store.sessions import Session


class MemorySessions(MemoryRestrictions):
    """Implements `nexus.store.sessions.Sessions` in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._sessions: dict[str, Session] = {}

    async def open_session(self, session: Session) -> None:
        """Keep a session, and forget those that have ended by its beginning."""
        self._sessions = {one.id: one for one in await self.sessions(session.started_at)}
        self._sessions[session.id] = session

    async def session(self, identity: str, now: datetime) -> Session | None:
        """The session of an id, unless it has ended by then."""
        return next((one for one in await self.sessions(now) if one.id == identity), None)

    async def sessions(self, now: datetime) -> tuple[Session, ...]:
        """Those that have not ended, the newest first."""
        lasting = (one for one in self._sessions.values() if one.ends_at > now)
        return tuple(sorted(lasting, key=lambda one: (one.started_at, one.id), reverse=True))

    async def end_session(self, identity: str) -> bool:
        """End one."""
        return self._sessions.pop(identity, None) is not None

    async def end_sessions_of(self, person: str) -> int:
        """End all of a person."""
        theirs = [one.id for one in self._sessions.values() if one.person == person]
        return sum([await self.end_session(one) for one in theirs])
