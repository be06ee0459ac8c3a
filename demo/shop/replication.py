"""Which instance of the database is the primary, and how its replica follows it."""

import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import Gauge

from demo.shop.client import Client, UpstreamError
from demo.shop.telemetry import Telemetry

LAG = Gauge("db_replication_lag_seconds", "Age of the oldest transaction that the replica does not have yet.")
PRIMARY = Gauge("db_primary", "1 where this instance takes writes.")
MOST_WAITING = 10_000


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


class Stream:
    """Hands every committed transaction to the replica, in order and without keeping anybody waiting.

    Args:
        client: For the calls.
        telemetry: For what goes wrong.
        peer: What the replica is called there.
    """

    def __init__(self, client: Client, telemetry: Telemetry, peer: str) -> None:
        self._client = client
        self._log = telemetry.log
        self._peer = peer
        self._waiting: queue.Queue[tuple[float, Mapping[str, object]]] = queue.Queue(MOST_WAITING)
        LAG.set_function(self._lag)
        threading.Thread(target=self._send, daemon=True).start()

    def add(self, transaction: Mapping[str, object]) -> None:
        """Queues a transaction; what a full queue does not take, the replica lacks."""
        try:
            self._waiting.put_nowait((time.time(), transaction))
        except queue.Full:
            self._log("error", "replication queue is full, a transaction was not replicated")

    def _send(self) -> None:
        while True:
            _, transaction = self._waiting.get()
            try:
                self._client.post(self._peer, "/replicate", transaction, timeout=5.0)
            except UpstreamError as error:
                self._log("error", f"replication failed: {error}")

    def _lag(self) -> float:
        with self._waiting.mutex:
            return time.time() - self._waiting.queue[0][0] if self._waiting.queue else 0.0
