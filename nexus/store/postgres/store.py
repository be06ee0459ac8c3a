"""The store in PostgreSQL."""

from typing import Self

from nexus.store.postgres.address import Address
from nexus.store.postgres.database import Database
from nexus.store.postgres.direct import DirectDatabase
from nexus.store.postgres.migrate import check, migrate
from nexus.store.postgres.sql import VERSION
from nexus.store.relational.store import RelationalStore


class PostgresStore(RelationalStore):
    """The incidents of all processes that name one database.

    Attributes:
        address: the database, for LangGraph's saver.
        migrates: whether this process may make and change tables.
    """

    schema = VERSION

    def __init__(self, database: Database | DirectDatabase, address: Address, migrates: bool) -> None:
        super().__init__(database)
        self.address = address
        self.place = f"PostgreSQL at {address}"
        self.migrates = migrates

    @classmethod
    def open(cls, address: Address, *, create: bool = True, threads: bool = True) -> Self:
        """The store in a database.

        Args:
            address: which one.
            create: make its tables, and upgrade older ones.
            threads: answer from threads of its own; without, whoever asks is held up, as one verb may be.

        Raises:
            UsageError: its schema is of another version that this one does not fit, or there is none yet.
            NexusError: it cannot be reached or written.
        """
        if create:
            migrate(address)
        else:
            check(address)
        return cls(Database(address) if threads else DirectDatabase(address), address, create)
