"""How late this process's event loop comes to what it should do: what computes holds up who waits.

What counts is the lateness that this process has made itself: where others keep the machine busy a turn that
waits for its model all the same costs nobody anything.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

#: How often it is measured, in seconds.
EVERY = 0.05
#: How much of the last measurement counts beside those before it.
_WEIGHT = 0.5


class LoopLag:
    """Measures while its block lasts; `seconds` is a moving mean of how late the loop came by itself.

    Args:
        computed: the seconds that this process has used of the processor; other ones in tests.
    """

    def __init__(self, computed: Callable[[], float] = time.process_time) -> None:
        self.seconds = 0.0
        self._computed = computed

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
            due, before = loop.time() + EVERY, self._computed()
            await asyncio.sleep(EVERY)
            late = min(loop.time() - due, self._computed() - before)
            self.seconds += _WEIGHT * (late - self.seconds)
