"""A stream read to its end: chat's chunks or a response's events, whatever was asked for."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from agents.llm.wire.events import Event, events_of
from agents.llm.wire.faults import Came, CutStream, NotAnAnswer, SilentStream
from agents.llm.wire.pieces import Pieces, chunk_of
from agents.llm.wire.response_events import ResponseEvents
from agents.llm.wire.server_error import is_error

#: Seconds for what may come behind a stream's finish: figures, and the end.
_AFTER_FINISH = 3.0
_DONE = "[DONE]"


@dataclass
class _Read:
    """What has come so far."""

    pieces: Pieces = field(default_factory=Pieces)
    response: ResponseEvents = field(default_factory=ResponseEvents)
    odd: str = ""
    done: bool = False

    def take(self, event: Event) -> Mapping[str, Any] | None:
        """Take one event; the error, if it is one."""
        if event.data.strip() == _DONE:
            self.done = True
            return None
        if self.response.take(event.name, event.data):
            self.done = self.response.ended
            return None
        chunk = chunk_of(event.data)
        if event.name == "error" or (chunk is not None and is_error(chunk)):
            return chunk if chunk is not None and is_error(chunk) else {"error": chunk or event.data}
        if chunk is None:
            self.odd = self.odd or event.data
        else:
            self.pieces.add(chunk)
        return self.pieces.error

    @property
    def came(self) -> Came:
        """What came so far."""
        if self.response.seen:
            return self.response.came
        return self.pieces.came

    def whole(self) -> Mapping[str, Any]:
        """The answer.

        Raises:
            CutStream: it is not finished.
            NotAnAnswer: nothing in it was a piece of one.
        """
        if self.response.seen:
            if self.done:
                return self.response.whole()
        elif self.done or self.pieces.finish:
            return self.pieces.completion()
        elif self.odd and not self.pieces.seen:
            raise NotAnAnswer(f"a stream of something else: {self.odd[:120]}")
        raise CutStream("no finish", self.came)


async def streamed(chunks: AsyncIterator[bytes], patience: float | None) -> tuple[Mapping[str, Any], Came]:
    """The answer that a stream makes, or the error that it ends with; and what came before the error.

    Args:
        chunks: the body as it comes.
        patience: seconds within which the next event has to come; comments are none.

    Raises:
        ReadTimeout: no event came in time.
        CutStream: it ended before the answer was finished.
        NotAnAnswer: nothing in it was a chunk.
    """
    read = _Read()
    async for event in _until_the_end(events_of(chunks), read, patience):
        if (error := read.take(event)) is not None:
            return error, read.came
        if read.done:
            break
    return read.whole(), Came()


async def _until_the_end(
    events: AsyncIterator[Event], read: _Read, patience: float | None
) -> AsyncIterator[Event]:
    """The events; behind the finish come only figures, so that nothing there is waited for or missed long."""
    while True:
        try:
            async with asyncio.timeout(_AFTER_FINISH if read.pieces.finish else patience):
                event = await anext(events)
        except StopAsyncIteration:
            return
        except (TimeoutError, httpx2.TransportError) as broken:
            if read.pieces.finish:
                return
            if isinstance(broken, TimeoutError | httpx2.TimeoutException):
                raise SilentStream("no event in time", read.came) from None
            raise CutStream("the connection broke", read.came) from broken
        yield event
