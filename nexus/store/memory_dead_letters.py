"""The dead letters of the store's twin in memory, where every event can be read."""

from datetime import datetime

from incidents.errors import UnknownName
from incidents.events import Event
from nexus.store.audit import Deed
from nexus.store.dead_letters import DeadLetter, described, replayed
from nexus.store.leases import stale
from nexus.store.memory_permissions import MemoryPermissions
from tools.redaction.redact import redact_secrets


class MemoryDeadLetters(MemoryPermissions):
    """Implements `nexus.store.dead_letters.DeadLetters` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._tries: dict[str, int] = {}
        self._dead: dict[str, DeadLetter] = {}

    async def count_try(self, event: str) -> None:
        """One more."""
        self._tries[event] = self._tries.get(event, 0) + 1

    async def suspect(self, incident: str, tries: int) -> str | None:
        """The oldest that was tried so often."""
        waiting = (event.id for event in await self.events(incident))
        return next((one for one in waiting if self._tries.get(one, 0) >= tries), None)

    async def set_aside(
        self, incident: str, event: str, number: int, why: str, at: datetime
    ) -> DeadLetter | None:
        """Take it out of what waits."""
        self._known(incident)
        if not self._holds(incident, number):
            raise stale(incident, number)
        found = next((one for one in await self.events(incident) if one.id == event), None)
        if found is None:
            return None
        self._handled.add(event)
        letter = DeadLetter.model_validate(
            {"event": event, "incident": incident, "why": redact_secrets(why), "set_aside_at": at}
            | described(found.model_dump(mode="json"))
        )
        self._dead[event] = letter
        return letter

    async def dead_letters(self, incident: str | None = None) -> tuple[DeadLetter, ...]:
        """Those of an incident, or of all that are not closed."""
        found = (
            one
            for one in self._dead.values()
            if one.incident == incident or (incident is None and not self._incidents[one.incident][0].closed)
        )
        return tuple(sorted(found, key=lambda letter: (letter.set_aside_at, letter.event)))

    async def replay(self, incident: str, event: str, deed: Deed | None = None) -> Event:
        """Put it into the inbox again."""
        self._known(incident)
        theirs = [one.event for one in await self.dead_letters(incident)]
        if event not in theirs:
            raise UnknownName("event that is set aside", event, theirs)
        again = replayed(self._inbox[event])
        del self._dead[event]
        self._queued(again)
        self._done(deed)
        return again
