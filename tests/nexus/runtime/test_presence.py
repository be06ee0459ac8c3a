"""Who works is listed while it works."""

from datetime import datetime

from nexus.runtime.presence import Presence
from nexus.store.memory import MemoryStore
from tests.nexus.runtime.hands import SITE, until
from tests.nexus.sample import at


async def test_a_worker_is_listed_while_it_works_and_says_so_again_and_again() -> None:
    store, minutes = MemoryStore(), iter(range(100))
    told: list[float] = []

    def now() -> datetime:
        told.append(next(minutes))
        return at(told[-1])

    async with Presence(store, "a", SITE, 4, now=now, every=0.001).shown():
        await until(lambda: len(told) > 2)
        (one,) = await store.workers(at(told[-1]))
        assert (one.site, one.at_once, one.state) == (SITE, 4, "live")
        assert one.started_at == at(0)
    assert await store.workers(at(told[-1])) == ()
