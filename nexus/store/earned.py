"""What a change has to show that nobody signs, counted from the incidents that are kept and from replays."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incidents.act_permission import DAY, ActPermission, Record, Withdrawal
from incidents.action import Action
from incidents.drill import Drill
from incidents.incident import Incident
from incidents.proofs import LASTS, Proof, proofs_of, proofs_of_drill, proven
from incidents.proposed import Proposed
from incidents.replays import Replay
from incidents.track_record import track_record
from incidents.trust import Proposed as Counted
from incidents.trust import first_proposed
from incidents.verdicts import DiagnosisVerdict
from nexus.store.lists import EVERY, IncidentFilter
from nexus.store.records import Summary, WorldKind, WorldRef

_PAGE = 200


class Kept(Protocol):
    """What is read of the store, and the permissions that are kept there."""

    async def page(
        self, among: IncidentFilter = EVERY, limit: int = 100, after: str | None = None
    ) -> tuple[Summary, ...]:
        """So many incidents, newest first."""
        ...

    async def proposed(self, incident: str) -> Proposed | None:
        """What it proposed as it was saved last."""
        ...

    async def load(self, incident: str) -> Incident | None:
        """The incident as it was saved last."""
        ...

    async def world_of(self, incident: str) -> WorldRef:
        """The world that an incident was opened with."""
        ...

    async def verdicts(self, incident: str | None = None) -> tuple[DiagnosisVerdict, ...]:
        """What people said of diagnoses."""
        ...

    async def drills(self, site: str | None, since: datetime) -> tuple[Drill, ...]:
        """Those of a site that began at a moment or later."""
        ...

    async def replays(self, site: str | None = None) -> tuple[Replay, ...]:
        """What backtests of a site would have proposed."""
        ...

    async def withdrawals(self, site: str) -> tuple[Withdrawal, ...]:
        """What waits for a person to renew it."""
        ...

    async def acts(self, incident: str, since: datetime) -> int:
        """How many changes began without a person."""
        ...

    async def announce(self, permission: ActPermission) -> None:
        """Keep a permission."""
        ...

    async def permission(self, digest: str) -> ActPermission | None:
        """The permission of a digest."""
        ...

    async def void(self, digest: str, at: datetime, why: str) -> None:
        """It lets nothing begin any more."""
        ...

    async def withdraw(self, digest: str, at: datetime, why: str) -> bool:
        """Take away what it allowed."""
        ...


@dataclass(frozen=True)
class EarnedPermissions:
    """Implements `graph.ports.Permissions` for one site.

    Attributes:
        store: where the incidents are kept.
        site: by its name; what was withdrawn elsewhere is not withdrawn here.
    """

    store: Kept
    site: str

    async def record(self, incident: Incident, action: Action, now: datetime) -> Record:
        """What is kept of such changes: in incidents of the same world, in replays of it and in drills."""
        place = (action.service, action.kind)
        counted, proofs = list[Counted](), list[Proof]()
        for other in await self._alike(incident, action):
            counted += first_proposed(other, await self.store.verdicts(other.id))
            proofs += proofs_of(other)
        for drill in await self.store.drills(self.site, now - LASTS):
            proofs += proofs_of_drill(drill)
        replays = [one.proposed for one in await self.store.replays(self.site) if one.proposed is not None]
        told = track_record(counted, replays, action.kind, action.service)
        proof = proven((one for one in proofs if (one.service, one.kind) == place), now)
        record = Record(
            at=now, acts=await self.store.acts(incident.id, now - DAY),
            withdrawal=await self._withdrawal(action), **told.model_dump(),
        )  # fmt: skip
        if proof is not None:
            by = f"{proof.source} {proof.proposal}"
            record = record.model_copy(update={"proven_at": proof.at, "proven_by": by})
        return record

    async def _withdrawal(self, action: Action) -> Withdrawal | None:
        gone = await self.store.withdrawals(self.site)
        return next((one for one in gone if (one.kind, one.service) == (action.kind, action.service)), None)

    async def announce(self, permission: ActPermission) -> None:
        """Keep a permission."""
        await self.store.announce(permission)

    async def permission(self, digest: str) -> ActPermission | None:
        """The permission of a digest."""
        return await self.store.permission(digest)

    async def void(self, digest: str, at: datetime, why: str) -> None:
        """It lets nothing begin any more."""
        await self.store.void(digest, at, why)

    async def withdraw(self, digest: str, at: datetime, why: str) -> bool:
        """Take away what it allowed."""
        return await self.store.withdraw(digest, at, why)

    async def _alike(self, incident: Incident, action: Action) -> list[Incident]:
        """The other incidents of its world that proposed a change of its kind; only these are read whole."""
        found, after = list[Incident](), None
        world = await self.store.world_of(incident.id)
        while page := await self.store.page(EVERY, _PAGE, after):
            for one in page:
                said = await self.store.proposed(one.id) if one.id != incident.id else None
                asked = {p.action.kind for p in said.proposals} if said else set()
                if action.kind in asked and await self.store.world_of(one.id) == world:
                    whole = await self.store.load(one.id)
                    found += [whole] if whole is not None and world.kind is WorldKind.LIVE else []
            after = page[-1].id
        return found
