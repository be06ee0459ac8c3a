"""The delivery loop of a process, on an event loop and in a thread of its own: no turn holds up a page."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nexus.config.runbook import runbook_of
from nexus.config.site import Site
from nexus.home import Home
from nexus.notify.kinds import AnyDestination
from nexus.notify.loop import DeliveryLoop
from nexus.notify.setup import Setup
from nexus.notify.wiring import Opened, Opening, opened_anyway
from nexus.oncall.remembered import FOLDER
from nexus.runtime.apart import in_thread
from nexus.runtime.duty import OnDuty
from nexus.runtime.letter_links import offering
from nexus.store.outbox import Told


class CurrentSetup:
    """What `nexus.yaml` says of telling, made anew when it is read again and says something else.

    Args:
        home: looks secrets up, and has the clock.
        site: what the file says now.
    """

    def __init__(self, home: Home, site: Callable[[], Site]) -> None:
        self._home = home
        self._site = site
        self._bounds = runbook_of(home.settings).bounds
        self._made: tuple[object, Setup] | None = None
        self._before: list[Setup] = []
        self._on_duty = OnDuty(site, home.secrets, home.settings.home / FOLDER, home.clock.now)

    def __call__(self) -> Setup:
        """As it is now."""
        site = self._site()
        says = (site.notify, site.server.public_url, site.approval.chat)
        if self._made is None or self._made[0] != says:
            if self._made is not None:  # what is being sent through it goes on; it is closed at the end
                self._before.append(self._made[1])
            opened = {one.name: self._opened(one) for one in site.notify.destinations}
            self._made = (
                says,
                Setup(
                    self._bounds,
                    site.notify,
                    opened,
                    site.server.public_url,
                    site.approval.chat,
                    self._on_duty,
                ),
            )
        return self._made[1]

    def _opened(self, one: AnyDestination) -> Opened:
        home = self._home
        first = first_reference(home.store, one.name)
        return opened_anyway(one, home.secrets, home.clock, first, offering(home, self._site, one.name))

    async def aclose(self) -> None:
        """Let go of every connection of every setup."""
        for one in (*self._before, *([self._made[1]] if self._made is not None else [])):
            await one.aclose()
        await self._on_duty.aclose()


def first_reference(store: Told, destination: str) -> Opening:
    """How a provider calls the first notice of an incident that it took: a thread outlives this process."""

    async def opening(incident: str) -> str | None:
        kept = await store.deliveries_of(incident)
        its = (one.reference for one in kept if one.destination == destination)
        return next((reference for reference in its if reference is not None), None)

    return opening


@asynccontextmanager
async def delivering(home: Home, site: Callable[[], Site]) -> AsyncIterator[None]:
    """People are told while the block lasts; what is being sent at its end is sent to its end.

    Args:
        home: the store, the clock, and where secrets are looked up.
        site: what `nexus.yaml` says now.
    """

    @asynccontextmanager
    async def opens() -> AsyncIterator[DeliveryLoop]:
        setup, stop = CurrentSetup(home, site), asyncio.Event()
        loop = DeliveryLoop(home.store, site().site, setup, home.clock.now)
        running = asyncio.create_task(loop.run(stop))
        try:
            yield loop
        finally:
            stop.set()
            loop.ring()
            await running
            await setup.aclose()

    async with in_thread("nexus-telling", opens):
        yield
