"""How the store's file is opened, made and upgraded, and what is said where it cannot be used."""

import sqlite3
from pathlib import Path

from incidents.errors import NexusError, NothingYet, UsageError
from nexus.store.sqlite import migrate

#: The store's file in its home.
FILE = "nexus.db"

#: How long a writer waits for another process to finish its transaction, in seconds.
PATIENCE = 15.0

#: What `pragma auto_vacuum` calls it; a file that 0.1.0 made has none.
_INCREMENTAL = 2


def must_exist(path: Path) -> None:
    """For those who only look.

    Raises:
        NothingYet: there is no such file.
    """
    if not path.is_file():
        raise _nothing_yet(path)


def opened(path: Path, create: bool) -> sqlite3.Connection:
    """A connection to a file of this version's schema.

    Raises:
        UsageError: a newer Nexus wrote it, or there is nothing in it and nothing was to be made.
        NexusError: it cannot be read or written.
    """
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = migrate.connect(path, PATIENCE)
        try:
            if 0 < migrate.version_of(connection) < migrate.VERSION:
                connection.close()
                migrate.upgrade(path)
                connection = migrate.connect(path, PATIENCE)
            _prepare(path, connection, create)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error
    return connection


def compact(connection: sqlite3.Connection, rewrite: bool) -> None:
    """Give free pages back; `rewrite`: a file that never could is written anew first."""
    # An index over words only notes that one is gone, and keeps it until its parts are merged.
    connection.execute("insert into search (search) values ('optimize')")
    connection.execute("insert into past (past) values ('optimize')")
    if rewrite and connection.execute("pragma auto_vacuum").fetchone()[0] != _INCREMENTAL:
        connection.execute("pragma auto_vacuum = incremental")  # heeded from the next vacuum on
        connection.execute("vacuum")
    # It gives one page back a step, without a row: `execute` would step once and leave the others.
    connection.executescript("pragma incremental_vacuum")
    connection.execute("pragma wal_checkpoint(passive)")  # waits for no reader


def _prepare(path: Path, connection: sqlite3.Connection, create: bool) -> None:
    found = migrate.version_of(connection)
    if found > migrate.VERSION:
        raise UsageError(
            f"{path} is of a newer Nexus (schema {found}, this one knows {migrate.VERSION}): "
            "install that version, or let NEXUS_HOME name another folder"
        )
    if found == 0 and not create:
        raise _nothing_yet(path)
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = full")
    if found == 0:
        migrate.create(connection)


def _nothing_yet(path: Path) -> NothingYet:
    return NothingYet(
        f"There are no incidents yet in {path.parent}; `nexus demo` shows one, `nexus run` opens one, "
        "NEXUS_HOME says where they are kept"
    )


def unusable(path: Path, error: Exception) -> NexusError:
    """What to do about a file that cannot be read or written."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest is which way of it
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        advice = "another process holds it, such as a backup: try again when that has ended"
    elif code == sqlite3.SQLITE_FULL:
        advice = "make room on its disk and try again: what was kept before is whole, this was not kept"
    elif code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        advice = "put a backup in its place, or let NEXUS_HOME name another folder"
    else:
        advice = "make its folder writable, or let NEXUS_HOME name another one"
    return NexusError(f"The store {path} cannot be used: {error}; {advice}")
