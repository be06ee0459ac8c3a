"""Implements `nexus.store.reads.ProposalReads`."""

import json
from collections.abc import Collection
from datetime import datetime

from incidents.action import Approval
from incidents.findings import Evidence
from incidents.proposed import Proposed
from nexus.store.records import WorldRef
from nexus.store.relational.lists import ListReads


class ProposalReads(ListReads):
    """Of an incident's row no more is made values than a decision rests on."""

    async def proposed(self, incident: str) -> Proposed | None:
        """What it proposed as it was saved last, or None."""
        return next(iter(await self._all(Proposed, "load", id=incident)), None)

    async def world_of(self, incident: str) -> WorldRef:
        """The world that an incident was opened with."""
        return WorldRef.from_stored((await self._world_and_clock(incident))[0])

    async def clock_of(self, incident: str) -> datetime:
        """The moment of its clock when it was saved last."""
        return datetime.fromisoformat((await self._world_and_clock(incident))[1])

    async def _world_and_clock(self, incident: str) -> tuple[str, ...]:
        for row in await self._database.read("world_and_clock", id=incident):
            return row
        raise await self._unknown(incident)

    async def cited(self, incident: str, ids: Collection[str]) -> tuple[Evidence, ...]:
        """The evidence of these ids, oldest first."""
        return await self._all(Evidence, "cited", incident=incident, ids=json.dumps(list(ids)))

    async def approvals(self, incident: str) -> tuple[Approval, ...]:
        """Every decision on an incident, oldest first."""
        return await self._all(Approval, "approvals", incident=incident)
