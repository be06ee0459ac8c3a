"""Checkpoints in the store's file: written with what waits beside them, over the store's own connections."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6

from incidents.errors import NexusError, StaleLease
from nexus.runtime.checkpoints.sqlite import SqliteCheckpoints
from nexus.store.sqlite.store import Store

DAY = date(2026, 11, 23)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.fixture
async def kept(store: Store) -> AsyncIterator[SqliteCheckpoints]:
    async with SqliteCheckpoints.open(store.lender) as opened:
        yield opened


async def put(kept: SqliteCheckpoints, parent: str | None) -> str:
    config: Any = {"configurable": {"thread_id": "INC-1", "checkpoint_ns": "", "checkpoint_id": parent}}
    stored = await kept.saver().aput(config, empty_checkpoint() | {"id": str(uuid6())}, {}, {})
    return str(stored["configurable"]["checkpoint_id"])


async def history(kept: SqliteCheckpoints) -> list[str]:
    config: Any = {"configurable": {"thread_id": "INC-1", "checkpoint_ns": ""}}
    return [one.checkpoint["id"] async for one in kept.saver().alist(config)]


async def test_a_checkpoint_is_committed_with_the_row_that_waits_beside_it(
    store: Store, kept: SqliteCheckpoints
) -> None:
    run: list[str] = []
    await kept.file.lend(lambda lent: lent.set_trace_callback(run.append))
    root = await put(kept, None)
    run.clear()
    head, number = await asyncio.gather(put(kept, root), store.next_id(DAY))
    transactions = [statement for statement in run if statement.startswith(("begin", "COMMIT"))]
    assert transactions == ["begin immediate", "COMMIT"]
    assert number == "INC-2026-11-23-001"
    assert await history(kept) == [head, root]


async def test_a_checkpoint_that_the_fence_refuses_takes_nothing_back_of_its_neighbour(
    store: Store, kept: SqliteCheckpoints
) -> None:
    root = await put(kept, None)
    head = await put(kept, root)
    refused, number = await asyncio.gather(put(kept, root), store.next_id(DAY), return_exceptions=True)
    assert isinstance(refused, StaleLease)
    assert number == "INC-2026-11-23-001"
    assert await store.next_id(DAY) == "INC-2026-11-23-002"
    assert await history(kept) == [head, root]


async def test_a_file_that_cannot_be_written_is_named(store: Store) -> None:
    aside = store.path.rename(store.path.with_name("aside.db"))
    store.path.mkdir()
    with pytest.raises(NexusError, match=str(store.path)):
        async with SqliteCheckpoints.open(store.lender):
            pass
    store.path.rmdir()
    aside.rename(store.path)


async def test_a_statement_that_breaks_is_told_as_trouble_with_the_file(kept: SqliteCheckpoints) -> None:
    with pytest.raises(NexusError, match="no such table"):
        await kept.file.lend(lambda lent: lent.execute("select 1 from nowhere"))
    with pytest.raises(sqlite3.IntegrityError):
        await kept.file.lend(lambda lent: lent.execute("insert into incidents (id) values (null)"))
