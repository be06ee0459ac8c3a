"""Hands in a thread of their own: they hold up nobody, begin and end in order, and say what keeps them."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from incidents.errors import SettingsError
from nexus.runtime.apart import apart
from nexus.runtime.lease_keeper import HeldLease
from nexus.runtime.worker import Worker
from tests.nexus.runtime.hands import Hands, until
from tests.nexus.sample import ID, at
from tests.patience import PATIENCE


@asynccontextmanager
async def working(hands: Hands) -> AsyncIterator[Worker]:
    async with hands.running():
        yield hands.worker


async def test_a_turn_that_computes_holds_up_nobody_who_asks() -> None:
    computes, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    async def turn(lease: HeldLease) -> datetime | None:
        computes.set()
        if may_end.wait(PATIENCE / 2):  # it holds its loop
            ended.set()
        return at(10)

    hands = Hands(turn)
    await hands.open()
    async with apart(lambda: working(hands)) as known:
        known.ring(ID)
        await until(computes.is_set)
        assert known.turns == 1
        assert not await known.turns_over(within=0.01)
        may_end.set()
        await until(lambda: known.turns == 0)
        assert await known.turns_over()
    assert ended.is_set()
    known.ring(ID)  # a ring that comes too late harms nobody


async def test_at_the_end_a_turn_is_drained_before_the_block_is_left() -> None:
    waits, let_go = threading.Event(), threading.Event()

    async def turn(lease: HeldLease) -> datetime | None:
        waits.set()
        try:
            await asyncio.Event().wait()
        finally:
            let_go.set()
        return None

    hands = Hands(turn)
    await hands.open()
    async with apart(lambda: working(hands)):
        await until(waits.is_set)
    assert let_go.is_set()
    assert await hands.due() == [ID]


async def test_what_keeps_hands_from_beginning_is_said() -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[Worker]:
        raise SettingsError("worker.at_once: must be one at least")
        yield

    with pytest.raises(SettingsError, match="at_once"):
        async with apart(broken):
            raise AssertionError("nothing works")


async def test_what_breaks_hands_at_their_end_is_said() -> None:
    hands = Hands(lambda lease: asyncio.sleep(0, at(10)))

    @asynccontextmanager
    async def ends_badly() -> AsyncIterator[Worker]:
        yield hands.worker
        raise SettingsError("the connections do not close")

    with pytest.raises(SettingsError, match="do not close"):
        async with apart(ends_badly):
            pass
