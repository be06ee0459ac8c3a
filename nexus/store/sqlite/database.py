"""One SQLite file behind two threads, one that writes and one that reads.

The threads matter: whoever waits for another process to finish its transaction holds up neither the loop nor
what is read. LangGraph's saver is lent the same two connections, so that all that a process writes waits for
one lock and one disk.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from nexus.store.relational.group_commit import GroupCommit, Work, run_all
from nexus.store.relational.transactions import NotThere, Run
from nexus.store.sqlite import migrate
from nexus.store.sqlite.opening import PATIENCE, compact, must_exist, opened, unusable
from nexus.store.sqlite.sql import QUERIES

T = TypeVar("T")


class Database:
    """Implements `Transactions` over two connections, each in a thread of its own."""

    def __init__(self, path: Path, create: bool) -> None:
        if not create:
            must_exist(path)
        self.path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nexus-store")
        self._writes = GroupCommit(self._thread, self._commit)
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nexus-reads")
        try:
            self._connection = self._thread.submit(opened, path, create).result()
            self._reader = self._reading.submit(migrate.connect, path, PATIENCE).result()
        except BaseException:
            self._thread.shutdown()
            self._reading.shutdown()
            raise

    def close(self) -> None:
        """Close the file; a write that has begun is finished first."""
        self._reading.submit(self._reader.close).result()
        self._thread.submit(self._connection.close).result()
        self._reading.shutdown()
        self._thread.shutdown()

    async def read(self, query: str, **values: object) -> list[tuple[str, ...]]:
        """The rows of a named query."""
        return await self._in_thread(
            lambda: self._reader.execute(QUERIES[query], values).fetchall(), self._reading
        )

    async def write(self, query: str, **values: object) -> bool:
        """Run one named statement; whether it changed anything."""
        return await self.atomically(lambda run: run(query, **values).rowcount > 0)

    def write_now(self, query: str, **values: object) -> bool:
        """As `write`, for a thread that has no event loop; blocks it."""
        work = self._thread.submit(self._transact, lambda run: run(query, **values).rowcount > 0)
        try:
            return bool(work.result())
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error

    def now(self) -> datetime:
        """This machine's: nobody else can write to the file."""
        return datetime.now(UTC)

    async def changed(self) -> int:
        """A number that grows whenever any process has written to the file; costs microseconds."""
        # The reader's: to it our own writes are those of another connection, too.
        rows = await self._in_thread(
            lambda: self._reader.execute("pragma data_version").fetchall(), self._reading
        )
        return int(rows[0][0])

    async def compact(self, rewrite: bool) -> None:
        """Give free pages back to the disk: at once, or when whoever reads an older state has ended."""
        await self._in_thread(lambda: compact(self._connection, rewrite))

    async def atomically(self, work: Callable[[Run], T], alone: str | None = None) -> T:
        """Run several named statements as one transaction; an exception takes all of them back.

        What waits for the thread together is committed together: one wait for the disk serves all.
        """
        try:
            return await self._writes.done(work)
        except sqlite3.IntegrityError as error:  # what is inserted refers to nothing; all else is handled
            raise NotThere from error
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error

    async def lend(self, work: Callable[[sqlite3.Connection], T], *, reading: bool = False) -> T:
        """Let statements without a name here take part, which neither begin nor commit.

        Args:
            work: is given the connection, in the thread that owns it.
            reading: it changes nothing and waits for nobody who does.

        Raises:
            sqlite3.IntegrityError: a constraint or a trigger has refused it; its neighbours' stays.
            NexusError: the file cannot be used.
        """
        try:
            if reading:
                return await self._in_thread(lambda: work(self._reader), self._reading)
            return await self._writes.done(lambda _: work(self._connection))
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error

    def _commit(self, together: Sequence[Work]) -> int:
        # Where nothing is open any more, such as after a full disk, everything was taken back.
        connection = self._connection
        return self._transact(
            lambda run: run_all(together, run, connection.execute, lambda _: not connection.in_transaction)
        )

    def _transact(self, work: Callable[[Run], T]) -> T:
        with self._connection:
            # Immediate: a transaction that reads first and writes later could otherwise fail half-way.
            self._connection.execute("begin immediate")
            return work(lambda query, **values: self._connection.execute(QUERIES[query], values))

    async def _in_thread(self, work: Callable[[], T], thread: ThreadPoolExecutor | None = None) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread or self._thread, work)
        except sqlite3.IntegrityError as error:  # what is inserted refers to nothing; all else is handled
            raise NotThere from error
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error
