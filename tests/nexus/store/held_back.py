"""Two connections against each other: one transaction is held back before its commit, another one starts."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from nexus.store.port import IncidentStore
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.database import Database
from nexus.store.postgres.store import PostgresStore
from nexus.store.postgres.transaction import Connection
from nexus.store.relational.store import RelationalStore
from nexus.store.relational.transactions import Run

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


@dataclass
class HeldBack:
    """Implements `Transactions`: everything was written, and nothing is committed before it may go on."""

    inner: Database
    written: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    async def read(self, query: str, **values: object) -> list[tuple[str, ...]]:
        return await self.inner.read(query, **values)

    async def write(self, query: str, **values: object) -> bool:
        return await self.atomically(lambda run: run(query, **values).rowcount > 0)

    def write_now(self, query: str, **values: object) -> bool:
        return asyncio.run(self.write(query, **values))

    def now(self) -> datetime:
        return self.inner.now()

    async def changed(self) -> int:
        return await self.inner.changed()

    async def compact(self, rewrite: bool) -> None:
        await self.inner.compact(rewrite)

    async def atomically(self, work: Callable[[Run], T], alone: str | None = None) -> T:
        def held(run: Run) -> T:
            done = work(run)
            self.written.set()
            assert self.goes_on.wait(60), "nobody let it go on"
            return done

        return await self.inner.atomically(held, alone)

    def close(self) -> None:
        self.inner.close()


@dataclass(frozen=True)
class Rivals:
    """Two processes with one database each, of which the first one's transactions are held back.

    Attributes:
        first: its next transaction waits before its commit until the other one waits, or has ended.
        second: as any other.
    """

    first: IncidentStore
    second: IncidentStore
    held: HeldBack
    watcher: Connection

    async def race(
        self, first: Callable[[IncidentStore], Awaitable[A]], second: Callable[[IncidentStore], Awaitable[B]]
    ) -> tuple[A | BaseException, B | BaseException]:
        """What became of both; the second is started when the first has written everything."""
        self.held.written.clear()
        self.held.goes_on.clear()
        one = asyncio.ensure_future(first(self.first))
        try:
            await asyncio.to_thread(self.held.written.wait, 60)
            other = asyncio.ensure_future(second(self.second))
            await asyncio.to_thread(self._until_one_waits_or, other.done)
        finally:
            self.held.goes_on.set()
        mine, theirs = await asyncio.gather(one, other, return_exceptions=True)
        return mine, theirs

    def _until_one_waits_or(self, done: Callable[[], bool]) -> None:
        while not done() and not self._one_waits():
            time.sleep(0.005)

    def _one_waits(self) -> bool:
        waiting = "select count(*) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
        row = self.watcher.execute(waiting).fetchone()
        return row is not None and row[0] > 0


@contextmanager
def rivals(address: Address) -> Iterator[Rivals]:
    """Two processes on a database; what is done outside of a race is not held back."""
    with ExitStack() as opened:
        held = HeldBack(Database(address))
        held.goes_on.set()
        first = opened.enter_context(RelationalStore(held))
        second = opened.enter_context(PostgresStore.open(address, create=False))
        yield Rivals(first, second, held, opened.enter_context(connect(address)))
