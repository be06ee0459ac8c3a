"""The checkpoints in the store's SQLite file, over the store's own connections."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
)
from langgraph.checkpoint.sqlite import SqliteSaver

from incidents.errors import StaleLease
from nexus.runtime.checkpoints.port import named, overtaken, serializer
from nexus.store.sqlite.migrate import connect
from nexus.store.sqlite.opening import PATIENCE, unusable
from nexus.store.sqlite.sql import FENCE

T = TypeVar("T")


class Lends(Protocol):
    """A file of SQLite whose connections may be used: `nexus.store.sqlite.database.Database`."""

    path: Path

    async def lend(self, work: Callable[[sqlite3.Connection], T], *, reading: bool = False) -> T:
        """Let statements take part, which neither begin nor commit."""
        ...


class _Borrower(SqliteSaver):
    """The library's saver over a connection that somebody else set up and whose transactions they end."""

    def setup(self) -> None:
        """Done before: its own would end the transaction."""

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """A cursor without a commit."""
        with closing(self.conn.cursor()) as cursor:
            yield cursor


class FencedSaver(BaseCheckpointSaver[str]):
    """The library's saver over the store's connections; says in words of ours that somebody has gone on.

    Over a connection of its own (`AsyncSqliteSaver`) a checkpoint waits for the store's lock and wakes the
    loop four times; here it is written together with whatever else waits for the file.
    """

    def __init__(self, file: Lends) -> None:
        super().__init__(serde=serializer())
        self._file = file
        self._borrowers: dict[sqlite3.Connection, _Borrower] = {}

    def get_next_version(self, current: str | None, channel: None) -> str:
        """As the library's saver counts."""
        return SqliteSaver.get_next_version(self, current, channel)  # type: ignore[arg-type]  # it has no state

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint of a config, or the head of its thread."""
        return await self._file.lend(lambda lent: self._read(lent, config), reading=True)

    def _read(self, lent: sqlite3.Connection, config: RunnableConfig) -> CheckpointTuple | None:
        if get_checkpoint_id(config) is not None:
            return self._over(lent).get_tuple(config)
        thread, namespace = named(config)
        head = lent.execute(_HEAD, {"thread": thread, "namespace": namespace}).fetchone()
        if head is None:
            return None
        asked = {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": head[0]}
        return self._over(lent).get_tuple({"configurable": asked})

    async def alist(
        self, config: RunnableConfig | None, *, filter: dict[str, Any] | None = None,  # noqa: A002 - theirs
        before: RunnableConfig | None = None, limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:  # fmt: skip
        """The checkpoints of a thread, newest first."""

        def found(lent: sqlite3.Connection) -> list[CheckpointTuple]:
            return list(self._over(lent).list(config, filter=filter, before=before, limit=limit))

        for one in await self._file.lend(found, reading=True):
            yield one

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:  # fmt: skip
        """Keep a checkpoint; raises `StaleLease` where the fence refuses it."""
        try:
            return await self._file.lend(
                lambda lent: self._over(lent).put(config, checkpoint, metadata, new_versions)
            )
        except sqlite3.IntegrityError as error:
            raise StaleLease(overtaken(error)) from error

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a task of the step after a checkpoint has written."""
        await self._file.lend(lambda lent: self._over(lent).put_writes(config, writes, task_id, task_path))

    def _over(self, lent: sqlite3.Connection) -> _Borrower:
        if lent not in self._borrowers:  # one that writes, one that reads
            self._borrowers[lent] = _Borrower(lent, serde=self.serde)
        return self._borrowers[lent]


@dataclass(frozen=True)
class SqliteCheckpoints:
    """Implements `Checkpoints`."""

    file: Lends
    one: FencedSaver

    @classmethod
    @asynccontextmanager
    async def open(cls, file: Lends) -> AsyncIterator["SqliteCheckpoints"]:
        """The checkpoints of a store's file, with their tables and the fence.

        Raises:
            NexusError: the file cannot be written.
        """
        try:
            await asyncio.to_thread(_set_up, file.path)
        except sqlite3.Error as error:
            raise unusable(file.path, error) from error
        yield cls(file, FencedSaver(file))

    def saver(self) -> FencedSaver:
        """The same for all turns."""
        return self.one

    async def prune(self, incident: str, number: int) -> None:
        """Delete what can no longer matter."""
        await self._delete(_PRUNE, incident, number)

    async def drop(self, incident: str, number: int) -> None:
        """Delete the thread."""
        await self._delete(_DROP, incident, number)

    async def _delete(self, statements: tuple[str, ...], incident: str, number: int) -> None:
        def delete(lent: sqlite3.Connection) -> None:
            for statement in statements:
                lent.execute(statement, {"thread": incident, "number": number})

        await self.file.lend(delete)


def _set_up(path: Path) -> None:
    with closing(connect(path, PATIENCE)) as connection:  # of its own: setting up ends transactions
        SqliteSaver(connection).setup()
        connection.executescript(FENCE)


def _statements(name: str) -> tuple[str, ...]:
    return tuple(files("nexus.runtime.checkpoints").joinpath(name).read_text(encoding="utf-8").split(";\n"))


(_HEAD,) = _statements("sqlite_head.sql")
_PRUNE = _statements("sqlite_prune.sql")
_DROP = _statements("sqlite_drop.sql")
