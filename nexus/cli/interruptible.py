"""What goes on until Ctrl-C."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def until_interrupted(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, but Ctrl-C waits until the loop has done the step that it is in.

    The handler of `asyncio.run` (CPython 3.11) cancels in the middle of a step: a future that is just given
    the result of its thread is cancelled before it has it, and an InvalidStateError is printed.

    Raises:
        KeyboardInterrupt: Ctrl-C came; the work was cancelled.
    """

    async def watched() -> T:
        working = asyncio.create_task(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, working.cancel)
        return await working

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
