"""The store in one SQLite file, `$NEXUS_HOME/nexus.db`."""

from pathlib import Path
from typing import TYPE_CHECKING, Self

from nexus.store.relational.store import RelationalStore
from nexus.store.sqlite.migrate import VERSION
from nexus.store.sqlite.opening import FILE

if TYPE_CHECKING:
    from nexus.store.sqlite.database import Database
    from nexus.store.sqlite.direct import DirectDatabase


class Store(RelationalStore):
    """The incidents of one home. Several processes may write to the same file.

    Attributes:
        path: the file.
        lender: lends its connections to LangGraph's saver.
    """

    schema = VERSION

    def __init__(self, database: "Database | DirectDatabase") -> None:
        super().__init__(database)
        self.path = database.path
        self.place = str(database.path)
        self.lender = database

    @classmethod
    def open(cls, home: Path, *, create: bool = True, threads: bool = True) -> Self:
        """The store of a folder.

        Args:
            home: the folder.
            create: make it if it is not there.
            threads: answer from threads of its own; without, whoever asks is held up, as one verb may be.

        Raises:
            UsageError: the file was written by a newer Nexus, or there is none and none was to be made.
            NexusError: the file cannot be read or written.
        """
        return cls(_database(home / FILE, create, threads))

    @classmethod
    def existing(cls, home: Path) -> Self:
        """The store of a folder for those who only look."""
        return cls.open(home, create=False)


def _database(path: Path, create: bool, threads: bool) -> "Database | DirectDatabase":
    # Imported here: threads and an event loop are a good part of what a short verb costs.
    if threads:
        from nexus.store.sqlite.database import Database  # noqa: PLC0415

        return Database(path, create)
    from nexus.store.sqlite.direct import DirectDatabase  # noqa: PLC0415

    return DirectDatabase(path, create)
