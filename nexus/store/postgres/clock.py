"""The server's time: workers whose clocks differ agree on what is due, and on when a lease ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from nexus.store.postgres.transaction import Connection
from tools.clock import since_boot

#: How old what was heard may be before the server is asked again, in seconds.
_FRESH = 10.0
#: An answer that took longer says too little, in seconds; the first one is taken all the same.
_QUICK = 1.0


class ServerClock:
    """Goes on by this machine's clock since its boot, which nobody sets, from what the server said last.

    Args:
        since: seconds since the boot; another one in tests.
    """

    def __init__(self, since: Callable[[], float] = since_boot) -> None:
        self._since = since
        self._heard: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The server's time."""
        if self._heard is None:
            raise RuntimeError("nobody has asked the server yet")
        told, then = self._heard
        return told + timedelta(seconds=self._since() - then)

    def ask(self, connection: Connection) -> None:
        """Ask the server, unless it was asked a moment ago."""
        before = self._since()
        if self._heard is not None and before - self._heard[1] < _FRESH:
            return
        row = connection.execute("select extract(epoch from clock_timestamp())").fetchone()
        after = self._since()
        if row is not None and (self._heard is None or after - before < _QUICK):
            self._heard = datetime.fromtimestamp(float(row[0]), UTC), (before + after) / 2
