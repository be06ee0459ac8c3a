"""Looking at something again and again while a server runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from incidents.errors import NexusError

log = structlog.get_logger(__name__)


@asynccontextmanager
async def looking(look: Callable[[], Awaitable[None]], every: float, what: str) -> AsyncIterator[None]:
    """Look now and every so many seconds while the block lasts.

    Args:
        look: what is done; where the store cannot be read or written it is done again.
        every: seconds between two looks.
        what: how the log calls what was not looked at.
    """

    async def run() -> None:
        while True:
            try:
                await look()
            except NexusError as error:  # the file is locked or its disk is full
                log.warning(f"{what} cannot be looked at", why=str(error))
            await asyncio.sleep(every)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
