"""Checks of hashes, one after the other: each takes a core and much memory, and a flood is turned away."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.exceptions import HTTPException

T = TypeVar("T")

#: As many may wait for their check; a hash takes some 50 ms of one core each.
MOST_WAITING = 16


@dataclass
class Gate:
    """Lets one check through at a time, beside the event loop."""

    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def check(self, work: Callable[[], T]) -> T:
        """What a check brings.

        Raises:
            HTTPException: 429 if too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise HTTPException(429, "too much is being checked; try again", {"Retry-After": "1"})
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
