"""A provider on a free port of this machine: it answers as its documents say, or as badly as a test wants."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

_RESET = struct.pack("ii", 1, 0)


class How(Enum):
    """What happens once a request was read to its end."""

    ANSWERS = auto()
    HANGS = auto()
    CLOSES = auto()
    RESETS = auto()
    HANGS_IN_THE_BODY = auto()
    BREAKS_OFF_IN_THE_BODY = auto()
    DRIPS = auto()
    TALKS_NONSENSE = auto()


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    how: How = How.ANSWERS

    @property
    def raw(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        read = json.loads(self.body)
        assert isinstance(read, dict)
        return read


Behaviour = Callable[[Asked], Reply]


@dataclass
class Provider:
    """`behaves` by its documents; `says`, while set, is answered to everything instead."""

    behaves: Behaviour
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    says: Reply | Behaviour | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _reply(self, asked: Asked) -> Reply:
        says = self.says if self.says is not None else self.behaves
        return says if isinstance(says, Reply) else says(asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = await _read(reader)
                self.asked.append(asked)
                await _answer(self._reply(asked), writer)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    start = await reader.readexactly(1)
    if start == b"\x16":  # somebody wants TLS
        raise ConnectionError
    head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ", 2)
    return Asked(method, path, headers, body)


async def _answer(reply: Reply, writer: asyncio.StreamWriter) -> None:
    raw = reply.raw
    length = len(raw) + (1_000 if reply.how in _UNFINISHED else 0)
    head = [f"HTTP/1.1 {reply.status} said", f"content-length: {length}", "connection: close"]
    head += [f"{name}: {value}" for name, value in reply.headers.items()]
    match reply.how:
        case How.HANGS:
            await asyncio.Event().wait()
        case How.CLOSES:
            return
        case How.RESETS:
            opened: socket.socket = writer.get_extra_info("socket")
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
            return
        case How.TALKS_NONSENSE:
            writer.write(b"SSH-2.0-somebody else\r\n\r\n")
            return
    writer.write("\r\n".join([*head, "", ""]).encode() + raw)
    await writer.drain()
    if reply.how is How.HANGS_IN_THE_BODY:
        await asyncio.Event().wait()
    while reply.how is How.DRIPS:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


_UNFINISHED = frozenset({How.HANGS_IN_THE_BODY, How.BREAKS_OFF_IN_THE_BODY, How.DRIPS})


@asynccontextmanager
async def provider(behaves: Behaviour) -> AsyncIterator[Provider]:
    """One, while the block lasts."""
    one, talks = Provider(behaves), set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(one.serve(reader, writer))
        talks.add(talk)
        talk.add_done_callback(talks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        for talk in tuple(talks):
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
