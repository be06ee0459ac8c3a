"""What goes of a store: closed incidents, when people say how long they are kept."""

from datetime import datetime
from typing import Protocol

from nexus.store.records import Remains


class Retention(Protocol):
    """What becomes of incidents that are closed; nothing else is ever deleted."""

    async def closed(self, before: datetime) -> tuple[Remains, ...]:
        """What is kept of every incident that was closed before that moment of the wall, oldest first."""
        ...

    async def erase(self, incident: str, number: int) -> None:
        """Delete every row of a closed incident, and its checkpoints; its id is not given again.

        Raises:
            StaleLease: the lease of that number is not in force; nothing was deleted.
            Refused: it is not closed.
        """
        ...

    async def erase_deliveries(self, before: datetime) -> None:
        """Delete what was delivered before that moment and reached no incident."""
        ...

    async def compact(self, rewrite: bool = False) -> None:
        """Give the room of deleted rows and checkpoints back to the disk.

        `rewrite` also does what takes long and is needed once, as for a SQLite file that 0.1.0 made.
        """
        ...
