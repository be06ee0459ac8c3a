"""Whether a connection of a pool still lives, before it is given out.

A round trip tells; one that was asked a moment ago is only looked at: a server that goes closes it, which can
be seen without asking.
"""

import select
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, BaseConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from tools.clock import since_boot

#: For so long an answer counts, in seconds: a turn borrows hundreds of times, a few milliseconds apart.
MOMENT = 1.0


class Checking:
    """Checks the connections of one pool.

    Args:
        since: seconds since the boot; another one in tests.
    """

    def __init__(self, since: Callable[[], float] = since_boot) -> None:
        self._since = since
        self._asked: WeakKeyDictionary[BaseConnection[Any], float] = WeakKeyDictionary()

    def check(self, connection: Connection[Any]) -> None:
        """Raises `psycopg.OperationalError` where it is of no use."""
        if not self._lives(connection):
            ConnectionPool.check_connection(connection)
            self._asked[connection] = self._since()

    async def acheck(self, connection: AsyncConnection[Any]) -> None:
        """As `check`."""
        if not self._lives(connection):
            await AsyncConnectionPool.check_connection(connection)
            self._asked[connection] = self._since()

    def _lives(self, connection: BaseConnection[Any]) -> bool:
        asked = self._asked.get(connection)
        return asked is not None and self._since() - asked < MOMENT and not _spoken(connection)


def _spoken(connection: BaseConnection[Any]) -> bool:
    """Whether the server has sent something that nobody has read: that it goes, or the end."""
    looks = select.poll()
    looks.register(connection.fileno(), select.POLLIN)
    return bool(looks.poll(0))
