"""What an answer is made of leaves at once, whole and in order."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from nexus.server.corked import MOST, corked


class Wire(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def test_a_head_and_its_body_are_one_write() -> None:
    wire = Wire()
    transport = corked(wire, asyncio.get_running_loop())
    transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
    transport.write(b"{}")
    transport.write(b"")
    assert wire.written == []
    await asyncio.sleep(0)
    assert wire.written == [b"HTTP/1.1 200 OK\r\n\r\n{}"]
    await asyncio.sleep(0)
    assert len(wire.written) == 1


async def test_what_waits_is_written_before_it_closes() -> None:
    wire = Wire()
    transport = corked(wire, asyncio.get_running_loop())
    transport.write(b"bye")
    transport.close()
    assert (wire.written, wire.closed, transport.is_closing()) == ([b"bye"], True, True)
    await asyncio.sleep(0)
    assert wire.written == [b"bye"]


async def test_a_long_answer_is_not_gathered() -> None:
    wire = Wire()
    transport = corked(wire, asyncio.get_running_loop())
    for _ in range(5):
        transport.write(bytes(MOST // 2))
    assert len(wire.written) == 1
    await asyncio.sleep(0)
    assert sum(map(len, wire.written)) == 5 * (MOST // 2)


@given(st.lists(st.one_of(st.binary(max_size=4), st.just(bytes(MOST)), st.none()), max_size=12))
def test_nothing_is_lost_or_changes_its_place(writes: list[bytes | None]) -> None:
    async def all_written() -> bytes:
        wire = Wire()
        transport = corked(wire, asyncio.get_running_loop())
        for data in writes:  # None: the step ends
            await asyncio.sleep(0) if data is None else transport.write(data)
        transport.close()
        return b"".join(wire.written)

    assert asyncio.run(all_written()) == b"".join(data for data in writes if data is not None)
