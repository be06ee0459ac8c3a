"""A process is late by its own doing where it computes, and not where others keep the machine busy."""

import asyncio
import time
from collections.abc import Callable

from nexus.runtime.loop_lag import EVERY, LoopLag
from nexus.runtime.turns import KEEPS_UP


async def lateness(computed: Callable[[], float]) -> float:
    """What is measured of a loop that was held up for a second."""
    lag = LoopLag(computed)
    async with lag.measuring():
        await asyncio.sleep(0)  # it measures
        until = time.monotonic() + 1
        while time.monotonic() < until:
            pass
        async with asyncio.timeout(20):
            while lag.seconds == 0.0:  # noqa: ASYNC110 - it is the measuring that is waited for
                await asyncio.sleep(0)
        return lag.seconds


async def test_what_it_computes_makes_it_late() -> None:
    assert await lateness(time.monotonic) > KEEPS_UP


async def test_a_machine_that_is_busy_with_others_does_not() -> None:
    shares = iter(range(1000))
    assert await lateness(lambda: next(shares) * EVERY / 10) < KEEPS_UP
