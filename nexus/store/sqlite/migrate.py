"""Brings a file to the schema of this version: numbered migrations, each whole or not at all.

`pragma user_version` is the version; 0.1.0 reads it, too, and refuses a newer file. An older file is copied
beside itself first, while nobody else has it open: in WAL mode every connection keeps a shared lock on the
file, so leaving that mode proves that no process of this machine, of whatever version, could write to it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from incidents.errors import Refused
from nexus.store.leases import is_alive
from nexus.store.records import Claim
from nexus.store.relational.sql_files import text
from nexus.store.sqlite.sql import MIGRATIONS

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows: whoever comes second is stopped by SQLite's own locks
    fcntl = None  # type: ignore[assignment]

#: The schema that this version writes; a newer file is refused.
VERSION = len(MIGRATIONS)


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in a file that has none of ours yet; another process may do the same at this moment."""
    # Both are only heeded while the file is empty. Half of an empty home is pages of tables without a row.
    connection.execute("pragma page_size = 2048")
    connection.execute("pragma auto_vacuum = incremental")
    connection.execute("pragma journal_mode = wal")
    _apply(connection)


def connect(path: Path, patience: float = 5.0) -> sqlite3.Connection:
    """A connection whose transactions are ours; others may take so many seconds to finish theirs."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=patience)
    connection.create_function(
        "casefold", 1, str.casefold, deterministic=True
    )  # SQLite's own knows ASCII alone
    return connection


def upgrade(path: Path, connect: Callable[[Path], sqlite3.Connection] = connect) -> None:
    """Bring an older file to this version; a copy of it stays beside it as `nexus.db.schema-1`.

    Raises:
        Refused: another process has the file open, such as a `nexus serve` of the older version.
        sqlite3.Error, OSError: no room, no right to write; the file is as it was.
    """
    with _one_at_a_time(path), closing(connect(path)) as connection:
        found = version_of(connection)
        if found >= VERSION:
            return  # the process that was here before us has done it
        _refuse_while_claimed(path, connection)
        _shut_others_out(path, connection)
        _copy(path, connection, found)
        _apply(connection)
        connection.execute("pragma locking_mode = normal")
        connection.execute("pragma journal_mode = wal")


def version_of(connection: sqlite3.Connection) -> int:
    """The schema of a file; 0 if it has none of our tables."""
    return int(connection.execute("pragma user_version").fetchone()[0])


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Several processes of this version may start at once on an old home: the others wait here."""
    with path.with_name(f"{path.name}.upgrade").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_while_claimed(path: Path, connection: sqlite3.Connection) -> None:
    for (body,) in connection.execute("select body from claims").fetchall():
        held = Claim.from_stored(body)
        if is_alive(held.process):
            raise Refused(
                f"{path} was written by an older Nexus, and its process {held.process.pid} still works on "
                f"{held.incident}: stop that process, then start again; nothing was changed"
            )


def _shut_others_out(path: Path, connection: sqlite3.Connection) -> None:
    try:
        connection.execute("pragma journal_mode = delete")
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("begin exclusive")
        connection.execute("commit")  # the lock stays: that is what the mode means
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        raise Refused(
            f"{path} was written by an older Nexus and has to be upgraded, but another process has it open: "
            "stop every `nexus` on this home, then start again; nothing was changed"
        ) from error


def _copy(path: Path, connection: sqlite3.Connection, version: int) -> None:
    """Keep the file as it is; copied through SQLite, whose locks another reader would break."""
    copy = path.with_name(f"{path.name}.schema-{version}")
    part = path.with_name(f".{copy.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as target:
            connection.backup(target)
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)


def _apply(connection: sqlite3.Connection) -> None:
    """Every migration that is missing, as one transaction."""
    connection.execute("begin immediate")
    try:
        found = version_of(connection)
        for script in MIGRATIONS[found:]:
            for statement in _statements(text(script)):
                connection.execute(statement)
        connection.execute(f"pragma user_version = {VERSION}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # a full disk has taken it back by itself
            connection.execute("rollback")
        raise


def _statements(script: str) -> Iterator[str]:
    """The statements of a script: `executescript` would commit before the first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
