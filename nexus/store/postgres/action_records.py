"""The write-ahead of changes in the database, so that every machine reads how a key stands."""

from dataclasses import dataclass

from pydantic import ValidationError

from incidents.errors import NexusError, ToolFailed
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import READING, WRITING, connect
from tools.live.actions.action_log import ActionRecord

_FIND = "select body from action_records where key = %s order by seq desc limit 1"
_WRITE = "insert into action_records (key, body) values (%s, %s)"


@dataclass(frozen=True)
class StoredActionRecords:
    """Implements `tools.live.actions.action_log.ActionRecords`.

    A change is rare and its lines must not wait behind other work: each has a connection of its own.
    """

    address: Address

    def find(self, key: str) -> ActionRecord | None:
        """The deed of a key, or None if it was never begun."""
        try:
            with connect(self.address) as connection:
                connection.execute(READING)
                row = connection.execute(_FIND, (key,)).fetchone()
                connection.commit()
            return ActionRecord.from_stored(row[0]) if row is not None else None
        except NexusError as error:
            raise ToolFailed(f"the ledger of changes cannot be read: {error}") from error
        except ValidationError:
            raise ToolFailed(f"what the ledger of changes says of {key} cannot be read") from None

    def write(self, deed: ActionRecord) -> None:
        """Keep how a deed stands; it is committed to the disk when this returns."""
        try:
            with connect(self.address) as connection:
                connection.execute(f"{WRITING} set local synchronous_commit = on", {})
                connection.execute(_WRITE, (deed.key, deed.model_dump_json(exclude_none=True)))
                connection.commit()
        except NexusError as error:
            raise ToolFailed(f"the ledger of changes cannot be written: {error}") from error
