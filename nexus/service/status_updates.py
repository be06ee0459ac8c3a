"""Drafts of the status page: who writes one, who releases it. What goes out by itself is not decided here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import Refused, UnknownName, UsageError
from incidents.incident import Incident
from incidents.status_page import (
    PublicUpdate,
    UpdateState,
    Wording,
    leaks,
    level_of,
    public_components,
)
from incidents.value import Value
from nexus.config.site import Site, load_site
from nexus.home import Home
from nexus.service.authority import PolicyOf, require
from nexus.store.audit import Deed, DeedKind
from nexus.store.find import find_incident
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tools.clock import Clock
from tools.redaction.redact import redact


class UpdatesView(Value):
    """What the status page was and may be told of one incident, oldest first."""

    incident: str
    items: tuple[PublicUpdate, ...]

    @property
    def drafts(self) -> tuple[PublicUpdate, ...]:
        """Those that wait for a person."""
        return tuple(one for one in self.items if one.state is UpdateState.DRAFT)


@dataclass(frozen=True)
class StatusUpdates:
    """The door of those who speak to customers. `site_of` reads a live world's `nexus.yaml`."""

    store: IncidentStore
    policy_of: PolicyOf
    site_of: Callable[[WorldRef], Site]
    wall: Clock

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home.store, home.policy_of, lambda world: load_site(Path(world.path)), home.clock)

    async def view(self, identity: str) -> UpdatesView:
        """Everything that was told, and what waits.

        Raises:
            UnknownName: there is no such incident.
        """
        await find_incident(self.store, identity)
        return UpdatesView(incident=identity, items=await self.store.public_updates(identity))

    async def write(self, identity: str, *, actor: Actor, impact: str, current_action: str) -> PublicUpdate:
        """Keep a person's words as a draft.

        Raises:
            Forbidden: they may not work on incidents.
            UsageError: the words name what belongs inside.
            Refused: customers have no name for anything that is hit, or the incident is recorded.
        """
        incident, site = await self._open(identity, actor)
        before = await self.store.public_updates(identity)
        told_of = {name for one in before if one.place is not None for name in one.components}
        components = public_components(incident, site.catalogue, told_of)
        if not components:
            raise Refused(
                f"{identity} hits nothing that has a `public` name in nexus.yaml: the page cannot tell of it"
            )
        _must_be_public(f"{impact}\n{current_action}", incident, site)
        now, last = self.wall.now(), before[-1] if before else None
        draft = PublicUpdate(
            id=str(uuid4()), thread=last.thread if last else str(uuid4()), incident=identity,
            key=f"by a person {uuid4().hex}", components=components,
            level=last.level if last and last.status is incident.public_status else
            level_of(incident.public_status, down=False),
            status=incident.public_status, began_at=last.began_at if last else incident.opened_at, at=now,
            impact=redact(impact.strip()), current_action=redact(current_action.strip()),
            next_update=last.next_update if last else None, wording=Wording.FREE, state=UpdateState.DRAFT,
            written_by=actor.id, why_held="its words are free",
        )  # fmt: skip
        await self.store.keep_update(site.site, draft)
        await self.store.record(_deed(actor, draft, now, "written"))
        return draft

    async def release(self, identity: str, draft: str | None, *, actor: Actor) -> PublicUpdate:
        """Publish a draft in one's own name.

        Args:
            identity: the incident's id.
            draft: its id, or how that begins; not needed while exactly one waits.
            actor: who answers for it.

        Raises:
            Forbidden: they may not work on incidents.
            UnknownName, UsageError: there is no such draft, several wait, or it names what belongs inside.
            Refused: nothing waits, or it was released or dropped a moment ago.
        """
        incident, site = await self._open(identity, actor)
        found = await self._draft(identity, draft)
        _must_be_public(f"{found.impact}\n{found.current_action}", incident, site)
        now = self.wall.now()
        released = await self.store.release(
            found.model_copy(update={"at": now, "released_by": actor.id}),
            _deed(actor, found, now, "released"),
        )
        if released is None:
            raise Refused(f"the draft {found.id[:8]} waits no more; nothing was published")
        return released

    async def drop(self, identity: str, draft: str | None, *, actor: Actor) -> PublicUpdate:
        """Give a draft up; raises as `release`."""
        await self._open(identity, actor)
        found = await self._draft(identity, draft)
        if not await self.store.drop(found.id, _deed(actor, found, self.wall.now(), "dropped")):
            raise Refused(f"the draft {found.id[:8]} waits no more; nothing was changed")
        return found.model_copy(update={"state": UpdateState.DROPPED})

    async def _open(self, identity: str, actor: Actor) -> tuple[Incident, Site]:
        incident = await find_incident(self.store, identity)
        world = await self.store.world_of(identity)
        require(self.policy_of, world, actor, Permission.RESPOND)
        if world.kind is not WorldKind.LIVE:
            raise Refused(f"{identity} is a recorded incident: no customer hears of it")
        return incident, self.site_of(world)

    async def _draft(self, identity: str, named: str | None) -> PublicUpdate:
        drafts = (await self.view(identity)).drafts
        if not drafts:
            raise Refused(f"no update of {identity} waits for a person; nothing was changed")
        if named is None and len(drafts) > 1:
            raise UsageError(
                f"{len(drafts)} drafts wait, name one: {', '.join(one.id[:8] for one in drafts)}"
            )
        found = [one for one in drafts if named is None or (len(named) >= 4 and one.id.startswith(named))]
        if len(found) != 1:
            raise UnknownName("draft", named or "", (one.id[:8] for one in drafts))
        return found[0]


def _must_be_public(text: str, incident: Incident, site: Site) -> None:
    """Refuse words that customers must not read.

    Raises:
        UsageError: it says which.
    """
    public = tuple(one.public for one in site.services if one.public)
    found = leaks(text, _inside(incident, site), public)
    if found:
        raise UsageError(
            f"the words name {', '.join(found[:5])}: say it as customers know it; nothing was published"
        )


def _inside(incident: Incident, site: Site) -> Iterator[str]:
    """Names that customers do not know."""
    for service in site.services:
        yield service.name
        yield from (*service.aliases, *service.hosts, *service.workloads, *service.otel, *service.namespaces)
    yield from (person.name for person in site.people)
    yield from (alert.title for alert in incident.alerts)


def _deed(actor: Actor, update: PublicUpdate, at: datetime, said: str) -> Deed:
    return Deed.by(actor, DeedKind.STATUS_UPDATE, at, update.incident, about=update.id, said=said)
