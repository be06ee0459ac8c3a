"""Brings what holds the incidents to the schema of this version, the checkpoints too."""

from nexus.config.database import Database
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.checkpoints.opening import checkpoints_beside


async def migrate(settings: Settings, database: Database | None) -> str:
    """Make the tables where there are none, and upgrade older ones; says what holds which schema now.

    Raises:
        UsageError: it is of a newer Nexus that this version does not fit.
        NexusError: it cannot be reached, read or written.
    """
    with open_home(settings, create=True, database=database) as home:
        async with checkpoints_beside(home.store):
            return f"{home.store.place} has schema {home.store.schema}"
