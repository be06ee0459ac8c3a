"""Hands on an event loop of their own, in a thread of their own: a turn that computes holds up no answer.

The store belongs to no loop; whatever else hands hold, they open in their own. What reaches them from doors
is a ring, and they tell how many turns go on.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from nexus.runtime.worker import Worker

#: A loop that does not do within so many seconds what it is handed does not turn.
STUCK = 4.0

T = TypeVar("T")
Hands = Callable[[], AbstractAsyncContextManager["Worker"]]


@dataclass(frozen=True)
class HandsApart:
    """The hands as doors see them."""

    worker: "Worker"
    loop: asyncio.AbstractEventLoop

    @property
    def turns(self) -> int:
        """How many go on."""
        return self.worker.turns

    def ring(self, incident: str) -> None:
        """Something was put into an incident's inbox, or it was opened: look now."""
        with suppress(RuntimeError):  # the loop has ended: what is due is found when hands look again
            self.loop.call_soon_threadsafe(self.worker.ring, incident)

    async def turns_over(self, within: float = STUCK) -> bool:
        """Whether their loop turns: it does what it is handed within so many seconds."""
        try:
            handed = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop)
            await asyncio.wait_for(asyncio.wrap_future(handed), within)
        except (TimeoutError, RuntimeError):
            return False
        return True


@asynccontextmanager
async def apart(hands: Hands) -> AsyncIterator[HandsApart]:
    """Hands in a thread of their own while the block lasts; what they are at is drained in its order.

    Raises:
        Exception: whatever keeps them from beginning, or has ended them.
    """
    async with in_thread("nexus-hands", hands) as (worker, loop):
        yield HandsApart(worker, loop)


@asynccontextmanager
async def in_thread(
    name: str, opens: Callable[[], AbstractAsyncContextManager[T]]
) -> AsyncIterator[tuple[T, asyncio.AbstractEventLoop]]:
    """What is opened on an event loop of its own, in a thread of that name, and that loop.

    Raises:
        Exception: whatever keeps it from beginning, or has ended it.
    """
    begun: Future[tuple[T, asyncio.AbstractEventLoop]] = Future()
    ended: Future[None] = Future()
    end = asyncio.Event()  # of that loop: only set and waited for there

    async def work() -> None:
        async with opens() as opened:
            begun.set_result((opened, asyncio.get_running_loop()))
            await end.wait()

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - a thread's edge: who waits for it is told
            for told in (begun, ended):
                if not told.done():
                    told.set_exception(error)
        else:
            ended.set_result(None)

    threading.Thread(target=run, name=name, daemon=True).start()
    opened, loop = await asyncio.wrap_future(begun)
    try:
        yield opened, loop
    finally:
        with suppress(RuntimeError):  # it has ended by itself, which is raised below
            loop.call_soon_threadsafe(end.set)
        await asyncio.wrap_future(ended)
