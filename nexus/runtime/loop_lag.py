"""How late this process's event loop comes to what it should do: what computes holds up who waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

#: How often it is measured, in seconds.
EVERY = 0.05
#: How much of the last measurement counts beside those before it.
_WEIGHT = 0.5


class LoopLag:
    """Measures while its block lasts; `seconds` is a moving mean of how late the loop came."""

    seconds = 0.0

    @asynccontextmanager
    async def measuring(self) -> AsyncIterator[None]:
        """Measure now and then until the block ends."""
        task = asyncio.create_task(self._measure())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            self.seconds += _WEIGHT * (loop.time() - due - self.seconds)
