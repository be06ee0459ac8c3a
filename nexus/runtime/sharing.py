"""What the processes of a store share beside its rows: who brings work, what was done to the world."""

from collections.abc import Callable

from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.queue import EmbeddedQueue, Queue
from nexus.store.port import IncidentStore
from nexus.store.sqlite.store import Store
from tools.live.actions.action_log import ActionRecords
from tools.recorded.replay_log import Deeds, ReplayLog

#: The file of a home that keeps what was done to a recorded world.
WORLD = "world.jsonl"


def queue_of(home: Home, site: Site, only: frozenset[str] | None, lag: Callable[[], float]) -> Queue:
    """The engine where machines share a PostgreSQL; else, and for a few incidents alone, the embedded one.

    Args:
        home: whose incidents.
        site: of which live world, with how many hands.
        only: these incidents alone; None: all of the site.
        lag: how late the process comes to what it should do, in seconds.
    """
    store, now = home.store, home.clock.now
    if isinstance(store, Store) or only is not None:
        return EmbeddedQueue(store, site.site, site.worker.at_once, only, now, lag=lag)
    # Imported here: teams without PostgreSQL have none of its packages.
    from nexus.runtime.distributed_queue import DistributedQueue  # noqa: PLC0415
    from nexus.store.postgres.store import PostgresStore  # noqa: PLC0415

    assert isinstance(store, PostgresStore)  # there is no other  # noqa: S101
    return DistributedQueue(store, store.address, site.site, site.worker.at_once, now, lag=lag)


def action_records_of(store: IncidentStore) -> ActionRecords | None:
    """Where machines share a PostgreSQL: in it. None: in a file of the home."""
    if isinstance(store, Store):
        return None
    from nexus.store.postgres.action_records import StoredActionRecords  # noqa: PLC0415  # as above
    from nexus.store.postgres.store import PostgresStore  # noqa: PLC0415

    return StoredActionRecords(store.address) if isinstance(store, PostgresStore) else None


def replay_of(home: Home, incident: str) -> Deeds:
    """What was done to the recorded world of an incident: where machines share a PostgreSQL, in it."""
    here = ReplayLog(home.folder.path(incident, WORLD))
    if isinstance(home.store, Store):
        return here
    from nexus.runtime.stored_replay import StoredReplay  # noqa: PLC0415  # as above
    from nexus.store.postgres.store import PostgresStore  # noqa: PLC0415

    return StoredReplay(home.store.address, incident) if isinstance(home.store, PostgresStore) else here
