"""What brings work to hands: rung at once, found by a look when another process wrote or time has come."""

import asyncio
from datetime import datetime
from typing import Any

from incidents.errors import NexusError
from nexus.runtime.lease_keeper import HeldLease
from nexus.runtime.queue import EmbeddedQueue
from tests.nexus.runtime.hands import SITE, Hands, until
from tests.nexus.sample import ID, at


async def waits(lease: HeldLease) -> datetime | None:
    return at(10)


async def test_a_bell_is_heard_before_the_next_look() -> None:
    hands = Hands(waits, look_every=3600.0)
    async with hands.running():
        await hands.open(1)
        hands.worker.ring(ID)
        await until(lambda: len(hands.opened) == 1 and not hands.worker.keeper.held)
        other = await hands.open(2)
        hands.worker.ring(other.id)
        await until(lambda: len(hands.opened) == 2)
    assert await hands.due() == [], "both wait now"


async def test_what_another_process_wrote_is_found_by_one_look_for_all() -> None:
    hands = Hands(waits)
    async with hands.running():
        await hands.open()  # nobody rings
        await until(lambda: len(hands.opened) == 1)
    assert await hands.due() == []


async def test_rows_are_read_only_if_something_was_written() -> None:
    hands = Hands(waits)
    asked = looks = 0

    class Counting:
        """The store; it counts how often rows are read."""

        def __getattr__(self, name: str) -> Any:
            return getattr(hands.store, name)

        async def changed(self) -> int:
            nonlocal asked
            asked += 1
            return await hands.store.changed()

        async def due(self, *given: Any) -> Any:
            nonlocal looks
            looks += 1
            return await hands.store.due(*given)

    stop = asyncio.Event()
    running = asyncio.create_task(
        EmbeddedQueue(Counting(), SITE, 4, look_every=0.001).run(hands.worker.drive, stop)
    )
    await until(lambda: asked > 20)
    stop.set()
    await running
    assert looks == 1


async def test_only_what_was_named_is_handed_out() -> None:
    hands = Hands(waits)
    await hands.open(1)
    other = await hands.open(2)
    hands.queue.only = frozenset({other.id})
    async with hands.running():
        await until(lambda: len(hands.opened) == 1 and not hands.worker.keeper.held)
        hands.worker.ring(ID)
    assert await hands.due() == [ID]


async def test_a_store_that_cannot_be_read_for_a_while_ends_nothing() -> None:
    hands = Hands(waits)
    await hands.open()
    failed = 0

    class Locked:
        """The store behind a lock that somebody else holds for three looks."""

        def __getattr__(self, name: str) -> Any:
            return getattr(hands.store, name)

        async def changed(self) -> int:
            nonlocal failed
            if failed < 3:
                failed += 1
                raise NexusError("another process holds it")
            return await hands.store.changed()

    stop = asyncio.Event()
    running = asyncio.create_task(
        EmbeddedQueue(Locked(), SITE, 4, now=hands.now, look_every=0.001).run(hands.worker.drive, stop)
    )
    await until(lambda: len(hands.opened) == 1)
    stop.set()
    await running
    assert failed == 3
