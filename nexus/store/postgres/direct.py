"""The database over one connection in the thread that asks: for a verb that asks little and then ends."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import psycopg

from nexus.store.postgres.address import Address
from nexus.store.postgres.clock import ServerClock
from nexus.store.postgres.connecting import connect, unusable
from nexus.store.postgres.migrate import check
from nexus.store.postgres.transaction import Answer, single, transact
from nexus.store.relational.transactions import Run

T = TypeVar("T")


def opened(address: Address) -> "DirectDatabase":
    """A database whose tables are there and fit; for those who only look.

    Raises:
        UsageError: its schema is of another version that this one does not fit, or there is none yet.
        NexusError: it cannot be reached.
    """
    check(address)
    return DirectDatabase(address)


class DirectDatabase:
    """Implements `Transactions`; its coroutines end without waiting, as those of SQLite's."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self.connection = connect(address)
        self._clock = ServerClock()
        self._told(lambda: self._clock.ask(self.connection))

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    async def read(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """The rows of a named query."""
        return self._single(query, values, writes=False).rows

    async def write(self, query: str, **values: object) -> bool:
        """Run one named query; whether it changed anything."""
        return self.write_now(query, **values)

    def write_now(self, query: str, **values: object) -> bool:
        """Run one named query."""
        return self._single(query, values, writes=True).changed > 0

    def now(self) -> datetime:
        """The server's time."""
        return self._clock.now()

    async def changed(self) -> int:
        """How many transactions that wrote have ended."""
        return int(self._single("changed", {}, writes=False).rows[0][0])

    async def compact(self, rewrite: bool) -> None:
        """PostgreSQL does it by itself."""

    async def atomically(self, work: Callable[[Run], T], alone: str | None = None) -> T:
        """Run several named queries as one transaction."""
        return self._told(lambda: transact(self.connection, work, alone))

    def _single(self, query: str, values: dict[str, object], *, writes: bool) -> Answer:
        return self._told(lambda: single(self.connection, query, values, writes=writes))

    def _told(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except psycopg.Error as error:
            raise unusable(self._address, error) from error
        finally:
            if not self.connection.closed:
                self.connection.rollback()
