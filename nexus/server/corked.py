"""What is written to a connection in one step of the event loop leaves as one packet."""

import asyncio
from typing import Any, cast

#: What is more than this leaves at once, so that a long answer is not gathered first.
MOST = 65_536


def corked(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> asyncio.Transport:
    """The same transport, written to once in a step of its loop."""
    return cast("asyncio.Transport", _Corked(transport, loop))


class _Corked:
    """A transport whose writes wait for the end of the step: the head of an answer for its body.

    uvicorn writes each by itself, and each write is a call of the kernel that wakes who reads. Everything but
    writing and closing goes straight to the connection's own transport.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write it at the end of this step."""
        if data and not self._held:
            self._loop.call_soon(self._let_go)
        self._held += data
        if len(self._held) > MOST:
            self._let_go()

    def close(self) -> None:
        """Write what waits, and close."""
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        if self._held:
            held, self._held = self._held, bytearray()
            self._transport.write(bytes(held))
