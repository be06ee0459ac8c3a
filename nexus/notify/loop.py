"""Brings messages to their destinations: routes what is new, follows what wants somebody, tries what is due.

It belongs to no turn of an incident: nothing waits here for a model. Several processes may run it; a delivery
is tried by one of them at a time.
"""

import asyncio
import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from incidents.errors import LeftBehind, NexusError
from incidents.paging import pause_of_paging
from nexus.notify.following import Around, next_step
from nexus.notify.handling import handled
from nexus.notify.reading import Known, TellingStore
from nexus.notify.router import URGENT, Way, route
from nexus.notify.sending import Sending
from nexus.notify.setup import Setup
from nexus.notify.trying import lost
from nexus.notify.wiring import Opened
from nexus.store.outbox import AskingMessage

log = structlog.get_logger(__name__)

#: How often is looked for what others have written, in seconds; and for what time alone brings.
POLL, ANYWAY = 0.25, 1.0
#: So many messages are routed in one transaction.
_BATCH = 200
#: No urgency is less than this.
_LEAST = 1_000_000


@dataclass
class DeliveryLoop:
    """One process's.

    Args:
        store: the outbox, and the incidents that it tells of.
        site: whose messages.
        setup: what `nexus.yaml` says now; another one takes the place of the one before.
        now: the wall's time, or a virtual one.
        chance: from 0 to 1, for pauses.
    """

    store: TellingStore
    site: str
    setup: Callable[[], Setup]
    now: Callable[[], datetime]
    chance: Callable[[], float] = random.random
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _trying: dict[asyncio.Task[None], str] = field(default_factory=dict)
    _known: Known = field(init=False)
    _sending: Sending = field(init=False)
    _stands: dict[str, tuple[str, frozenset[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What the loop is made of."""
        self._known = Known(self.store)
        self._sending = Sending(self.store, self.site, self._known, self.now, self.chance, self.owner)

    def ring(self) -> None:
        """Something was said: look now."""
        self._bell.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until it is told to stop; what is being tried then is tried to its end."""
        seen, looked = -1, -ANYWAY
        while not stop.is_set():
            try:
                changed, clock = await self.store.changed(), asyncio.get_running_loop().time()
                if changed != seen or clock - looked >= ANYWAY:
                    seen, looked = changed, clock
                    await self.look()
                await self.dispatch()
            except LeftBehind as error:  # whoever takes alerts or drives says so
                log.info("telling people is left to newer processes", why=str(error))
                break
            except NexusError as error:  # the store is locked or gone for a while
                log.warning("what is to be told could not be read", why=str(error))
            except Exception:  # a job's edge: one message that breaks must not end all telling
                log.exception("telling people broke off; it goes on")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), POLL)
            self._bell.clear()
        await self.settle_down()

    def abandon(self) -> None:
        """End every try where it stands, as the end of the process would."""
        for task in tuple(self._trying):
            task.cancel()

    @property
    def busy(self) -> bool:
        """Whether anything is being tried."""
        return bool(self._trying)

    async def settle_down(self) -> None:
        """Wait for what is being tried; each has its own limit."""
        while self._trying:
            await asyncio.wait(tuple(self._trying))

    async def look(self) -> None:
        """Settle what others lost, route what is new, follow what wants somebody."""
        now = self.now()
        gone = await self.store.lost(self.site, now)
        if gone:
            await self.store.settle(tuple(lost(one, owner, now, self.chance()) for one, owner in gone))
        await self._route()
        await self._follow()

    async def _ways(self) -> tuple[Way, ...]:
        disabled = {one.destination: one.reason for one in await self.store.disabled(self.site)}
        return self.setup().ways(disabled)

    async def _route(self) -> None:
        while new := await self.store.unrouted(self.site, _BATCH):
            rules, ways, now = self.setup().rules, await self._ways(), self.now()
            await self.store.route(self.site, tuple(route(one, rules, ways, now) for one in new))

    async def _follow(self) -> None:
        asking = await self.store.asking(self.site)
        by_incident: dict[str, list[AskingMessage]] = {}
        for one in asking:
            by_incident.setdefault(one.message.incident, []).append(one)
        stands = await self.store.stands(tuple(by_incident)) if by_incident else {}
        now = self.now()
        for incident, messages in by_incident.items():
            stand = stands.get(incident, ""), frozenset(one.number for one in messages)
            due = any(one.repeat_at is not None and one.repeat_at <= now for one in messages)
            if due or self._stands.get(incident) != stand:
                await self._step(incident, messages, now)
                self._stands[incident] = stand
        self._stands = {one: stand for one, stand in self._stands.items() if one in by_incident}

    async def _step(self, incident: str, messages: list[AskingMessage], now: datetime) -> None:
        known, severity = await self._known.incident(incident)
        events = await self.store.unhandled((incident,))
        deliveries, setup = await self.store.deliveries_of(incident), self.setup()
        pause = pause_of_paging(known, setup.bounds, now) if known is not None else None
        around = Around(severity, pause, setup.rules, await self._ways(), now)
        for one in reversed(messages):
            why = handled(one.message, known, events, pause) if known is not None else None
            mine = [its for its in deliveries if its.message == one.number]
            step = next_step(one, why, mine, around)
            if step is not None:
                await self.store.follow(self.site, step)

    async def dispatch(self) -> None:
        """Begin as many tries as may go on at the same time, the most urgent first."""
        now = self.now()
        due = await self.store.due_destinations(self.site, now)
        if not due:
            return
        setup = self.setup()
        closed = {one.destination for one in await self.store.disabled(self.site)}
        closed.update(await self.store.resting(self.site, now))
        for name in due:
            if name in setup.opened and name not in closed:
                await self._begin(name, setup.opened[name], setup, now)

    async def _begin(self, name: str, opened: Opened, setup: Setup, now: datetime) -> None:
        running = sum(where == name for where in self._trying.values())
        free = opened.settings.at_once - running
        free, most = self._sending.room(opened, free, now, _LEAST)
        if free <= 0 and running <= opened.settings.at_once:
            free, most = self._sending.room(opened, 1, now, URGENT)  # the slot that is kept
        if free <= 0:
            return
        sender = self._sending.sender(opened, now)
        for one in await self.store.take(self.site, name, sender, now, free, most):
            self._sending.begun(opened, one, now)
            task = asyncio.create_task(self._sending.one(one, opened, setup, self._ways))
            self._trying[task] = name
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._trying[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what became of a try could not be kept", why=str(error))
        self._bell.set()
