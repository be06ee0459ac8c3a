"""The checkpoints in the store's PostgreSQL: one pool of the process, a saver for each turn.

A saver of its own, since each has one lock: with a single one the turns of a process would wait for each
other at every step (langgraph-checkpoint-postgres 3.2).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncClientCursor, AsyncConnection, AsyncCursor
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from incidents.errors import StaleLease, UsageError
from nexus.runtime.checkpoints.port import named, overtaken, serializer
from nexus.store.postgres.address import Address
from nexus.store.postgres.checking import Checking
from nexus.store.postgres.connecting import LIMITS, PATIENCE, PLAIN, unusable
from nexus.store.postgres.sql import FENCE, QUERIES

#: So many steps of one process are written at the same time.
AT_ONCE = 8
#: What the fence raises, beside a violation of its index.
_GONE = "NX002"
_OVERTAKEN = "another process has already gone on from this checkpoint"
#: How often whoever waits for another process's set-up asks, in seconds. It may not wait within a statement:
#: an index that is made without locks waits for every statement that runs.
_ASK_AGAIN = 0.1

_TRY_LOCK = "select pg_try_advisory_xact_lock(hashtextextended('nexus checkpoints', 0))"
_HAS_FENCE = """
select to_regclass('checkpoint_migrations') is not null and exists (
    select 1 from pg_trigger where tgname = 'parent_is_there' and tgrelid = to_regclass('checkpoints')
)
"""

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class FencedSaver(AsyncPostgresSaver):
    """Says in words of ours that somebody else has gone on; every transaction carries the store's limits."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, serde=serializer())
        self._pool = pool

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        """As the library's, within one transaction: its own statements would be one each, without limits."""
        async with self.lock, self._pool.connection() as connection, AsyncExitStack() as sent:
            if pipeline and self.supports_pipeline:
                await sent.enter_async_context(connection.pipeline())
            async with (
                connection.transaction(),
                connection.cursor(binary=True, row_factory=dict_row) as cursor,
            ):
                await cursor.execute(LIMITS)
                yield cursor

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint of a config, or the head of its thread."""
        if get_checkpoint_id(config) is not None:
            return await super().aget_tuple(config)
        thread, namespace = named(config)
        async with self._cursor() as cursor:
            await cursor.execute(_HEAD, {"thread": thread, "namespace": namespace})
            head = await cursor.fetchone()
        if head is None:
            return None
        asked = {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": head["checkpoint_id"]}
        return await super().aget_tuple({"configurable": asked})

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:  # fmt: skip
        """Keep a checkpoint; raises `StaleLease` where the fence refuses it."""
        try:
            return await super().aput(config, checkpoint, metadata, new_versions)
        except psycopg.Error as error:
            why = _OVERTAKEN if isinstance(error, UniqueViolation) else error.diag.message_primary
            if why is _OVERTAKEN or error.sqlstate == _GONE:
                raise StaleLease(overtaken(why)) from error
            raise


@dataclass(frozen=True)
class PostgresCheckpoints:
    """Implements `Checkpoints`."""

    pool: Pool

    @classmethod
    @asynccontextmanager
    async def open(cls, address: Address, *, create: bool) -> AsyncIterator["PostgresCheckpoints"]:
        """The checkpoints of a database; the connections are closed afterwards.

        Args:
            address: which one.
            create: make the tables and the fence where they are missing, or older.

        Raises:
            UsageError: they are missing, and nothing was to be made.
            NexusError: the database cannot be reached or written.
        """
        try:
            await _set_up(address, create)
        except psycopg.Error as error:
            raise unusable(address, error) from error
        async with AsyncConnectionPool(
            address.url.get_secret_value(),
            kwargs=PLAIN,
            min_size=1,
            max_size=AT_ONCE,
            timeout=PATIENCE,
            check=Checking().acheck,
            num_workers=1,
            name="nexus-checkpoints",
        ) as pool:
            yield cls(pool)

    def saver(self) -> FencedSaver:
        """One of its own."""
        return FencedSaver(self.pool)

    async def prune(self, incident: str, number: int) -> None:
        """Delete what can no longer matter."""
        await self._delete(_PRUNE, incident, number)

    async def drop(self, incident: str, number: int) -> None:
        """Delete the thread."""
        await self._delete(_DROP, incident, number)

    async def _delete(self, script: str, incident: str, number: int) -> None:
        async with self.pool.connection() as connection, connection.transaction():
            run = AsyncClientCursor(connection)
            await run.execute(LIMITS)
            await run.execute(QUERIES["holds"], {"id": incident, "number": number})
            if await run.fetchone() is not None:
                await run.execute(script, {"thread": incident})


async def _set_up(address: Address, create: bool) -> None:
    async with await AsyncConnection.connect(address.direct.get_secret_value(), **PLAIN) as connection:
        if await _is_set_up(connection):
            return
        if not create:
            raise UsageError(
                f"{address} has no tables for checkpoints, or older ones: run `nexus migrate` first"
            )
        async with connection.transaction():
            await _locked(connection)
            if await _is_set_up(connection):
                return  # the process that was here before us has done it
            # Over a connection of its own: it makes indexes that no transaction may make. Two at once fail.
            async with await AsyncConnection.connect(address.direct.get_secret_value(), **PLAIN) as other:
                await AsyncPostgresSaver(other).setup()
            await connection.execute(FENCE)


async def _locked(connection: AsyncConnection[Any]) -> None:
    while True:
        if await _one(connection, _TRY_LOCK):
            return
        await asyncio.sleep(_ASK_AGAIN)


async def _is_set_up(connection: AsyncConnection[Any]) -> bool:
    """Whether the tables are of this version's saver, behind the fence."""
    if not await _one(connection, _HAS_FENCE):
        return False
    newest = await _one(connection, "select max(v) from checkpoint_migrations")
    return newest is not None and newest >= len(AsyncPostgresSaver.MIGRATIONS) - 1


async def _one(connection: AsyncConnection[Any], query: str) -> Any:
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row is not None else None


def _script(name: str) -> str:
    return files("nexus.runtime.checkpoints").joinpath(name).read_text(encoding="utf-8")


_HEAD = _script("postgres_head.sql")
_PRUNE = _script("postgres_prune.sql")
_DROP = _script("postgres_drop.sql")
