"""Ctrl-C ends what goes on for ever, between two steps of its loop."""

import asyncio
import signal

import pytest

from nexus.cli.interruptible import until_interrupted


def test_a_step_that_ctrl_c_meets_is_done_before_the_work_is_cancelled() -> None:
    """What is given its result when Ctrl-C comes gets it; cancelled at once, it would be refused."""
    told: list[str] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        waits = loop.create_future()

        def give() -> None:
            signal.raise_signal(signal.SIGINT)
            waits.set_result("the result")

        loop.call_soon(give)
        try:
            told.append(await waits)
            await asyncio.Event().wait()
        finally:
            told.append("ended")

    with pytest.raises(KeyboardInterrupt):
        until_interrupted(work())
    assert told == ["the result", "ended"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_ends_by_itself_returns_what_it_found() -> None:
    async def work() -> int:
        return 3

    assert until_interrupted(work()) == 3
