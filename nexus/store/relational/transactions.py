"""What the parts of a store need of a database: named statements, one by one or together."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class NotThere(Exception):
    """A row refers to what does not exist, such as its incident; takes the transaction back."""


class Rows(Protocol):
    """What a statement brought, as a cursor of the DB-API has it."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Run(Protocol):
    """How a transaction runs a named statement."""

    def __call__(self, query: str, **values: object) -> Rows:
        """Run it."""
        ...


class Transactions(Protocol):
    """A database. A write that has returned is on disk and is read.

    Each of these raises `NotThere` where a row refers to nothing, and `NexusError` where the database cannot
    be used.
    """

    async def read(self, query: str, **values: object) -> list[tuple[str, ...]]:
        """The rows of a named query."""
        ...

    async def write(self, query: str, **values: object) -> bool:
        """Run one named statement; whether it changed anything."""
        ...

    def write_now(self, query: str, **values: object) -> bool:
        """As `write`, for a thread that has no event loop; blocks it."""
        ...

    def now(self) -> datetime:
        """The wall's time as every process of the database has it; asks nobody."""
        ...

    async def changed(self) -> int:
        """A number that grows whenever any process has written; costs microseconds."""
        ...

    async def compact(self, rewrite: bool) -> None:
        """Give the room of what was deleted back to the disk."""
        ...

    async def atomically(self, work: Callable[[Run], T], alone: str | None = None) -> T:
        """Run several named statements as one transaction; an exception takes all of them back.

        Args:
            work: runs them; it may be called again where other transactions were in its way.
            alone: transactions that name the same go one after the other, over all processes. A file of
                SQLite has one writer anyway.
        """
        ...

    def close(self) -> None:
        """Close it; a write that has begun is finished first."""
        ...
