"""Database: SQLite behind HTTP, with a pool of connections and SQLite's own locks."""

import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from prometheus_client import Gauge

from demo.shop.service import Refusal, Reply, Request, Service

IN_USE = Gauge("db_pool_connections_in_use_peak", "Most connections lent out at once since the last scrape.")
SIZE = Gauge("db_pool_connections_max", "Connections the pool has.")


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

    def __init__(self, service: Service, pool: Pool) -> None:
        self._pool = pool
        self._log = service.telemetry.log
        self._slow: float = service.config["slow_seconds"]

    def query(self, request: Request) -> Reply:
        """Reads rows."""
        with self._statement() as connection:
            cursor = connection.execute(request.body["sql"], request.body["parameters"])
            return Reply(body={"rows": [dict(row) for row in cursor]})

    def transaction(self, request: Request) -> Reply:
        """Writes all statements or none; answers the row id that each left behind."""
        ids: list[int | None] = []
        with self._statement() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in request.body["statements"]:
                    ids.append(self._write(connection, statement["sql"], statement["parameters"]))
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        return Reply(body={"ids": ids})

    @staticmethod
    def _write(connection: sqlite3.Connection, sql: str, parameters: Sequence[str | int]) -> int | None:
        return connection.execute(sql, parameters).lastrowid

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
    path = service.state / "shop.sqlite"
    prepare(path, (service.home / "schema.sql").read_text())
    pool = Pool(
        path,
        size=service.config["pool_size"],
        wait=service.config["pool_wait"],
        busy=service.config["busy_seconds"],
    )
    database = Database(service, pool)
    service.route("POST", "/query", database.query)
    service.route("POST", "/transaction", database.transaction)
    threading.Thread(target=keep_checkpointing, args=(path, service), daemon=True).start()
    service.serve()


if __name__ == "__main__":
    main()
