"""Tickets of action items: asked for by a person (or by the settings), made by whoever claims the row.

What is to be made is kept before the tracker is asked, and a try before it is made: after a crash the tracker
is looked through by the ticket's key, and only what is not there is made again (`tickets.next_step`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import structlog

from incidents.access import Permission
from incidents.action_items import ActionItem, ItemState
from incidents.actor import Actor
from incidents.errors import Refused, SettingsError
from incidents.tickets import Making, Next, Outside, Ticket, next_step
from nexus.config.site import Site, load_site
from nexus.home import Home
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.tickets.port import Draft, Made, Tracker, key_of
from nexus.notify.tickets.wiring import tracker_of
from nexus.sanitize import role_name
from nexus.service.authority import require
from nexus.service.hindsight import IncidentHindsight
from nexus.service.intake import AlertIntake
from nexus.store.audit import Deed, DeedKind
from nexus.store.find import find_incident
from nexus.store.records import WorldKind
from tools.clock import Clock

log = structlog.get_logger(__name__)

#: Who asks where the settings say that nobody has to.
BY_ITSELF = "Nexus"
#: How a ticket stands is read again after so long, and no more once it is at its end.
READ_EVERY = timedelta(minutes=10)
#: The tracker's clock may be this far behind ours.
SKEW = timedelta(minutes=10)
_ENDS = {Outside.DONE, Outside.DROPPED, Outside.GONE}
_TO_DO = {ItemState.OPEN, ItemState.DOING}
_MAKINGS = {
    Outcome.UNKNOWN: Making.UNKNOWN, Outcome.FAILED_FOR_NOW: Making.FAILED,
    Outcome.FAILED_FOR_GOOD: Making.REFUSED,
}  # fmt: skip


@dataclass(frozen=True)
class Ticketing:
    """The tickets of a home.

    Args:
        home: where they are kept.
        open_tracker: makes the adapter of what a site says.
        clock: when what is tried again.
    """

    home: Home
    open_tracker: Callable[[Site], Tracker]
    clock: Clock

    @classmethod
    def of(cls, home: Home) -> Self:
        """Those of a home, in the trackers that sites name."""

        def opened(site: Site) -> Tracker:
            if site.tickets is None:
                raise Refused("nexus.yaml names no tracker under `tickets`; nothing was asked for")
            return tracker_of(site.tickets, home.secrets, home.clock)

        return cls(home, opened, home.clock)

    async def ask(self, identity: str, actor: Actor) -> tuple[Ticket, ...]:
        """Ask for a ticket of each action item that is to be done; what was refused is asked for again.

        Raises:
            UnknownName: there is no such incident.
            Forbidden: it takes another role.
            Refused: it is a recorded incident, its site names no tracker, or nothing is to be done.
        """
        await find_incident(self.home.store, identity)
        require(self.home.policy_of, await self.home.store.world_of(identity), actor, Permission.RESPOND)
        tracker = self.open_tracker(await self._site(identity))
        items = await self._items(identity)
        if not items:
            raise Refused(f"{identity} has no action item that is still to be done; no ticket was asked for")
        for item in items:
            await self._want(item, tracker.name, actor.name)
        deed = Deed.by(actor, DeedKind.TICKETS, self.clock.now(), identity, said=tracker.name.split()[0])
        await self.home.store.record(deed)
        await tracker.aclose()
        return await self.home.store.tickets(identity)

    async def work(self, identity: str, site: Site | None = None) -> tuple[Ticket, ...]:
        """Make what is wanted of one incident, and read how the others stand; raises as `ask`."""
        tracker = self.open_tracker(site or await self._site(identity))
        try:
            items = {one.id: one for one in await self._every_item(identity)}
            for ticket in await self.home.store.tickets(identity):
                if ticket.item in items and ticket.tracker == tracker.name:
                    await self._one(tracker, ticket, items[ticket.item], site)
        finally:
            await tracker.aclose()
        return await self.home.store.tickets(identity)

    async def look(self, site: Site) -> None:
        """For a server, every few seconds: whatever is due of any incident of its site."""
        if site.tickets is None:
            return
        if site.tickets.automatic:
            await self._want_all(site)
        now = self.clock.now()
        name = self.open_tracker(site).name
        kept = (one for one in await self.home.store.tickets() if one.tracker == name)
        for incident in sorted({one.incident for one in kept if self._is_due(one, now)}):
            if await self._is_of(incident, site):
                await self.work(incident, site)

    def _is_due(self, ticket: Ticket, now: datetime) -> bool:
        if next_step(ticket, now) is not Next.NOTHING:
            return True
        if ticket.making is not Making.MADE or ticket.outside in _ENDS:
            return False
        return ticket.read_at is None or now - ticket.read_at >= READ_EVERY

    async def _one(self, tracker: Tracker, ticket: Ticket, item: ActionItem, site: Site | None) -> None:
        now = self.clock.now()
        match next_step(ticket, now):
            case Next.CREATE if item.state in _TO_DO:
                await self._create(tracker, ticket, await self._draft(item, site))
            case Next.LOOK:
                await self._find(tracker, ticket)
            case Next.NOTHING if ticket.making is Making.MADE and self._is_due(ticket, now):
                await self._read(tracker, ticket)
            case _:
                return

    async def _create(self, tracker: Tracker, ticket: Ticket, draft: Draft) -> None:
        """Claim the try before it is made: whose version is taken was slower, and asks nothing."""
        now = self.clock.now()
        trying = ticket.changed(making=Making.TRYING, tries=ticket.tries + 1, tried_at=now, looked_at=None)
        if not await self.home.store.change_ticket(trying):
            return
        became = await tracker.create(draft)
        if isinstance(became, Attempt):
            log.warning("a ticket was not made", item=ticket.item, outcome=became.outcome, why=became.reason)
            making = _MAKINGS.get(became.outcome, Making.UNKNOWN)
            await self.home.store.change_ticket(trying.changed(making=making, reason=became.reason))
            return
        await self._made(trying, became)

    async def _find(self, tracker: Tracker, ticket: Ticket) -> None:
        now = self.clock.now()
        found = await tracker.find(ticket.key, (ticket.tried_at or ticket.asked_at) - SKEW)
        if isinstance(found, Made):
            await self._made(ticket, found)
            return
        if isinstance(found, Attempt):  # nobody knows still: it is looked for again
            unknown = ticket.changed(making=Making.UNKNOWN, reason=found.reason, read_at=now)
            await self.home.store.change_ticket(unknown)
        else:
            await self.home.store.change_ticket(ticket.changed(making=Making.UNKNOWN, looked_at=now))

    async def _made(self, ticket: Ticket, made: Made) -> None:
        await self.home.store.change_ticket(
            ticket.changed(
                making=Making.MADE, reason="", reference=made.reference, url=made.url, outside=made.outside,
                word=made.word, read_at=self.clock.now(),
            )
        )  # fmt: skip

    async def _read(self, tracker: Tracker, ticket: Ticket) -> None:
        seen = await tracker.read(ticket.reference)
        now = self.clock.now()
        if isinstance(seen, Attempt):
            await self.home.store.change_ticket(ticket.changed(reason=seen.reason, read_at=now))
        else:
            changed = ticket.changed(outside=seen.outside, word=seen.word, reason="", read_at=now)
            await self.home.store.change_ticket(changed)

    async def _want(self, item: ActionItem, tracker: str, by: str) -> None:
        """Keep that a ticket is wanted, unless one is made or on its way."""
        known = {one.item: one for one in await self.home.store.tickets(item.incident)}.get(item.id)
        now = self.clock.now()
        if known is None:
            wanted = Ticket(
                item=item.id,
                incident=item.incident,
                tracker=tracker,
                key=key_of(item.id),
                by=by,
                asked_at=now,
            )
            await self.home.store.change_ticket(wanted)
        elif known.making in {Making.REFUSED, Making.FAILED} and by != BY_ITSELF:
            again = known.changed(making=Making.WANTED, by=by, asked_at=now, tracker=tracker, reason="")
            await self.home.store.change_ticket(again)

    async def _want_all(self, site: Site) -> None:
        every = await IncidentHindsight.of(self.home).all_items(state=ItemState.OPEN)
        known = {one.item for one in await self.home.store.tickets()}
        name = self.open_tracker(site).name
        for item in every:
            if item.id in known or not await self._is_of(item.incident, site):
                continue
            if not (await self.home.store.summary_of(item.incident)).shadow:  # of those people alone may ask
                await self._want(item, name, BY_ITSELF)

    async def _is_of(self, incident: str, site: Site) -> bool:
        world = await self.home.store.world_of(incident)
        return world.kind is WorldKind.LIVE and load_site(Path(world.path)).site == site.site

    async def _items(self, identity: str) -> tuple[ActionItem, ...]:
        return tuple(one for one in await self._every_item(identity) if one.state in _TO_DO)

    async def _every_item(self, identity: str) -> tuple[ActionItem, ...]:
        return await IncidentHindsight.of(self.home).items(identity)

    async def _draft(self, item: ActionItem, site: Site | None) -> Draft:
        incident = await find_incident(self.home.store, item.incident)
        named = site or await self._site(item.incident)
        base = named.server.public_url
        page = f"{base}/incidents/{item.incident}/post-mortem" if base else item.incident
        told = (
            item.action,
            item.reason,
            f"Owner: {role_name(item.owner)}. By: {item.due:%Y-%m-%d}. "
            f"Priority: {item.priority or 'not given'}.",
            f"From the incident {item.incident} ({incident.severity or 'not classified'}): {page}",
        )
        return Draft(
            key=key_of(item.id), title=item.action, paragraphs=tuple(one for one in told if one), due=item.due
        )

    async def _site(self, identity: str) -> Site:
        world = await self.home.store.world_of(identity)
        if world.kind is not WorldKind.LIVE:
            raise Refused(f"{identity} is a recorded incident: its action items go to no tracker")
        return load_site(Path(world.path))


async def tracker_named(home: Home, incident: str) -> str | None:
    """The kind of tracker to which action items of an incident go; None: to none."""
    world = await home.store.world_of(incident)
    if world.kind is not WorldKind.LIVE:
        return None
    try:
        settings = load_site(Path(world.path)).tickets
    except SettingsError:
        return None
    return settings.kind if settings is not None else None


@dataclass(frozen=True)
class TicketWatch:
    """Makes what is wanted while a server runs; the site is what the intake says then."""

    intake: AlertIntake

    async def look(self) -> None:
        """Whatever is due."""
        await Ticketing.of(self.intake.home).look(self.intake.site)
