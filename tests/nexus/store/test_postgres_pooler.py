"""Behind a real pooler that gives its connections out by transaction: two of them for two processes."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6

from incidents.errors import StaleLease
from nexus.runtime.checkpoints.postgres import PostgresCheckpoints
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.migrate import migrate
from nexus.store.postgres.store import PostgresStore
from tests.conformance.test_intake import SITE, WORLD, delivery, once
from tests.conformance.test_leases import note
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.pgbouncer import pooled
from tests.postgres import PostgresServer


@pytest.fixture
def address(postgres: PostgresServer) -> Iterator[Address]:
    postgres.new("pooled")
    with pooled(postgres, "pooled", size=2) as found:
        migrate(found)
        yield found


async def test_two_processes_work_over_two_connections_and_leave_nothing_in_them(address: Address) -> None:
    with (
        PostgresStore.open(address, create=False) as one,
        PostgresStore.open(address, create=False, threads=False) as verb,
        PostgresStore.open(address, create=False) as other,
    ):
        doors = (one, other)
        filed = await asyncio.gather(
            *(doors[n % 2].take_in(delivery(n / 60), SITE, once(n / 60)) for n in range(20))
        )
        assert sorted(one.disposition for one in filed) == ["known"] * 19 + ["opened"]
        line = sample.ENTRIES[0]
        lines = [line.model_copy(update={"id": f"e{n}"}) for n in range(40)]
        await asyncio.gather(*(doors[n % 2].write(entry) for n, entry in enumerate(lines)))
        assert len(await verb.entries(ID)) == 40
        number = await one.lease(ID, "one", at(1), at(0))
        assert number is not None
        assert other.renew(ID, number, at(2))
        await verb.add_event(note())
        assert await one.give_back(ID, number, at(60))
        assert [due.incident for due in await other.due(at(5), 9, SITE)] == [ID]
    with connect(address) as pooler, connect(address, direct=True) as raw:
        assert pooler.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
        assert raw.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)


async def test_every_transaction_of_checkpoints_carries_its_limits_and_leaves_none(address: Address) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    asked = f"select {', '.join(f'current_setting({name!r}) as {name}' for name in names)}"
    async with PostgresCheckpoints.open(address, create=True) as kept:
        for pipeline in (False, True):
            async with kept.saver()._cursor(pipeline=pipeline) as cursor:
                row = await (await cursor.execute(asked)).fetchone()
            assert row == dict(zip(names, ("30s", "15s", "30s"), strict=True))
        async with kept.pool.connection() as connection:
            left = await (await connection.execute(asked)).fetchone()
        assert left == ("0", "0", "0")


async def test_checkpoints_are_fenced_and_pruned_over_the_pooler(address: Address) -> None:
    with PostgresStore.open(address, create=False) as store:
        await store.register(sample.opened(), WORLD, at(0), SITE)
        number = await store.lease(ID, "one", at(1), at(0))
    assert number is not None
    async with PostgresCheckpoints.open(address, create=True) as kept:

        async def put(parent: str | None) -> str:
            config: Any = {"configurable": {"thread_id": ID, "checkpoint_ns": "", "checkpoint_id": parent}}
            checkpoint = empty_checkpoint() | {"id": str(uuid6()), "channel_values": {"incident": {"a": 1}}}
            checkpoint["channel_versions"] = {"incident": "1"}
            done = await kept.saver().aput(config, checkpoint, {}, {"incident": "1"})
            return str(done["configurable"]["checkpoint_id"])

        root = await put(None)
        tries = await asyncio.gather(*(put(root) for _ in range(6)), return_exceptions=True)
        (head,) = [one for one in tries if isinstance(one, str)]
        assert [type(one) for one in tries if not isinstance(one, str)] == [StaleLease] * 5
        await kept.prune(ID, number)
        found = await kept.saver().aget_tuple({"configurable": {"thread_id": ID}})
        assert found is not None
        assert (found.checkpoint["id"], found.checkpoint["channel_values"]) == (head, {"incident": {"a": 1}})
