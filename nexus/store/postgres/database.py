"""The database behind a few threads, each of which waits for one connection at a time.

Threads, and not connections of the event loop: so the store belongs to no loop (verbs run several, one after
the other), a lease is renewed while the loop is busy, and a delivery is decided by plain code in the middle
of its transaction.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool

from nexus.store.postgres.address import Address
from nexus.store.postgres.checking import Checking
from nexus.store.postgres.clock import ServerClock
from nexus.store.postgres.connecting import KEYWORDS, PATIENCE, unusable
from nexus.store.postgres.transaction import IN_THE_WAY, Answer, Connection, single, transact
from nexus.store.relational.group_commit import GroupCommit, Work, run_all
from nexus.store.relational.transactions import Run

T = TypeVar("T")

#: So many transactions of one process go on at the same time.
AT_ONCE = 8


class Database:
    """Implements `Transactions` over a pool whose connections are checked before they are used."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="nexus-store")
        self._clock = ServerClock()
        self._lanes: dict[str, GroupCommit] = {}
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            address.url.get_secret_value(),
            kwargs=KEYWORDS,
            min_size=1,
            max_size=AT_ONCE + 1,  # one for who renews leases, whatever the others wait for
            timeout=PATIENCE,
            check=Checking().check,
            num_workers=1,
            name="nexus-store",
            open=True,
        )
        try:
            self._told(lambda connection: None)  # so that the time is known
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections; what has begun is finished first."""
        self._threads.shutdown()
        self._pool.close()

    async def read(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """The rows of a named query."""
        return (await self._in_thread(lambda: self._single(query, values, writes=False))).rows

    async def write(self, query: str, **values: object) -> bool:
        """Run one named query; whether it changed anything."""
        return (await self._in_thread(lambda: self._single(query, values, writes=True))).changed > 0

    def write_now(self, query: str, **values: object) -> bool:
        """As `write`, for a thread that has no event loop; blocks it."""
        return self._single(query, values, writes=True).changed > 0

    def now(self) -> datetime:
        """The server's time."""
        return self._clock.now()

    async def changed(self) -> int:
        """How many transactions that wrote have ended, of all of the server."""
        return int((await self.read("changed"))[0][0])

    async def compact(self, rewrite: bool) -> None:
        """PostgreSQL does it by itself."""

    async def atomically(self, work: Callable[[Run], T], alone: str | None = None) -> T:
        """Run several named queries as one transaction; an exception takes all of them back.

        Those of this process that go one after the other are committed together, and hold one thread.
        """
        if alone is None:
            return await self._in_thread(lambda: self._told(lambda on: transact(on, work, None)))
        lane = GroupCommit(self._threads, lambda together: self._commit(together, alone))
        try:
            return await self._lanes.setdefault(alone, lane).done(work)
        except psycopg.Error as error:
            raise unusable(self._address, error) from error

    def _commit(self, together: Sequence[Work], alone: str) -> int:
        def commit(connection: Connection) -> int:
            def ends_all(error: Exception) -> bool:
                return isinstance(error, IN_THE_WAY) or connection.broken

            return transact(
                connection, lambda run: run_all(together, run, connection.execute, ends_all), alone
            )

        return self._told(commit)

    def _single(self, query: str, values: dict[str, object], *, writes: bool) -> Answer:
        return self._told(lambda connection: single(connection, query, values, writes=writes))

    def _told(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._pool.connection() as connection:
                self._clock.ask(connection)
                return work(connection)
        except psycopg.Error as error:
            raise unusable(self._address, error) from error

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
