"""What every store says of those who work."""

from collections.abc import Callable
from datetime import timedelta

from nexus.store.leases import this_process
from nexus.store.port import IncidentStore
from nexus.store.records import Process
from nexus.store.workers import FORGOTTEN, SILENT, WorkerBeat
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import ID, at

#: A process of another machine, of which nobody here can tell whether it lives.
ELSEWHERE = Process(host="elsewhere", pid=7, started="1")


def worker(owner: str = "a", process: Process = ELSEWHERE) -> WorkerBeat:
    return WorkerBeat(
        owner=owner, name=f"host:{owner}", site="shop", process=process, at_once=4, version="0.2.0"
    )


async def test_who_says_so_is_listed_with_what_it_drives(stores: Callable[[], IncidentStore]) -> None:
    store, other = stores(), stores()
    await store.register(sample.opened(), WORLD, at(0), "shop")
    await store.beat(worker(), at(0))
    assert await store.lease(ID, "a", at(5), at(0)) is not None
    await store.beat(worker(), at(0.1))
    (seen,) = await other.workers(at(0.2))
    assert seen.oldest_due_seconds == 0
    assert (seen.name, seen.site, seen.state, seen.drives) == ("host:a", "shop", "live", (ID,))
    assert (seen.started_at, seen.seen_at, seen.at_once, seen.version) == (at(0), at(0.1), 4, "0.2.0")


async def test_whoever_is_silent_for_long_is_lost_and_at_last_forgotten(
    store: IncidentStore,
) -> None:
    await store.beat(worker(), at(0))
    limit = at(0) + timedelta(seconds=SILENT)
    assert [one.state for one in await store.workers(limit)] == ["live"]
    assert [one.state for one in await store.workers(limit + timedelta(seconds=0.1))] == ["lost"]
    assert await store.workers(at(0) + timedelta(seconds=FORGOTTEN + 1)) == ()


async def test_a_process_that_is_proven_dead_here_is_lost_at_once(store: IncidentStore) -> None:
    dead = this_process().model_copy(update={"started": "long ago"})
    await store.beat(worker(process=dead), at(0))
    await store.beat(worker("b", this_process()), at(0))
    assert [(one.name, one.state) for one in await store.workers(at(0))] == [
        ("host:a", "lost"),
        ("host:b", "live"),
    ]


async def test_who_ended_in_order_is_listed_no_more(store: IncidentStore) -> None:
    await store.beat(worker(), at(0))
    await store.beat(worker("b"), at(0))
    await store.ended("a")
    assert [one.name for one in await store.workers(at(0))] == ["host:b"]


async def test_how_long_work_waits_is_told_with_the_workers_of_its_site(store: IncidentStore) -> None:
    await store.register(sample.opened(), WORLD, at(0), "shop")
    await store.beat(worker(), at(1))
    (seen,) = await store.workers(at(1))
    assert seen.oldest_due_seconds == 60
