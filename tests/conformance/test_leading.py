"""What every store says of who leads a site, and the periodic jobs that whoever leads does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from incidents.errors import NexusError
from nexus.runtime.periodic import PeriodicJob, PeriodicJobs
from nexus.store.leading import FailingJob
from nexus.store.leases import this_process
from nexus.store.port import IncidentStore
from tests.conformance.test_queue import until
from tests.nexus.sample import at

SITE = "shop"
HERE = this_process()


async def test_one_leads_until_it_resigns_or_its_time_is_over(stores: Callable[[], IncidentStore]) -> None:
    store, other = stores(), stores()
    assert await store.lead(SITE, "a", HERE, at(1), at(0))
    assert not await other.lead(SITE, "b", HERE, at(2), at(0.5))
    assert await store.lead(SITE, "a", HERE, at(2), at(0.9)), "who leads goes on"
    assert await other.lead("depot", "b", HERE, at(2), at(0.9)), "each site has its own"
    assert not await other.lead(SITE, "b", HERE, at(3), at(1.5))
    assert await other.lead(SITE, "b", HERE, at(3), at(2))
    assert not await store.lead(SITE, "a", HERE, at(4), at(2.5))
    await store.resign(SITE, "a")
    assert not await store.lead(SITE, "a", HERE, at(4), at(2.5)), "nobody resigns for another"
    await other.resign(SITE, "b")
    assert await store.lead(SITE, "a", HERE, at(4), at(2.5))


async def test_a_leader_that_is_proven_dead_here_leads_no_more(
    store: IncidentStore,
) -> None:
    dead = HERE.model_copy(update={"started": "long ago"})
    assert await store.lead(SITE, "a", dead, at(9), at(0))
    assert await store.lead(SITE, "b", HERE, at(9), at(0.1))


async def test_a_job_that_breaks_off_is_listed_until_it_comes_to_its_end(store: IncidentStore) -> None:
    broken = FailingJob(site=SITE, name="retention", tries=1, since=at(1), why="password=hunter2hunter2")
    await store.job_failed(broken)
    await store.job_failed(broken.model_copy(update={"tries": 2, "since": at(2), "why": "no disk"}))
    assert await store.failing_jobs() == (
        FailingJob(site=SITE, name="retention", tries=2, since=at(1), why="no disk"),
    )
    await store.job_failed(broken.model_copy(update={"site": "depot"}))
    assert [job.site for job in await store.failing_jobs()] == ["depot", SITE]
    assert "hunter2" not in (await store.failing_jobs())[0].why
    await store.job_went(SITE, "retention")
    await store.job_went("depot", "retention")
    assert await store.failing_jobs() == ()


def keeps(store: IncidentStore, *jobs: PeriodicJob) -> PeriodicJobs:
    return PeriodicJobs(store, SITE, jobs, seek=0.02)


def does(what: Callable[[], Awaitable[None]], name: str = "job", limit: float = 20.0) -> PeriodicJob:
    return PeriodicJob(name, what, every=0.001, limit=limit)


async def test_of_several_processes_one_does_it_and_the_next_where_that_ends(
    stores: Callable[[], IncidentStore],
) -> None:
    done: list[str] = []

    def of(name: str) -> PeriodicJobs:
        async def note() -> None:
            done.append(name)

        return keeps(stores(), does(note))

    first, second, third = of("a"), of("b"), of("c")
    async with AsyncExitStack() as others:
        async with first.running():
            await until(lambda: len(done) > 2)
            await others.enter_async_context(second.running())
            await others.enter_async_context(third.running())
            seen = len(done)
            await until(lambda: len(done) > seen + 20)
            assert set(done) == {"a"}
        done.clear()
        await until(lambda: len(done) > 20)
        assert len(set(done)) == 1


async def test_one_that_breaks_is_told_and_tried_again_and_holds_up_no_other(store: IncidentStore) -> None:
    tries, went, broken = 0, 0, asyncio.Event()

    async def breaks() -> None:
        nonlocal tries
        tries += 1
        if not broken.is_set():
            raise ValueError("nobody expected this") if tries % 2 else NexusError("the disk is full")

    async def goes() -> None:
        nonlocal went
        went += 1

    async def hangs() -> None:
        await asyncio.Event().wait()

    jobs = (does(breaks, "breaks"), does(goes, "goes"), does(hangs, "hangs", limit=0.01))
    async with keeps(store, *jobs).running():
        await until(lambda: tries > 3 and went > 3)
        failing = {job.name: job for job in await store.failing_jobs()}
        assert set(failing) == {"breaks", "hangs"}
        assert failing["breaks"].tries >= 2
        assert "disk is full" in failing["breaks"].why or "nobody expected" in failing["breaks"].why
        assert "Timeout" in failing["hangs"].why
        broken.set()
        async with asyncio.timeout(20):
            while "breaks" in {job.name for job in await store.failing_jobs()}:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def test_a_leader_that_lost_the_lead_ends_what_it_does(stores: Callable[[], IncidentStore]) -> None:
    store, other = stores(), stores()
    working = 0

    async def works() -> None:
        nonlocal working
        working += 1
        try:
            await asyncio.Event().wait()
        finally:
            working -= 1

    jobs = keeps(store, does(works))
    async with jobs.running():
        await until(lambda: working == 1)
        now = datetime.now(UTC)
        while not await other.lead(SITE, "another", HERE, now + timedelta(minutes=5), now):
            await store.resign(SITE, jobs.owner)
        await until(lambda: working == 0)
    assert not await store.lead(SITE, "b", HERE, now + timedelta(minutes=9), now), (
        "it resigns for itself alone"
    )
