"""Checkpoints in PostgreSQL: several processes at once, connections that break, tables that are not there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6

from incidents.errors import StaleLease, UsageError
from nexus.runtime.checkpoints.postgres import PostgresCheckpoints
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.migrate import migrate
from nexus.store.postgres.transaction import Connection
from tests.nexus.sample import ID
from tests.postgres import PostgresServer


@pytest.fixture
def address(postgres: PostgresServer) -> Address:
    return postgres.empty()


@pytest.fixture
async def kept(address: Address) -> AsyncIterator[PostgresCheckpoints]:
    async with PostgresCheckpoints.open(address, create=True) as opened:
        yield opened


async def put(kept: PostgresCheckpoints, parent: str | None) -> str:
    config: Any = {"configurable": {"thread_id": ID, "checkpoint_ns": "", "checkpoint_id": parent}}
    stored = await kept.saver().aput(config, empty_checkpoint() | {"id": str(uuid6())}, {}, {})
    return str(stored["configurable"]["checkpoint_id"])


def ids(raw: Connection) -> list[str]:
    return [row[0] for row in raw.execute("select checkpoint_id from checkpoints order by 1").fetchall()]


async def test_many_processes_that_start_at_once_make_the_tables_once(postgres: PostgresServer) -> None:
    fresh = postgres.new("checkpoints_at_once")
    migrate(fresh)

    async def open_and_close() -> None:
        async with PostgresCheckpoints.open(fresh, create=True):
            pass

    await asyncio.gather(*(open_and_close() for _ in range(6)))
    async with PostgresCheckpoints.open(fresh, create=False) as opened:
        await put(opened, None)


async def test_whoever_makes_no_tables_says_what_does(postgres: PostgresServer) -> None:
    fresh = postgres.new("no_checkpoints")
    migrate(fresh)
    with pytest.raises(UsageError, match="no tables for checkpoints, or older ones: run `nexus migrate`"):
        async with PostgresCheckpoints.open(fresh, create=False):
            pass


@pytest.mark.parametrize("begins", [False, True])
async def test_of_two_that_go_on_at_the_same_time_the_second_waits_and_is_refused(
    kept: PostgresCheckpoints, address: Address, begins: bool
) -> None:
    parent = None if begins else await put(kept, None)
    with connect(address) as first:
        with first.transaction():  # it has written its child, and not committed
            first.execute(
                "insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, "
                "checkpoint) values (%s, '', %s, %s, '{}')", (ID, str(uuid6()), parent),
            )  # fmt: skip
            second = asyncio.create_task(put(kept, parent))
            await asyncio.to_thread(_until_it_waits, second, address)
        with pytest.raises(StaleLease, match="already gone on from this checkpoint; nothing of this step"):
            await second


async def test_nobody_follows_a_checkpoint_that_is_being_pruned(
    kept: PostgresCheckpoints, address: Address
) -> None:
    """Its sibling, which the other rule would find, is being pruned with it."""
    root = await put(kept, None)
    head = await put(kept, await put(kept, root))
    with connect(address) as pruning:
        with pruning.transaction():
            pruning.execute("delete from checkpoints where checkpoint_id <> %s", (head,))
            stopped = asyncio.create_task(put(kept, root))
            await asyncio.to_thread(_until_it_waits, stopped, address)
        with pytest.raises(StaleLease, match="is gone"):
            await stopped
        assert ids(pruning) == [head]


async def test_turns_do_not_wait_for_each_others_saver(kept: PostgresCheckpoints) -> None:
    assert kept.saver() is not kept.saver()
    assert kept.saver().lock is not kept.saver().lock


async def test_connections_that_the_server_has_cut_fail_no_step(
    kept: PostgresCheckpoints, address: Address
) -> None:
    parent: str | None = None
    for _ in range(3):
        parent = await put(kept, parent)
        with connect(address) as raw:
            raw.execute(
                "select pg_terminate_backend(pid, 20000) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
    with connect(address) as raw:
        assert len(ids(raw)) == 3


def _until_it_waits(task: "asyncio.Task[str]", address: Address) -> None:
    """Until it waits for somebody else's transaction, or has ended without."""
    waiting = "select count(*) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
    with connect(address) as raw:
        while not task.done() and raw.execute(waiting).fetchone() == (0,):
            pass
