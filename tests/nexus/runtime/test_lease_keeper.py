"""Leases of a process: renewed from a thread of its own, lost for certain; nothing begins near their end."""

import asyncio
import time
from datetime import timedelta

import pytest

from incidents.errors import Refused, StaleLease
from nexus.runtime.lease_keeper import LeaseKeeper, wall
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import ID, at

SHORT = timedelta(seconds=0.3)


@pytest.fixture
async def store() -> MemoryStore:
    made = MemoryStore()
    await made.register(sample.opened(), WorldRef(kind=WorldKind.LIVE, path="/x"), at(0), "shop")
    return made


async def test_a_loop_that_is_busy_loses_nothing(store: MemoryStore) -> None:
    keeper = LeaseKeeper(store, SHORT)
    lease = await keeper.take(ID)
    assert lease is not None
    time.sleep(SHORT.total_seconds() * 3)  # noqa: ASYNC251 - the loop stands still
    held = await store.lease_of(ID)
    assert held is not None
    assert held.until > wall()
    assert await LeaseKeeper(store, SHORT).take(ID) is None
    await lease.secure()
    keeper.drop(lease)


async def test_who_is_overtaken_hears_it_and_begins_nothing(store: MemoryStore) -> None:
    keeper = LeaseKeeper(store, SHORT)
    lease = await keeper.take(ID)
    assert lease is not None
    await store.give_back(ID, lease.number, None)
    other = await LeaseKeeper(store).take(ID)
    assert other is not None
    await asyncio.wait_for(lease.lost.wait(), 10)
    with pytest.raises(StaleLease):
        await lease.secure()
    keeper.drop(lease)


async def test_in_its_last_third_a_lease_is_renewed_before_anything_begins(store: MemoryStore) -> None:
    keeper = LeaseKeeper(store, timedelta(seconds=30))
    lease = await keeper.take(ID)
    assert lease is not None
    before = await store.lease_of(ID)
    await lease.secure()
    assert await store.lease_of(ID) == before, "it is fresh"
    lease.fence._asked -= 21  # as after a stop of the process
    await lease.secure()
    after = await store.lease_of(ID)
    assert before is not None
    assert after is not None
    assert after.until > before.until
    lease.fence._asked -= 21
    await store.give_back(ID, lease.number, None)
    with pytest.raises(StaleLease):
        await lease.secure()
    keeper.drop(lease)


async def test_the_second_verb_that_wants_an_incident_is_told_who_has_it(store: MemoryStore) -> None:
    one, two = LeaseKeeper(store), LeaseKeeper(store)
    async with one.hold(ID):
        with pytest.raises(Refused, match="is worked on by process"):
            async with two.hold(ID):
                pass
    async with two.hold(ID):
        assert two.held == (ID,)
    assert await store.lease_of(ID) is None
