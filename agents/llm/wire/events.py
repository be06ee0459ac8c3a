"""Server-sent events as servers really write them."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

_LINES = re.compile(rb"\r\n|\n|\r")


class Event(NamedTuple):
    """One event: its name, mostly empty, and its data."""

    name: str
    data: str


class Decoder:
    """Puts events together from bytes. Comments count for nothing, a line of bare JSON is data.

    Lines end at CR and LF only: JSON may hold the other separators that `str.splitlines` knows.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that these bytes complete."""
        whole = self._rest + data
        held = b"\r" if whole.endswith(b"\r") else b""
        *lines, self._rest = _LINES.split(whole.removesuffix(held) if held else whole)
        self._rest += held
        for line in lines:
            yield from self._line(line.decode("utf-8", "replace"))

    def end(self) -> Iterator[Event]:
        """What was begun when the stream ended."""
        rest, self._rest = self._rest, b""
        yield from self._line(rest.decode("utf-8", "replace").rstrip("\r"))
        yield from self._line("")

    def _line(self, line: str) -> Iterator[Event]:
        if not line:
            if self._data:
                yield Event(self._name, "\n".join(self._data))
            self._name, self._data = "", []
            return
        if line.startswith("{"):
            yield Event("", line)
            return
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "error":  # llama.cpp's server before 2025
            yield Event("error", value)


async def events_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """The events of a body as it comes in."""
    decoder = Decoder()
    async for chunk in chunks:
        for event in decoder.feed(chunk):
            yield event
    for event in decoder.end():
        yield event
