"""Changes under a lease: what was begun by a holder that has lost its lease is refused."""

from dataclasses import dataclass
from datetime import datetime

from graph.ports import Intent
from incidents.act_permission import Use
from incidents.action import Outcome, Proposal
from incidents.change_limits import Limits
from nexus.store.port import IncidentStore


@dataclass(frozen=True)
class FencedIntents:
    """Implements `graph.ports.Intents` for the holder of one lease.

    An outcome is kept whoever brings it: it tells what has happened.
    """

    store: IncidentStore
    number: int

    async def begin(
        self, proposal: Proposal, at: datetime, limits: Limits | None = None, use: Use | None = None
    ) -> bool:
        """Keep the intent if the lease is still in force.

        Raises:
            StaleLease: it is not; nothing was begun.
        """
        return await self.store.begin(proposal, at, self.number, limits, use)

    async def finish(self, key: str, outcome: Outcome) -> None:
        """Keep what became of a key; the first outcome stays."""
        await self.store.finish(key, outcome)

    async def unfinished(self, incident: str) -> tuple[Intent, ...]:
        """The intents without an outcome, oldest first."""
        return await self.store.unfinished(incident)

    async def finished(self, key: str) -> Outcome | None:
        """The outcome of a key, or None."""
        return await self.store.finished(key)

    async def spent(self, digest: str) -> bool:
        """Whether a change was ever begun under this digest."""
        return await self.store.spent(digest)
