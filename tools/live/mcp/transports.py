"""The two ways to an MCP server, each bounded in what it takes in: a program's pipes, and streamable HTTP.

The protocol's own client reads whatever it is sent to the end, and swallows what goes wrong meanwhile.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import anyio
import httpx2
from pydantic import ValidationError

from tools.live.http import LARGEST
from tools.live.link_local import guarded

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import ReadStream, WriteStream
    from mcp.shared.message import SessionMessage

#: Seconds that a program gets to end by itself once its input is closed.
EXIT_GRACE = 2.0


class Wire(NamedTuple):
    """What the protocol's client reads from and writes to."""

    read: "ReadStream[SessionMessage | Exception]"
    write: "WriteStream[SessionMessage]"


@dataclass
class Meter:
    """Counts what a server sends; `full` is called when it is more than any answer needs."""

    full: Callable[[], None]
    left: int = LARGEST

    def count(self, size: int) -> None:
        """Some more bytes came."""
        self.left -= size
        if self.left < 0:
            self.full()


@asynccontextmanager
async def program(argv: Sequence[str], environment: Mapping[str, str], meter: Meter) -> AsyncIterator[Wire]:
    """A program that speaks over its pipes; it is ended, with its children, when the block is left.

    What it complains of on stderr may hold its secrets: it is nobody's to read here.
    """
    from mcp.client.stdio import get_default_environment  # noqa: PLC0415 - the extra is there: see `converse`

    process = await asyncio.create_subprocess_exec(
        *argv,
        env={**get_default_environment(), **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LARGEST,
        start_new_session=True,
    )
    heard, read = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
    write, told = anyio.create_memory_object_stream["SessionMessage"](0)
    tasks = [asyncio.create_task(_hear(process, heard, meter)), asyncio.create_task(_tell(process, told))]
    try:
        yield Wire(read, write)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in (heard, read, write, told):
            stream.close()
        await asyncio.shield(_end(process))


async def _hear(
    process: asyncio.subprocess.Process,
    heard: "MemoryObjectSendStream[SessionMessage | Exception]",
    meter: Meter,
) -> None:
    """Hand on each message; a line that is none is not, and when the program has ended nothing comes."""
    from mcp.shared.message import SessionMessage  # noqa: PLC0415 - the extra is there: see `converse`
    from mcp.types import jsonrpc_message_adapter  # noqa: PLC0415

    assert process.stdout is not None  # noqa: S101 - asked for above
    with heard, suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit
                return meter.full()
            if not line:
                return None
            meter.count(len(line))
            with suppress(ValidationError):
                await heard.send(SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False)))


async def _tell(
    process: asyncio.subprocess.Process, told: "MemoryObjectReceiveStream[SessionMessage]"
) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for above
    with suppress(OSError):  # it has ended; who waits for its answer is told by the other pipe
        async for message in told:
            line = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(line.encode() + b"\n")
            await process.stdin.drain()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its input, wait a little, then kill what is left of its group."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), EXIT_GRACE)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


@asynccontextmanager
async def address(url: str, headers: Mapping[str, str], seconds: float, meter: Meter) -> AsyncIterator[Wire]:
    """An address that speaks streamable HTTP; each request of it may take so many seconds."""
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    class Metered(httpx2.AsyncByteStream):
        """A body that is counted while it is read."""

        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in self._stream:
                meter.count(len(part))
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def count(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            meter.full()  # it was asked not to: nobody knows how large that becomes
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = Metered(response.stream)

    async with (
        httpx2.AsyncClient(
            headers={"Accept-Encoding": "identity", **headers},
            # The goodbye is a request of its own, which a server that hangs does not answer either.
            timeout=httpx2.Timeout(seconds),
            verify=url.startswith("https:"),  # nothing to verify else; reading certificates takes its time
            event_hooks={"response": [count], **guarded()},
        ) as client,
        streamable_http_client(url, http_client=client) as (read, write),
    ):
        yield Wire(read, write)
