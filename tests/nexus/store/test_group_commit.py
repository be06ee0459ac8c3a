"""What is committed together: short transactions in which each loop has its turn."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nexus.store.relational.group_commit import LONGEST, GroupCommit, Work, run_all
from nexus.store.relational.transactions import Run
from tests.patience import PATIENCE


class Clock:
    """Each work takes a third of what a transaction may."""

    now = 0.0

    def seconds(self) -> float:
        return self.now

    def work(self, run: Run) -> float:
        self.now += LONGEST / 3
        return self.now


async def test_a_transaction_takes_in_no_more_after_a_while() -> None:
    clock = Clock()
    together = [Work(clock.work, asyncio.get_running_loop().create_future()) for _ in range(7)]
    done = run_all(together, _nothing, lambda statement: None, lambda error: True, clock.seconds)
    assert done in {3, 4}  # what thirds add up to
    assert [one.result is not None for one in together] == [True] * done + [False] * (7 - done)


class Held:
    """Transactions of at most four works, of which the first waits until it is let go."""

    def __init__(self) -> None:
        self.done: list[list[object]] = []
        self.began, self.may_end = threading.Event(), threading.Event()

    def commit(self, together: Sequence[Work]) -> int:
        self.began.set()
        if not self.done and not self.may_end.wait(PATIENCE):
            raise AssertionError("nobody let it go")
        few = together[:4]
        for one in few:
            one.result = one.work(_nothing)
        self.done.append([one.result for one in few])
        return len(few)


async def test_who_asks_for_little_is_done_between_those_who_ask_for_much() -> None:
    held = Held()
    with ThreadPoolExecutor(max_workers=1) as threads:
        writes = GroupCommit(threads, held.commit)
        first = asyncio.create_task(writes.done(named("first")))
        await asyncio.to_thread(held.began.wait, PATIENCE)
        many = [asyncio.create_task(writes.done(named(f"door {n}"))) for n in range(8)]
        await asyncio.sleep(0)
        hands = threading.Thread(target=lambda: asyncio.run(two(writes, held.may_end)))
        hands.start()
        await asyncio.gather(first, *many)
        await asyncio.to_thread(hands.join)
    assert held.done[1] == ["door 0", "hand 0", "door 1", "hand 1"]
    everybody = ["first", "hand 0", "hand 1", *(f"door {n}" for n in range(8))]
    assert sorted(str(one) for group in held.done for one in group) == sorted(everybody)


async def test_what_breaks_a_transaction_is_told_to_all_of_it_and_the_next_goes_on() -> None:
    def commit(together: Sequence[Work]) -> int:
        if len(together) > 1:
            raise OSError("the disk is full")
        together[0].result = together[0].work(_nothing)
        return 1

    with ThreadPoolExecutor(max_workers=1) as threads:
        writes = GroupCommit(threads, commit)
        both = await asyncio.gather(writes.done(named("a")), writes.done(named("b")), return_exceptions=True)
        assert [str(error) for error in both] == ["the disk is full"] * 2
        assert await writes.done(named("c")) == "c"


async def two(writes: GroupCommit, then: threading.Event) -> None:
    """Two works of another loop, which wait before the first transaction may end."""
    mine = [asyncio.create_task(writes.done(named(f"hand {n}"))) for n in range(2)]
    await asyncio.sleep(0)
    then.set()
    await asyncio.gather(*mine)


def named(name: str) -> Callable[[Run], str]:
    return lambda run: name


def _nothing(query: str, **values: object) -> Any:
    pytest.fail("no statement is run")
