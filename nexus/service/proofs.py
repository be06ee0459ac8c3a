"""Which undos are proven here: what was really carried out and watched in incidents and drills."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from incidents.action import ActionKind
from incidents.proofs import LASTS, Proof, proofs_of, proofs_of_drill
from nexus.home import Home
from nexus.store.drills import Drills
from nexus.store.find import find_incident
from nexus.store.lists import EVERY
from nexus.store.reads import IncidentReads
from nexus.store.records import WorldKind

_PAGE = 200


class ProofStore(IncidentReads, Drills, Protocol):
    """What is read of the store."""


@dataclass(frozen=True)
class ProofQueries:
    """Reads it from the store."""

    store: ProofStore

    @classmethod
    def of(cls, home: Home) -> Self:
        """Of a home."""
        return cls(home.store)

    async def proofs(self, service: str, kind: ActionKind, now: datetime) -> tuple[Proof, ...]:
        """The proofs of a service and a kind of change, oldest first; `proven` says whether one holds."""
        return tuple(one for one in await self.every(now) if (one.service, one.kind) == (service, kind))

    async def every(self, now: datetime, hidden: Collection[str] = ()) -> tuple[Proof, ...]:
        """The proofs of all services and kinds, oldest first.

        Recorded incidents prove nothing, nor do those that were opened longer ago than a proof lasts.

        Args:
            now: the moment of the question.
            hidden: ids of incidents that who asks does not see.
        """
        found = [
            proof
            async for identity in self._recent(now)
            if identity not in hidden
            for proof in await self._of(identity)
        ]
        drills = await self.store.drills(None, now - LASTS)
        found += [proof for drill in drills for proof in proofs_of_drill(drill)]
        return tuple(sorted(found, key=lambda one: (one.at, one.source, one.proposal)))

    async def _recent(self, now: datetime) -> AsyncIterator[str]:
        after: str | None = None
        while page := await self.store.page(EVERY, _PAGE, after):
            for summary in page:
                if now - summary.opened_at <= LASTS:
                    yield summary.id
            if now - page[-1].opened_at > LASTS:  # they come newest first
                return
            after = page[-1].id

    async def _of(self, identity: str) -> tuple[Proof, ...]:
        proposed = await self.store.proposed(identity)
        if proposed is None or not any(one.undo_of for one in proposed.proposals):
            return ()
        if (await self.store.world_of(identity)).kind is not WorldKind.LIVE:
            return ()
        return proofs_of(await find_incident(self.store, identity))
