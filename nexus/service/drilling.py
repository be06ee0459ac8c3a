"""A drill of a live world on a calm day: what a bad day would need is tried, and nothing is changed."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from incidents.access import Permission
from incidents.actor import Actor
from incidents.change_limits import frozen
from incidents.drill import Drill, DrillStep, Part
from incidents.errors import Refused, UnknownName
from incidents.severity import Status
from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.connections import SiteConnections
from nexus.service.drill_steps import backend_steps, change_steps, people_steps
from nexus.store.audit import Deed, DeedKind
from nexus.store.lists import IncidentFilter
from nexus.store.records import WorldKind

_PAGE = 200


@dataclass(frozen=True)
class Drilling:
    """The door of those who try it.

    Attributes:
        path: where the site's `nexus.yaml` lies.
    """

    home: Home
    site: Site
    path: Path

    async def run(self, actor: Actor, service: str | None = None) -> Drill:
        """Try what can be tried without effect, and keep what came of it.

        Args:
            actor: who asks for it.
            service: whose last change; None: that of every service for which the day is calm.

        Raises:
            Forbidden: they may not.
            UnknownName: there is no such service.
            Refused: the day is not calm for it, or for none of them.
        """
        self.site.policy.require(actor, Permission.RESPOND)
        names = self.site.catalogue.names
        if service is not None and service not in names:
            raise UnknownName("service", service, names)
        asked = names if service is None else (service,)
        stirred = {one: why for one in asked if (why := await self.not_calm(one)) is not None}
        calm = tuple(one for one in asked if one not in stirred)
        if not calm:
            raise Refused(f"no drill now: {'; '.join(dict.fromkeys(stirred.values()))}")
        now = self.home.clock.now()
        drill = Drill(
            id=drill_id(now), site=self.site.site, at=now,
            by=actor.name, services=calm, steps=(*_left(stirred), *await self._steps(calm)),
        )  # fmt: skip
        said = "passed" if drill.passed else "failed"
        deed = Deed.by(actor, DeedKind.DRILL, now, about=drill.id, said=said)
        await self.home.store.keep_drill(drill, deed)
        return drill

    async def not_calm(self, service: str) -> str | None:
        """Why a service is left alone now, in a sentence; None: the day is calm for it."""
        now, store = self.home.clock.now(), self.home.store
        if (why := frozen(self.site.freezes, service, None, now)) is not None:
            return why
        among, after = IncidentFilter(not_closed=True, service=service), None
        while page := await store.page(among, _PAGE, after):
            for one in page:
                running = one.status in {Status.OPEN, Status.HANDED_OVER}
                if running and (await store.world_of(one.id)).kind is WorldKind.LIVE:
                    return f"{one.id} of {service} is open"
            after = page[-1].id
        return None

    async def _steps(self, services: tuple[str, ...]) -> tuple[DrillStep, ...]:
        connections = SiteConnections(self.home, self.path, self.home.clock)
        try:
            async with connections.use() as live:
                changes = await change_steps(live.world, services, self.home.clock)
        finally:
            await connections.aclose()
        people = await people_steps(self.home, self.site)
        return (*changes, *people, *await backend_steps(self.home, self.site))


def drill_id(at: datetime) -> str:
    """What a drill that begins at a moment is called."""
    return f"DRILL-{at:%Y%m%d-%H%M%S}-{at.microsecond // 1000:03}"


def _left(stirred: dict[str, str]) -> tuple[DrillStep, ...]:
    """The services that were left alone, each with why."""
    return tuple(
        DrillStep(part=Part.CALM, service=name, tried=f"a drill of {name}", passed=None, said=why, seconds=0)
        for name, why in stirred.items()
    )
