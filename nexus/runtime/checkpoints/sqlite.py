"""The checkpoints in the store's SQLite file, over one connection of the process."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from incidents.errors import NexusError, StaleLease
from nexus.runtime.checkpoints.port import overtaken, serializer
from nexus.store.sqlite.sql import FENCE

#: How long a writer waits for another process to finish its transaction, in milliseconds: as the store does.
BUSY_TIMEOUT = 15_000


class FencedSaver(AsyncSqliteSaver):
    """Says in words of ours that somebody else has gone on."""

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:  # fmt: skip
        """Keep a checkpoint; raises `StaleLease` where the fence refuses it."""
        try:
            return await super().aput(config, checkpoint, metadata, new_versions)
        except sqlite3.IntegrityError as error:
            raise StaleLease(overtaken(error)) from error


@dataclass(frozen=True)
class SqliteCheckpoints:
    """Implements `Checkpoints`."""

    one: FencedSaver

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator["SqliteCheckpoints"]:
        """The checkpoints of a store's file; the connection is closed afterwards.

        Raises:
            NexusError: the file cannot be written.
        """
        async with aiosqlite.connect(path) as connection:
            saver = FencedSaver(connection, serde=serializer())
            try:
                await connection.execute(f"pragma busy_timeout = {BUSY_TIMEOUT}")
                await saver.setup()
                await connection.executescript(FENCE)
            except sqlite3.OperationalError as error:
                raise NexusError(f"The checkpoints in {path} cannot be written: {error}") from error
            yield cls(saver)

    def saver(self) -> FencedSaver:
        """The same for all turns: there is one connection."""
        return self.one

    async def prune(self, incident: str, number: int) -> None:
        """Delete what can no longer matter."""
        await self._delete(_PRUNE, incident, number)

    async def drop(self, incident: str, number: int) -> None:
        """Delete the thread."""
        await self._delete(_DROP, incident, number)

    async def _delete(self, statements: tuple[str, ...], incident: str, number: int) -> None:
        async with self.one.lock:
            for statement in statements:
                await self.one.conn.execute(statement, {"thread": incident, "number": number})
            await self.one.conn.commit()


def _statements(name: str) -> tuple[str, ...]:
    return tuple(files("nexus.runtime.checkpoints").joinpath(name).read_text(encoding="utf-8").split(";\n"))


_PRUNE = _statements("sqlite_prune.sql")
_DROP = _statements("sqlite_drop.sql")
