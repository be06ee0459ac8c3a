"""What anyone may look at: pages with what broke off, what waits with what it cites, the backlog."""

from datetime import timedelta
from pathlib import Path

import pytest

from incidents.action import ActionState
from incidents.errors import UnknownName
from incidents.severity import Severity
from nexus.service.lists import PAGE, IncidentFilter, ListQueries
from nexus.service.queries import IncidentQueries
from nexus.service.undecided import UndecidedQueries
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tools.clock import VirtualClock

CASE = WorldRef(kind=WorldKind.CASE, path="cases/shop")
LIVE = WorldRef(kind=WorldKind.LIVE, path="/srv/nexus.yaml")


def number(count: int) -> str:
    return f"INC-2026-11-23-{count:03}"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def queries(store: MemoryStore) -> IncidentQueries:
    return IncidentQueries(store)


@pytest.fixture
def undecided(store: MemoryStore) -> UndecidedQueries:
    return UndecidedQueries(store, VirtualClock(at(30)))


@pytest.fixture
def lists(store: MemoryStore) -> ListQueries:
    return ListQueries(store, VirtualClock(at(30)))


async def test_all_pages_are_read_one_after_the_other(store: MemoryStore, lists: ListQueries) -> None:
    for count in range(2 * PAGE + 1):
        await store.register(sample.opened(number(count), count), CASE, at(count))
    found = [one.id async for one in lists.incidents()]
    assert found == [number(count) for count in reversed(range(2 * PAGE + 1))]
    assert [one.id async for one in lists.incidents(after=number(2))] == [number(1), number(0)]
    assert [one.id for one in await lists.page(limit=2)] == found[:2]


async def test_a_line_says_that_its_turns_broke_off(store: MemoryStore, lists: ListQueries) -> None:
    await store.register(sample.opened(), LIVE, at(0), "shop")
    await store.register(sample.opened(number(2)), LIVE, at(0), "shop")
    lease = await store.lease(ID, "test", at(1), at(0))
    assert lease is not None
    await store.fail(ID, lease, at(5))
    lines = {one.id: one.broken_off for one in await lists.page()}
    broken = lines[ID]
    assert broken is not None
    assert (broken.tries, broken.retry_at) == (1, at(5))
    assert lines[number(2)] is None


async def test_what_waits_comes_with_its_moment_and_what_it_cites(
    store: MemoryStore, undecided: UndecidedQueries
) -> None:
    await store.register(sample.waiting(), CASE, at(12))
    await store.register(sample.opened(number(2)), CASE, at(12))
    unknown = sample.waiting().evolve(id=number(3), proposals=(sample.proposal(state=ActionState.UNKNOWN),))
    await store.register(unknown, LIVE, at(13) + timedelta(seconds=1))
    for count in range(4):
        await store.put(sample.evidence(count), b"")
    waiting = {one.incident: one async for one in undecided.undecided()}
    assert set(waiting) == {ID, number(3)}
    assert (waiting[ID].now, waiting[number(3)].now) == (at(12), at(30))
    assert [one.id for one in waiting[ID].evidence] == list(sample.EVIDENCE[:3])
    assert waiting[number(3)].evidence == ()


async def test_filters_reach_the_store(store: MemoryStore, lists: ListQueries) -> None:
    await store.register(sample.opened().evolve(severity=Severity.P1), CASE, at(0))
    await store.register(sample.opened(number(2)), CASE, at(1))
    assert [one.id for one in await lists.page(IncidentFilter(severity=Severity.P1))] == [ID]
    assert [one.id async for one in lists.incidents(IncidentFilter(severity=Severity.P2))] == []


async def test_one_incident_comes_with_its_timeline_or_with_the_nearest_ids(
    store: MemoryStore, queries: IncidentQueries
) -> None:
    await store.register(sample.opened(), CASE, at(0))
    for entry in reversed(sample.ENTRIES):
        await store.write(entry)
    incident, entries = await queries.with_timeline(ID)
    assert (incident, entries[0]) == (sample.opened(), sample.ENTRIES[0])
    with pytest.raises(UnknownName, match=f"did you mean {ID}"):
        await queries.with_timeline(number(10))


async def test_a_live_incident_names_its_configuration(
    store: MemoryStore, undecided: UndecidedQueries
) -> None:
    await store.register(sample.opened(), LIVE, at(0), "shop")
    await store.register(sample.opened(number(2)), CASE, at(0))
    assert await undecided.live_configuration(ID) == Path("/srv/nexus.yaml")
    assert await undecided.live_configuration(number(2)) is None


async def test_the_backlog_goes_on_behind_a_task(store: MemoryStore, queries: IncidentQueries) -> None:
    await store.register(sample.opened(), CASE, at(0))
    await store.add_tasks(ID, sample.TASKS)
    assert [one async for one in queries.backlog()] == list(sample.TASKS)
    assert [one async for one in queries.backlog(sample.TASKS[0].id)] == [sample.TASKS[1]]
