"""What was done to a recorded world, in the database that machines share: any with its case can go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from pydantic import ValidationError

from incidents.errors import NexusError, ToolFailed
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import READING, WRITING, connect, unusable
from nexus.store.postgres.transaction import Connection
from tools.recorded.replay_log import Deed

_READ = "select body from replays where incident = %(incident)s order by seq"
_ALONE = "select pg_advisory_xact_lock(hashtextextended('nexus replay ' || %(incident)s, 0));"
KEEP = "insert into replays (incident, key, body) values (%s, %s, %s)"


@dataclass
class StoredReplay:
    """Implements `tools.recorded.replay_log.Deeds`; who drives the incident holds its lease, and reads once.

    Args:
        address: the database.
        incident: whose world it is.
    """

    address: Address
    incident: str
    _known: tuple[Deed, ...] | None = None

    def deeds(self) -> tuple[Deed, ...]:
        """All deeds, oldest first."""
        if self._known is None:
            with self._connected() as connection:
                self._known = self._read(connection, READING)
        return self._known

    def find(self, key: str) -> Deed | None:
        """The deed of a key, or None if it was never done."""
        return next((deed for deed in self.deeds() if deed.key == key), None)

    def once(self, key: str, do: Callable[[], Deed]) -> Deed:
        """Do something once per key, also when several processes try at the same time."""
        with self._connected() as connection:
            self._known = self._read(connection, f"{WRITING} {_ALONE}")
            found = self.find(key)
            if found is None:
                found = do()
                connection.execute(KEEP, (self.incident, key, found.model_dump_json(exclude_none=True)))
                connection.commit()
                self._known = (*self._known, found)
            return found

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            connection = connect(self.address)
        except NexusError as error:
            raise ToolFailed(f"what was done to the recorded world is not known: {error}") from error
        with connection:
            try:
                yield connection
            except psycopg.Error as error:
                told = unusable(self.address, error)
                raise ToolFailed(f"what was done to the recorded world is not known: {told}") from error

    def _read(self, connection: Connection, opening: str) -> tuple[Deed, ...]:
        connection.execute(opening, {"incident": self.incident})
        rows = connection.execute(_READ, {"incident": self.incident}).fetchall()
        try:
            return tuple(Deed.from_stored(body) for (body,) in rows)
        except ValidationError:
            raise ToolFailed(f"what was done to the world of {self.incident} cannot be read") from None
