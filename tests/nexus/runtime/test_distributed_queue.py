"""What the engine on PostgreSQL alone has: jobs of the dead, a database that goes away, many that start."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import structlog
from procrastinate import App, PsycopgConnector

from nexus.runtime.distributed_queue import DistributedQueue, engine, make_tables
from nexus.runtime.presence import Presence
from nexus.store.postgres.sql import VERSION
from nexus.store.postgres.store import PostgresStore
from tests.conformance.test_queue import SITE, Process, due, until
from tests.nexus.store.test_postgres import leave_behind
from tests.postgres import PostgresServer


async def test_of_many_that_start_at_once_one_makes_the_tables(postgres: PostgresServer) -> None:
    fresh = postgres.new("engine")
    app = App(connector=PsycopgConnector(conninfo=fresh.direct.get_secret_value()))
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: make_tables(fresh, app), range(4))) == [None] * 4


async def test_a_job_that_died_in_a_worker_keeps_nobody_from_its_incident(postgres: PostgresServer) -> None:
    address = postgres.empty()
    with PostgresStore.open(address, create=False) as store:
        incident = await due(store, 1)
        async with engine(address, 1) as app:
            dead = await app.job_manager.register_worker()
            job = app.configure_task("nexus.drive", queue=SITE, queueing_lock=f"{SITE}: {incident}")
            await job.defer_async(incident=incident, first=False)
            await app.job_manager.fetch_job(queues=[SITE], worker_id=dead)  # `doing`, and nobody does it
        one = Process("a", store, DistributedQueue(store, address, SITE, 2, look_every=0.01))
        async with one.running():
            await until(lambda: one.held == [incident])
        assert one.taken == [incident]


async def test_a_database_that_cuts_every_connection_ends_no_turn_and_brings_work_again(
    postgres: PostgresServer,
) -> None:
    address = postgres.empty()
    with PostgresStore.open(address, create=False) as store:
        first = await due(store, 1)
        one = Process("a", store, DistributedQueue(store, address, SITE, 3, look_every=0.01))
        async with one.running():
            await until(lambda: one.held == [first])
            with psycopg.connect(address.direct.get_secret_value(), autocommit=True) as admin:
                admin.execute(
                    "select pg_terminate_backend(pid, 20000) from pg_stat_activity "
                    "where application_name like 'nexus%' and pid <> pg_backend_pid()"
                )
            second = await due(store, 2)
            await until(lambda: one.held == [first, second])
        assert one.taken == [first, second]


async def test_jobs_leave_nothing_behind(postgres: PostgresServer) -> None:
    address = postgres.empty()
    with PostgresStore.open(address, create=False) as store:
        await due(store, 1)
        one = Process("a", store, DistributedQueue(store, address, SITE, 2, look_every=0.01))
        one.let_go.set()
        async with one.running(), engine(address, 1) as app, asyncio.timeout(20):
            await until(lambda: len(one.taken) == 1 and not one.held)
            # One that came late is let be, and goes too.
            while left := list(await app.job_manager.list_jobs_async()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert left == []


async def test_a_worker_that_the_schema_has_left_behind_takes_no_more_and_says_so_once(
    postgres: PostgresServer,
) -> None:
    address = postgres.new("left_behind")
    with PostgresStore.open(address) as store, structlog.testing.capture_logs() as lines:
        first = await due(store, 1)
        one = Process("a", store, DistributedQueue(store, address, SITE, 3, look_every=0.01))
        async with one.running(), Presence(store, "a", SITE, 3, every=0.01).shown():
            await until(lambda: one.held == [first])
            leave_behind(address, works_from=VERSION + 1)
            await until(lambda: "this process takes no more work" in [line["event"] for line in lines])
            for _ in range(20):  # it looks no more, though it is rung
                one.queue.ring("")
                await store.changed()
        assert one.taken == [first]
    said = [line["event"] for line in lines if "newer Nexus" in str(line.get("why"))]
    assert said == ["this process takes no more work", "nobody could be told that this worker ends"]
