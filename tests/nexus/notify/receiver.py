"""A server of this machine that takes what destinations send, and behaves as it is told each time."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar


@dataclass(frozen=True)
class Taken:
    """One request that came with its whole body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def key(self) -> str:
        """What a receiver of Standard Webhooks tells a repetition by."""
        return self.headers["webhook-id"]


@dataclass(frozen=True)
class Behaviour:
    """What the server does with a request whose body it has read.

    Attributes:
        status: what it answers; None: it closes the connection without a word.
        wait: seconds before it answers.
        hangs: it never answers.
    """

    status: int | None = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    wait: float = 0.0
    hangs: bool = False


TAKES, DROPS, HANGS = Behaviour(), Behaviour(status=None), Behaviour(hangs=True)


@dataclass
class Receiver:
    """Behaves as the next of `script`, and as `always` when that is used up."""

    script: list[Behaviour] = field(default_factory=list)
    always: Behaviour = TAKES
    taken: list[Taken] = field(default_factory=list)
    port: int = 0
    most_at_once: int = 0
    _open: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._open[asyncio.current_task()] = writer
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {
                name.lower(): value for name, _, value in (row.partition(": ") for row in head[1:] if row)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.taken.append(Taken(method, path, headers, body))
            self.most_at_once = max(self.most_at_once, len(self._open))
            await self._answer(self.script.pop(0) if self.script else self.always, writer)
        self._open.pop(asyncio.current_task(), None)
        writer.close()

    async def _answer(self, how: Behaviour, writer: asyncio.StreamWriter) -> None:
        if how.hangs:
            await asyncio.Event().wait()
        if how.wait:
            await asyncio.sleep(how.wait)
        if how.status is None:
            return
        rows = [f"HTTP/1.1 {how.status} X", f"content-length: {len(how.body)}", "connection: close"]
        rows += [f"{name}: {value}" for name, value in how.headers.items()]
        writer.write("\r\n".join([*rows, "", ""]).encode() + how.body)
        await writer.drain()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Receiver"]:
        """It listens for the length of a block; each time at the same port."""
        server = await asyncio.start_server(self.handle, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task, writer in tuple(self._open.items()):
                writer.transport.abort()
                if task is not None:
                    task.cancel()
            await asyncio.gather(*(task for task in self._open if task is not None), return_exceptions=True)


class Listens(Protocol):
    """A server of this machine."""

    def listening(self) -> AbstractAsyncContextManager[object]:
        """It takes what comes while the block lasts."""
        ...


Server = TypeVar("Server", bound=Listens)


@contextmanager
def beside(receiver: Server) -> Iterator[Server]:
    """It listens in a thread of its own, for tests whose Nexus is another process."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    ready = threading.Event()

    async def listen() -> None:
        async with receiver.listening():
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(listen(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
