"""The store's file in the thread that asks: for a verb that asks one thing after the other and then ends.

Threads and an event loop would cost it more than its answer. Every coroutine of a store that is opened so
ends without waiting, which `nexus.cli.base.answered` relies on.
"""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from nexus.store.relational.transactions import NotThere, Run
from nexus.store.sqlite.opening import compact, must_exist, opened, unusable
from nexus.store.sqlite.sql import QUERIES

T = TypeVar("T")


class DirectDatabase:
    """Implements `Transactions` over one connection. Whoever holds the file holds up who asks."""

    def __init__(self, path: Path, create: bool) -> None:
        if not create:
            must_exist(path)
        self.path = path
        self._connection = opened(path, create)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    async def read(self, query: str, **values: object) -> list[tuple[str, ...]]:
        """The rows of a named query."""
        return self._told(lambda: self._connection.execute(QUERIES[query], values).fetchall())

    async def write(self, query: str, **values: object) -> bool:
        """Run one named statement."""
        return self.write_now(query, **values)

    def write_now(self, query: str, **values: object) -> bool:
        """Run one named statement."""
        return self._told(lambda: self._transact(lambda run: run(query, **values).rowcount > 0))

    def now(self) -> datetime:
        """This machine's: nobody else can write to the file."""
        return datetime.now(UTC)

    async def changed(self) -> int:
        """A number that grows whenever any process has written to the file."""
        version = self._told(lambda: self._connection.execute("pragma data_version").fetchone()[0])
        return int(version) + self._connection.total_changes  # to it our own writes are none of another's

    async def compact(self, rewrite: bool) -> None:
        """Give free pages back to the disk."""
        self._told(lambda: compact(self._connection, rewrite))

    async def atomically(self, work: Callable[[Run], T], alone: str | None = None) -> T:
        """Run several named statements as one transaction."""
        return self._told(lambda: self._transact(work))

    async def lend(self, work: Callable[[sqlite3.Connection], T], *, reading: bool = False) -> T:
        """Let statements without a name here take part."""
        return work(self._connection) if reading else self._transact(lambda _: work(self._connection))

    def _transact(self, work: Callable[[Run], T]) -> T:
        with self._connection:
            # Immediate: a transaction that reads first and writes later could otherwise fail half-way.
            self._connection.execute("begin immediate")
            return work(lambda query, **values: self._connection.execute(QUERIES[query], values))

    def _told(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.IntegrityError as error:  # what is inserted refers to nothing; all else is handled
            raise NotThere from error
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error
