"""LangGraph's checkpoints: one saver per process, its fence, and pruning.

The incident's row is the truth; a thread of checkpoints only says where in the graph its next turn goes on.
So a thread may be dropped at any time: the next turn starts at START, from the row.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from incidents.errors import NexusError
from nexus.store.sqlite.sql import FENCE

#: How long a writer waits for another process to finish its transaction, in milliseconds: as the store does.
BUSY_TIMEOUT = 15_000


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints in one SQLite file, over one connection."""

    saver: AsyncSqliteSaver

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator["Checkpoints"]:
        """The checkpoints of a store's file; the connection is closed afterwards.

        Raises:
            NexusError: the file cannot be written.
        """
        async with aiosqlite.connect(path) as connection:
            # Nothing but plain JSON is in a channel: no class of any package may come out of a checkpoint.
            saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
            try:
                await connection.execute(f"pragma busy_timeout = {BUSY_TIMEOUT}")
                await saver.setup()
                await connection.executescript(FENCE)
            except sqlite3.OperationalError as error:
                raise NexusError(f"The checkpoints in {path} cannot be written: {error}") from error
            yield cls(saver)

    async def prune(self, incident: str, number: int) -> None:
        """Delete what can no longer matter while the incident waits or has ended.

        Of the thread itself the head stays, with its writes; of the finished steps nothing. The fence refuses
        whoever stands on a checkpoint that is gone. A lease that is lost deletes nothing.
        """
        await self._delete(_PRUNE, incident, number)

    async def drop(self, incident: str, number: int) -> None:
        """Delete the thread: the next turn starts at START, from the row; a lost lease deletes nothing."""
        await self._delete(_DROP, incident, number)

    async def _delete(self, statements: tuple[str, ...], incident: str, number: int) -> None:
        async with self.saver.lock:
            for statement in statements:
                await self.saver.conn.execute(statement, {"thread": incident, "number": number})
            await self.saver.conn.commit()


def _statements(name: str) -> tuple[str, ...]:
    return tuple(files("nexus.runtime").joinpath(name).read_text(encoding="utf-8").split(";\n"))


_PRUNE = _statements("prune.sql")
_DROP = _statements("drop.sql")
