"""One SQLite file behind two threads, one that writes and one that reads.

The threads matter: LangGraph's saver writes to the same file over a connection of its own and commits through
the event loop. A store that waited for the file's lock *on* the loop would keep the saver from committing;
with one thread for both, what is read would wait behind a write that waits for another process.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nexus.store.relational.transactions import NotThere, Run
from nexus.store.sqlite import migrate
from nexus.store.sqlite.opening import PATIENCE, compact, must_exist, opened, unusable
from nexus.store.sqlite.sql import QUERIES

T = TypeVar("T")


@dataclass
class _Work:
    """One piece of a transaction, with who waits for it."""

    work: Callable[[Run], Any]
    waits: "asyncio.Future[Any]"
    result: object = None
    failed: BaseException | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """That of who waits."""
        return self.waits.get_loop()

    def run(self, connection: sqlite3.Connection, *, alone: bool) -> None:
        """Do it; among others an error takes back nothing but this, alone it ends the transaction."""
        if alone:
            self.result = self.work(lambda query, **values: connection.execute(QUERIES[query], values))
            return
        connection.execute("savepoint one")
        try:
            self.result = self.work(lambda query, **values: connection.execute(QUERIES[query], values))
        except Exception as error:
            if not connection.in_transaction:  # such as a full disk: everything was taken back
                raise
            connection.execute("rollback to one")
            self.failed = error
        connection.execute("release one")


def _tell(together: list[_Work]) -> None:
    """Tell those who wait, on their loop; one that was cancelled waits no more."""
    for one in together:
        if one.waits.done():
            continue
        if one.failed is not None:
            one.waits.set_exception(one.failed)
        else:
            one.waits.set_result(one.result)


class Database:
    """Implements `Transactions` over two connections, each in a thread of its own."""

    def __init__(self, path: Path, create: bool) -> None:
        if not create:
            must_exist(path)
        self.path = path
        self._waiting: deque[_Work] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nexus-store")
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

    async def atomically(self, work: Callable[[Run], T]) -> T:
        """Run several named statements as one transaction; an exception takes all of them back.

        What waits for the thread together is committed together: one wait for the disk serves all.
        """
        waits = asyncio.get_running_loop().create_future()
        self._waiting.append(_Work(work, waits))
        self._thread.submit(self._commit_waiting)
        try:
            return await waits  # type: ignore[no-any-return]  # it is what `work` returns
        except sqlite3.IntegrityError as error:  # what is inserted refers to nothing; all else is handled
            raise NotThere from error
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error

    def _commit_waiting(self) -> None:
        """Everything that waits, as one transaction; what fails is taken back by itself."""
        together = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not together:
            return  # it was committed with what came before it
        try:
            with self._connection:
                self._connection.execute("begin immediate")
                alone = len(together) == 1
                for one in together:
                    one.run(self._connection, alone=alone)
        except BaseException as error:  # noqa: BLE001 - somebody waits for each of them
            for one in together:
                one.failed = one.failed or error
        for loop in {id(one.loop): one.loop for one in together}.values():
            mine = [one for one in together if one.loop is loop]
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_tell, mine)

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
