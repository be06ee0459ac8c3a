"""Interactive sessions: a person or a job opens one, and what it began stays open until it ends it."""

import itertools
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import Gauge

OLDEST = Gauge("db_oldest_transaction_seconds", "Age of the oldest open transaction of a session.")


class Sessions:
    """Connections outside of the pool, each with one transaction that is open.

    Args:
        path: The database's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[int, tuple[float, sqlite3.Connection]] = {}
        OLDEST.set_function(self._oldest)

    def begin(self, statements: Sequence[str]) -> int:
        """Begins a transaction that writes, runs the statements, and leaves it open."""
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        number = next(self._numbers)
        with self._lock:
            self._open[number] = (time.time(), connection)
        return number

    def end(self, number: int) -> None:
        """Takes back what a session did, and closes it."""
        with self._lock:
            _, connection = self._open.pop(number)
        connection.rollback()
        connection.close()

    def _oldest(self) -> float:
        with self._lock:
            return max((time.time() - began for began, _ in self._open.values()), default=0.0)
