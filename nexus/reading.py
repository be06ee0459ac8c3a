"""The home of who only asks: the settings, and of the store what is read. Nothing that writes is imported."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from nexus.config.settings import Settings
from nexus.store.relational.lists import ListReads
from nexus.store.relational.transactions import Transactions
from nexus.store.sqlite.direct import DirectDatabase
from nexus.store.sqlite.opening import FILE

if TYPE_CHECKING:
    from nexus.config.database import Database
    from nexus.store.relational.reads import IncidentReads
    from tools.clock import Clock

S_co = TypeVar("S_co", bound=ListReads, covariant=True)


@dataclass(frozen=True)
class ReadableHome(Generic[S_co]):
    """What is configured, and what can be read."""

    settings: Settings
    store: S_co

    @property
    def clock(self) -> "Clock":
        """The wall's time, as all processes that share the store have it."""
        return self.store

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_lists(settings: Settings, database: "Database | None" = None) -> ReadableHome[ListReads]:
    """Open what lists need; it answers in the thread that asks.

    Args:
        settings: what is configured; its home holds the file.
        database: the PostgreSQL that holds the incidents; None: a file in the home.

    Raises:
        UsageError: there is no store yet, or a newer Nexus wrote it.
        NexusError: it cannot be read.
    """
    return ReadableHome(settings, ListReads(_opened(settings, database)))


def open_incidents(settings: Settings, database: "Database | None" = None) -> "ReadableHome[IncidentReads]":
    """Open what lists and incidents need; as `open_lists`."""
    # Imported late: an incident is made of sixty types, a line of a list of a few.
    from nexus.store.relational.reads import IncidentReads  # noqa: PLC0415

    return ReadableHome(settings, IncidentReads(_opened(settings, database)))


def _opened(settings: Settings, database: "Database | None") -> Transactions:
    if database is None:
        return DirectDatabase(settings.home / FILE, create=False)
    # Imported late: teams without PostgreSQL have none of its packages.
    from nexus.store.postgres.address import Address  # noqa: PLC0415
    from nexus.store.postgres.direct import opened  # noqa: PLC0415

    return opened(Address(database.url, database.direct_url))
