"""A request that is sent again under its key is answered as it was, and done once.

What is refused changed nothing and is not kept: the same key may be tried again. A process that dies between
the deed and its answer leaves no answer; the request then runs again, and what it asks is made so that the
same counts once (`nexus.service.requests`).
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakValueDictionary

from incidents.actor import Actor
from incidents.errors import UsageError
from incidents.value import Value
from nexus.store.port import IncidentStore
from nexus.store.records import KeptAnswer
from tools.clock import Clock

#: For so long a key is known at least.
KEPT_FOR = timedelta(days=7)


class KeyReused(UsageError):
    """A key came again with another request."""


@dataclass
class Idempotency:
    """Answers by who asked and their key; one process works on one key once at a time."""

    store: IncidentStore
    wall: Clock
    _in_hand: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def once(
        self, actor: Actor, key: str, request: str, do: Callable[[], Awaitable[Value]], status: int = 200
    ) -> KeptAnswer:
        """Do it, unless it was done under this key.

        Args:
            actor: who asks.
            key: theirs.
            request: whatever makes two requests the same.
            do: does it; what it raises is not kept.
            status: of its answer.

        Raises:
            KeyReused: the key was used for something else.
        """
        lock = self._in_hand.setdefault((actor.id, key), asyncio.Lock())
        async with lock:
            digest = hashlib.sha256(request.encode()).hexdigest()
            kept = await self.store.answer_of(actor.id, key)
            if kept is None:
                now = self.wall.now()
                answer = (await do()).model_dump_json()
                kept = KeptAnswer(request=digest, status=status, answer=answer, at=now)
                await self.store.keep_answer(actor.id, key, kept)
            if kept.request != digest:
                raise KeyReused("this Idempotency-Key was used for another request; take a new one for this")
            return kept
