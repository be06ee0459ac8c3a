"""Database: SQLite behind HTTP, with a pool of connections, SQLite's own locks, and a replica."""

import queue
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from prometheus_client import Gauge

from demo.shop.client import MISDIRECTED, Client
from demo.shop.replication import CONFLICT, Journal, Role, Statements, Stream
from demo.shop.service import Refusal, Reply, Request, Service
from demo.shop.sessions import Sessions

IN_USE = Gauge("db_pool_connections_in_use_peak", "Most connections lent out at once since the last scrape.")
SIZE = Gauge("db_pool_connections_max", "Connections the pool has.")
WAITING = Gauge("db_sessions_waiting_for_lock", "Transactions that wait for another one's lock.")
#: Rows that the disk gives in one piece.
ROWS_AT_ONCE = 25


class Pool:
    """A fixed number of connections, lent to one request at a time.

    Args:
        path: The database's file.
        size: How many connections there are.
        wait: Seconds a request waits for a connection before it is refused.
        busy: Seconds a statement waits for a lock before it is refused.
    """

    def __init__(self, path: Path, *, size: int, wait: float, busy: float) -> None:
        self._wait = wait
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._lent = 0
        self._peak = 0
        SIZE.set(size)
        # Statements are over in a millisecond: a scrape that looked at the moment would always see nothing.
        IN_USE.set_function(self._take_peak)
        for _ in range(size):
            connection = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = NORMAL")
            self._idle.put(connection)

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """Lends a connection."""
        try:
            connection = self._idle.get(timeout=self._wait)
        except queue.Empty as error:
            raise Refusal(503, f"no free connection within {self._wait} s") from error
        self._count(1)
        try:
            yield connection
        finally:
            self._count(-1)
            self._idle.put(connection)

    def _count(self, change: int) -> None:
        with self._lock:
            self._lent += change
            self._peak = max(self._peak, self._lent)

    def _take_peak(self) -> int:
        with self._lock:
            peak, self._peak = self._peak, self._lent
            return peak


class Database:
    """Runs statements for the other services."""

    def __init__(self, service: Service, pool: Pool, role: Role, sessions: Sessions) -> None:
        self._pool = pool
        self._role = role
        self._sessions = sessions
        self._stream: Stream | None = None
        self._log = service.telemetry.log
        self._instance = service.instance
        self._slow: float = service.config["slow_seconds"]
        # Stands in for the disk of a database that does not fit into memory, read in pieces of some rows.
        self._seconds: float = service.config["statement_seconds"]

    def feed(self, stream: Stream) -> None:
        """Hands every transaction to a replica from now on."""
        self._stream = stream

    def query(self, request: Request) -> Reply:
        """Reads rows."""
        self._require_primary()
        with self._statement() as connection:
            cursor = connection.execute(request.body["sql"], request.body["parameters"])
            rows = [dict(row) for row in cursor]
            time.sleep(self._seconds * max(1.0, len(rows) / ROWS_AT_ONCE))
            return Reply(body={"rows": rows})

    def transaction(self, request: Request) -> Reply:
        """Writes all statements or none; answers the row id that each left behind."""
        self._require_primary()
        with self._statement() as connection:
            time.sleep(self._seconds)
            ids = self._write_all(connection, request.body["statements"])
        if self._stream:
            self._stream.ring()
        if by := request.body.get("by"):
            self._log("info", f"transaction of {by}: {len(ids)} statements")
        return Reply(body={"ids": ids})

    def replicate(self, request: Request) -> Reply:
        """Takes a transaction from the primary."""
        if self._role.primary:
            raise Refusal(CONFLICT, f"{self._instance} is the primary")
        with self._statement() as connection:
            self._write_all(connection, request.body["statements"], int(request.body["number"]))
        return Reply()

    def journal(self, _: Request) -> Reply:
        """Says which transaction is the latest here."""
        with self._statement() as connection:
            return Reply(body={"last": Journal.last(connection)})

    def promote(self, request: Request) -> Reply:
        """Makes this instance the primary."""
        self._role.promote()
        by = str(request.body.get("by", "an operator"))
        self._log("warn", f"{self._instance} was promoted to primary by {by}")
        return Reply(body={"primary": self._instance})

    def open_session(self, request: Request) -> Reply:
        """Begins a transaction that stays open, as a console does."""
        self._require_primary()
        user, statements = str(request.body["user"]), request.body["statements"]
        number = self._sessions.begin(statements)
        self._log("info", f"session {number} of {user}: BEGIN; {'; '.join(statements)}")
        return Reply(status=201, body={"session": number})

    def close_session(self, request: Request) -> Reply:
        """Takes the session's transaction back."""
        self._sessions.end(int(request.parameters["number"]))
        self._log("info", f"session {request.parameters['number']}: ROLLBACK")
        return Reply()

    def _require_primary(self) -> None:
        if not self._role.primary:
            raise Refusal(MISDIRECTED, f"{self._instance} is a read-only replica")

    def _write_all(
        self, connection: sqlite3.Connection, statements: Statements, number: int | None = None
    ) -> list[int | None]:
        with WAITING.track_inprogress():
            connection.execute("BEGIN IMMEDIATE")
        try:
            new = Journal.note(connection, statements, number)
            todo = statements if new else ()
            ids = [connection.execute(one["sql"], one["parameters"]).lastrowid for one in todo]
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return ids

    @contextmanager
    def _statement(self) -> Iterator[sqlite3.Connection]:
        started = time.perf_counter()
        try:
            with self._pool.lend() as connection:
                yield connection
        except sqlite3.OperationalError as error:
            self._log("error", f"statement failed: {error}")
            raise Refusal(503, str(error)) from error
        except Refusal as refusal:
            self._log("error", f"statement refused: {refusal}")
            raise
        finally:
            seconds = time.perf_counter() - started
            if seconds > self._slow:
                self._log("warn", f"slow statement: {seconds * 1000:.0f} ms")


def keep_checkpointing(path: Path, service: Service) -> None:
    """Moves the write-ahead log into the database from time to time, for as long as the process lives."""
    with closing(sqlite3.connect(path)) as connection:
        while True:
            time.sleep(service.config["checkpoint_seconds"])
            _, written, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            service.telemetry.log("info", f"checkpoint moved {moved} of {written} pages")


def prepare(path: Path, schema: str) -> None:
    """Creates the tables and the products where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(schema)
        connection.commit()


def main() -> None:
    """Starts the database."""
    service = Service.here(__file__)
    path = service.state / service.instance / "shop.sqlite"
    prepare(path, (service.home / "schema.sql").read_text())
    pool = Pool(
        path,
        size=service.config["pool_size"],
        wait=service.config["pool_wait"],
        busy=service.config["busy_seconds"],
    )
    first, *others = (place.instance for place in service.places[service.name])
    role = Role(service.state / "database-primary", instance=service.instance, first=first)
    database = Database(service, pool, role, Sessions(path))
    if role.primary and service.instance == first and others:
        (replica,) = service.places[service.name][1:]
        client = Client(service.telemetry, {"replica": [replica.port]})
        database.feed(Stream(client, service.telemetry, "replica", path))
    service.route("POST", "/query", database.query)
    service.route("POST", "/transaction", database.transaction)
    service.route("POST", "/replicate", database.replicate)
    service.route("GET", "/journal", database.journal)
    service.route("POST", "/promote", database.promote)
    service.route("POST", "/sessions", database.open_session)
    service.route("POST", "/sessions/{number}/rollback", database.close_session)
    threading.Thread(target=keep_checkpointing, args=(path, service), daemon=True).start()
    service.serve()


if __name__ == "__main__":
    main()
