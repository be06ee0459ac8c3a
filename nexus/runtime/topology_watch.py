"""What backends know of where services run, asked in the background: an alert never waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from incidents.errors import ToolFailed
from tools.alerts.matching.topology import NOTHING_KNOWN, Topology
from tools.clock import Clock
from tools.ports import ServiceTopology

log = structlog.get_logger(__name__)

#: How often it is asked again.
EVERY = timedelta(minutes=2)
#: What is older counts as not known: pods and machines have new addresses by then.
OLDEST = timedelta(minutes=30)
#: How long a start waits for the first answer.
FIRST = timedelta(seconds=5)


class TopologyWatch:
    """The last topology that was answered whole, until it is too old.

    Args:
        port: what is asked.
        clock: what tells its age.
        every: between two questions.
    """

    def __init__(self, port: ServiceTopology, clock: Clock, every: timedelta = EVERY) -> None:
        self._port = port
        self._clock = clock
        self._every = every
        self._last = NOTHING_KNOWN
        self._answered = asyncio.Event()

    def now(self) -> Topology:
        """What is known; asks nobody."""
        at = self._last.at
        return NOTHING_KNOWN if at is None or self._clock.now() - at > OLDEST else self._last

    async def refresh(self) -> None:
        """Ask once; a backend that does not answer leaves what was known before."""
        try:
            self._last = await self._port.topology()
        except ToolFailed as error:
            log.warning("where services run is not known anew", why=str(error), last=self._last.at)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask again and again while the block lasts; it begins once the first answer is there, or late."""
        asking = asyncio.create_task(self._ask_on())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), FIRST.total_seconds())
        try:
            yield
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            await self._port.aclose()

    async def _ask_on(self) -> None:
        while True:
            try:
                await self.refresh()
            except Exception:  # a job's edge: it is asked again, also after an answer that nobody expected
                log.exception("where services run is not known anew")
            self._answered.set()
            await asyncio.sleep(self._every.total_seconds())
