"""Work that waits with nobody at it."""

from datetime import datetime

from nexus.store.driving import Leases
from nexus.store.workers import ages


async def overdue(store: Leases, now: datetime) -> dict[str, float]:
    """For how many seconds an incident of a site has been due at most, by site; none of it: not named."""
    return ages(await store.oldest_due(now), now)
