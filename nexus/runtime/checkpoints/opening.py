"""Which checkpoints lie beside a store."""

from contextlib import AbstractAsyncContextManager

from nexus.runtime.checkpoints.port import Checkpoints
from nexus.runtime.checkpoints.sqlite import SqliteCheckpoints
from nexus.store.sqlite.store import Store


def checkpoints_beside(store: object) -> AbstractAsyncContextManager[Checkpoints]:
    """Those in the store's own database; they are closed afterwards."""
    if isinstance(store, Store):
        return SqliteCheckpoints.open(store.lender)
    # Imported here: teams without PostgreSQL have none of its packages.
    from nexus.runtime.checkpoints.postgres import PostgresCheckpoints  # noqa: PLC0415
    from nexus.store.postgres.store import PostgresStore  # noqa: PLC0415

    assert isinstance(store, PostgresStore)  # there is no other  # noqa: S101
    return PostgresCheckpoints.open(store.address, create=store.migrates)
