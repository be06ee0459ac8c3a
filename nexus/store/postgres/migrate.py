"""Brings a database to the schema of this version: numbered migrations, all that are missing or none.

Several processes may start at once: a lock that ends with the transaction lets one of them work. Migrations
only add at first, so that a process of the version before goes on; what it needs is taken away one version
later, by a migration that sets `schema_version.works_from`. From then on such a process changes nothing more
(`must_fit` begins every transaction that writes) and takes no work; it reads on.
"""

from typing import NamedTuple

import psycopg

from incidents.errors import NothingYet, UsageError
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import connect, unusable
from nexus.store.postgres.sql import MIGRATIONS, VERSION
from nexus.store.postgres.transaction import Connection
from nexus.store.relational.sql_files import text

#: How long a migration waits for those who use the tables, and for another migration.
_WAIT = "set local lock_timeout = '60s'; set local statement_timeout = 0"
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('nexus migrate', 0))"
_HAS_ONE = "select to_regclass('schema_version') is not null"


class Schema(NamedTuple):
    """What a database has: 0, 0 if it has none of our tables.

    Attributes:
        version: which one.
        works_from: code of at least this version may write to it.
    """

    version: int
    works_from: int


def migrate(address: Address) -> tuple[Schema, Schema]:
    """Bring it to this version, past a pooler; a newer one that this version may write to stays as it is.

    Returns:
        What it had and what it has.

    Raises:
        UsageError: it is of a newer Nexus that this version does not fit.
        NexusError: it cannot be reached or written.
    """
    try:
        with connect(address, direct=True) as connection:
            found = schema_of(connection)
            if found.version < VERSION:
                with connection.transaction():
                    connection.execute(_WAIT)
                    connection.execute(_ONE_AT_A_TIME)
                    _apply(connection, schema_of(connection).version)
            current = schema_of(connection)
            must_fit(address, current)
            return found, current
    except psycopg.Error as error:
        raise unusable(address, error) from error


def check(address: Address) -> None:
    """For those who do not migrate.

    Raises:
        NothingYet: it has none of our tables.
        UsageError: it is older than this version, or newer and this version does not fit.
        NexusError: it cannot be reached.
    """
    try:
        with connect(address) as connection:
            must_fit(address, schema_of(connection))
    except psycopg.Error as error:
        raise unusable(address, error) from error


def must_fit(address: Address, found: Schema) -> None:
    """Refuse a schema that this version cannot work on; raises as `check`."""
    if found.version == 0:
        raise NothingYet(f"There are no incidents yet in {address}; `nexus migrate` makes its tables")
    if found.version < VERSION:
        raise UsageError(
            f"{address} is of an older Nexus (schema {found.version}, this one needs {VERSION}): "
            "run `nexus migrate` first"
        )
    if found.works_from > VERSION:
        raise UsageError(
            f"{address} is of a newer Nexus (schema {found.version}, this one knows {VERSION} and fits it no "
            "more): install that version, or let store.url name another database"
        )


def schema_of(connection: Connection) -> Schema:
    """Which schema it has."""
    (has_one,) = connection.execute(_HAS_ONE).fetchone() or (False,)
    if not has_one:
        return Schema(0, 0)
    row = connection.execute("select version, works_from from schema_version").fetchone()
    return Schema(*row) if row else Schema(0, 0)


def _apply(connection: Connection, found: int) -> None:
    for script in MIGRATIONS[found:]:
        connection.execute(text(script))
    connection.execute("update schema_version set version = %s where version < %s", (VERSION, VERSION))
