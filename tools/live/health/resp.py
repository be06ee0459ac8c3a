"""Asking a Redis server: its protocol (RESP 2) over one connection, with limits on time, size and depth."""

import asyncio
import ssl
from types import TracebackType
from typing import Self

from incidents.errors import ToolFailed
from tools.live.link_local import is_link_local

#: What a server may answer in all to one connection, in bytes.
LARGEST = 1_000_000
#: A list of lists of texts is the deepest that is asked for.
_DEEPEST = 4
_STRANGE = "what answers there is no Redis"

Reply = str | int | None | list["Reply"]


class ServerError(Exception):
    """The server said no; the first word is its kind: NOAUTH, WRONGPASS, NOPERM, LOADING, ERR."""


class Resp:
    """One connection, for the length of a block.

    Args:
        host: the server's name or address.
        port: its port.
        trust: the certificates that are trusted; None: without TLS.

    Raises:
        OSError: it cannot be reached.
        ToolFailed: what answers there is no Redis, says too much, or has a link-local address.
    """

    def __init__(self, host: str, port: int, trust: ssl.SSLContext | None) -> None:
        self._host = host
        self._port = port
        self._trust = trust
        self._left = LARGEST

    async def __aenter__(self) -> Self:
        name = self._host if self._trust is not None else None
        self._reader, self._writer = await asyncio.open_connection(
            self._host, self._port, ssl=self._trust, server_hostname=name, limit=LARGEST
        )
        address = (self._writer.get_extra_info("peername") or ("",))[0]
        if is_link_local(address):
            self._writer.close()
            raise ToolFailed(f"{address} is a link-local address: nothing is asked there; name another host")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def ask(self, *words: str) -> Reply:
        """What the server answers to a command.

        Raises:
            ServerError: it said no.
            ConnectionError: it hung up.
        """
        given = [word.encode() for word in words]
        parts = [b"*%d\r\n" % len(given), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in given)]
        self._writer.write(b"".join(parts))
        await self._writer.drain()
        return await self._reply(0)

    async def _reply(self, depth: int) -> Reply:
        try:
            line = (await self._reader.readuntil(b"\r\n"))[:-2]
        except asyncio.IncompleteReadError:
            raise ConnectionResetError from None
        except asyncio.LimitOverrunError:
            raise ToolFailed(_STRANGE) from None
        self._take(len(line))
        kind, said = line[:1], line[1:].decode("utf-8", errors="replace")
        match kind:
            case b"+":
                return said
            case b"-":
                raise ServerError(said)
            case b":":
                return _number(said)
            case b"$":
                return await self._text(_number(said))
            case b"*" if depth < _DEEPEST:
                return [await self._reply(depth + 1) for _ in range(_number(said))]
            case _:
                raise ToolFailed(_STRANGE)

    async def _text(self, size: int) -> str | None:
        if size < 0:
            return None
        self._take(size)
        try:
            body = await self._reader.readexactly(size + 2)
        except asyncio.IncompleteReadError:
            raise ConnectionResetError from None
        return body[:-2].decode("utf-8", errors="replace")

    def _take(self, size: int) -> None:
        """Count what was read, or is about to be."""
        self._left -= size + 2
        if self._left < 0:
            raise ToolFailed(f"it answers more than {LARGEST // 1_000_000} MB")


def _number(said: str) -> int:
    try:
        return int(said)
    except ValueError:
        raise ToolFailed(_STRANGE) from None
