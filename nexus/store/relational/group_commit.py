"""What waits together is committed together: one wait for the disk serves all.

Who asks for little is not held up by who asks for much: the loops that ask take turns, and a transaction is
short. So a turn's few writes go between the deliveries of a storm.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, TypeVar

from nexus.store.relational.transactions import Run

T = TypeVar("T")

#: So many share a transaction at most.
MOST = 200
#: And after so long it takes in no more, in seconds: what is left goes with the next.
LONGEST = 0.02


@dataclass
class Work:
    """One piece of a transaction, with who waits for it."""

    work: Callable[[Run], Any]
    waits: "asyncio.Future[Any]"
    result: object = None
    failed: BaseException | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """That of who waits."""
        return self.waits.get_loop()


def run_all(
    together: Sequence[Work],
    run: Run,
    execute: Callable[[str], object],
    ends_all: Callable[[Exception], bool],
    seconds: Callable[[], float] = time.monotonic,
) -> int:
    """Do them within one transaction; an error takes back nothing but its own work. One alone ends it.

    Args:
        together: what waited.
        run: runs a named statement.
        execute: runs a statement of these.
        ends_all: whether an error has taken back, or has to take back, everything.
        seconds: a clock that only goes forward.

    Returns:
        How many were done, from the first on; the others took too long.
    """
    if len(together) == 1:
        together[0].result = together[0].work(run)
        return 1
    until = seconds() + LONGEST
    for done, one in enumerate(together, start=1):
        one.failed = None
        execute("savepoint one")
        try:
            one.result = one.work(run)
        except Exception as error:
            if ends_all(error):
                raise
            execute("rollback to one")
            one.failed = error
        execute("release one")
        if seconds() >= until:
            return done
    return len(together)


class GroupCommit:
    """Transactions that go one after the other.

    Args:
        threads: where they are run, one of them at a time.
        commit: does these as one transaction, with `run_all`, and says how many it has done.
    """

    def __init__(self, threads: Executor, commit: Callable[[Sequence[Work]], int]) -> None:
        self._threads = threads
        self._commit = commit
        self._waiting: dict[asyncio.AbstractEventLoop, deque[Work]] = {}
        self._lock = threading.Lock()
        self._busy = False

    async def done(self, work: Callable[[Run], T]) -> T:
        """What it returns, once it is committed; raises whatever it raises."""
        loop = asyncio.get_running_loop()
        one = Work(work, loop.create_future())
        with self._lock:
            self._waiting.setdefault(loop, deque()).append(one)
            begins, self._busy = not self._busy, True
        if begins:  # once the loop has gone round: who else writes now shares it
            loop.call_soon(self._threads.submit, self._next)
        return await one.waits  # type: ignore[no-any-return]  # it is what `work` returns

    def _next(self) -> None:
        with self._lock:
            together = self._taken()
        try:
            done = self._commit(together)
        except BaseException as error:  # noqa: BLE001 - somebody waits for each of them
            done = len(together)
            for one in together:
                one.failed = one.failed or error
        together, left = together[:done], together[done:]
        for loop in {id(one.loop): one.loop for one in together}.values():
            mine = [one for one in together if one.loop is loop]
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_tell, mine)
        with self._lock:
            for one in reversed(left):
                self._waiting.setdefault(one.loop, deque()).appendleft(one)
            self._busy = bool(self._waiting)
        if self._busy:
            try:
                self._threads.submit(self._next)
            except RuntimeError:  # the threads are about to end: what waits is finished first
                self._next()

    def _taken(self) -> list[Work]:
        """What waits, of each loop in turn."""
        in_turn = chain.from_iterable(zip_longest(*self._waiting.values()))
        taken = [one for one in in_turn if one is not None][:MOST]
        for one in taken:
            self._waiting[one.loop].popleft()
        self._waiting = {loop: queue for loop, queue in self._waiting.items() if queue}
        return taken


def _tell(together: list[Work]) -> None:
    """Tell those who wait, on their loop; one that was cancelled waits no more."""
    for one in together:
        if one.waits.done():
            continue
        if one.failed is not None:
            one.waits.set_exception(one.failed)
        else:
            one.waits.set_result(one.result)
