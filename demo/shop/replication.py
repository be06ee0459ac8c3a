"""Which instance of the database is the primary, and how its replica follows it."""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from prometheus_client import Gauge

from demo.shop.client import Client, UpstreamError
from demo.shop.telemetry import Telemetry

LAG = Gauge("db_replication_lag_seconds", "Age of the oldest transaction that the replica does not have yet.")
PRIMARY = Gauge("db_primary", "1 where this instance takes writes.")
RETRY_SECONDS, TIMEOUT_SECONDS = 0.5, 5.0
#: What a replica answers that has become the primary.
CONFLICT = 409

Statements = Sequence[Mapping[str, Any]]


class Role:
    """Whether this instance is the primary; `state/database-primary` names the one that is.

    Args:
        file: Holds the primary's instance name; without it the first instance is.
        instance: This instance.
        first: The first instance.
    """

    def __init__(self, file: Path, *, instance: str, first: str) -> None:
        self._file = file
        self._instance = instance
        self._first = first
        PRIMARY.set_function(lambda: float(self.primary))

    @property
    def primary(self) -> bool:
        """Whether this instance takes reads and writes; looked up, so that there never are two."""
        primary = self._file.read_text().strip() if self._file.exists() else self._first
        return primary == self._instance

    def promote(self) -> None:
        """Makes this instance the primary, and every other one a replica."""
        self._file.write_text(self._instance)


class Journal:
    """The transactions of a database in the order of their commits, each with a number.

    It is a table of that database, written in the very transaction that it tells of.
    """

    @staticmethod
    def note(connection: sqlite3.Connection, statements: Statements, number: int | None = None) -> bool:
        """Notes the open transaction, by default under the next number; False if that one is noted."""
        row = (number, time.time(), json.dumps(statements))
        return connection.execute("INSERT OR IGNORE INTO journal VALUES (?, ?, ?)", row).rowcount > 0

    @staticmethod
    def last(connection: sqlite3.Connection) -> int:
        """The number of the latest transaction, 0 if there is none."""
        number: int
        (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM journal").fetchone()
        return number

    @staticmethod
    def after(connection: sqlite3.Connection, number: int) -> Sequence[tuple[int, float, str]]:
        """Number, moment and statements of every later transaction."""
        query = "SELECT number, at, statements FROM journal WHERE number > ? ORDER BY number"
        return connection.execute(query, (number,)).fetchall()


class Stream:
    """Hands the journal to the replica, in order, each transaction once, and keeps nobody waiting.

    What the replica does not take is offered again until it does: one transaction that it lacked would give
    every later order another number there.

    Args:
        client: For the calls.
        telemetry: For what goes wrong.
        peer: What the replica is called there.
        database: The file with the journal.
    """

    def __init__(self, client: Client, telemetry: Telemetry, peer: str, database: Path) -> None:
        self._client = client
        self._log = telemetry.log
        self._peer = peer
        self._database = database
        self._oldest: float | None = None
        self._bell = threading.Event()
        self.ring()
        LAG.set_function(self._lag)
        threading.Thread(target=self._follow, daemon=True).start()

    def ring(self) -> None:
        """There is a new transaction."""
        self._bell.set()

    def _follow(self) -> None:
        known: int | None = None
        interrupted = False
        with closing(sqlite3.connect(self._database)) as database:
            while self._bell.wait():
                self._bell.clear()
                try:
                    known = self._hand_over(database, known)
                    interrupted = False
                except UpstreamError as error:
                    if not interrupted:
                        self._log("error", f"replication is interrupted: {error}")
                    if error.status == CONFLICT:
                        return
                    known, interrupted = None, True
                    time.sleep(RETRY_SECONDS)
                    self.ring()

    def _hand_over(self, database: sqlite3.Connection, known: int | None) -> int:
        """Sends what comes after the last transaction that the replica is known to have; answers the last."""
        waiting = Journal.after(database, known or 0)
        if known is None and waiting:
            self._oldest = waiting[0][1]
            known = int(self._client.get(self._peer, "/journal", timeout=TIMEOUT_SECONDS)["last"])
        for number, at, statements in waiting:
            if number > (known or 0):
                self._oldest = at
                body = {"number": number, "statements": json.loads(statements)}
                self._client.post(self._peer, "/replicate", body, timeout=TIMEOUT_SECONDS)
                known = number
        self._oldest = None
        return known or 0

    def _lag(self) -> float:
        return 0.0 if (oldest := self._oldest) is None else time.time() - oldest
