"""How many incidents one process drives at once, and when another may begin.

What waits for a model or a backend leaves the process free, so many can do so at once; what computes holds up
everything else, the answers to senders, too. So another turn begins only while the process keeps up. And what
is not a P0 begins nothing while a P0 is new in a hand.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import structlog

log = structlog.get_logger(__name__)

#: Another turn begins while the loop is less late than this, in seconds; one always may.
KEEPS_UP = 0.1
#: And so long after the one before it at least, in seconds: till then it shows whether that one computes.
SHOWS = 0.1
#: So long a P0 that has come into a hand has the process for itself at most: till its first finding.
PRECEDENCE = 10.0


class Handler(Protocol):
    """What drives an incident to its next wait; `first`: it goes before all others, as a P0 does."""

    def __call__(self, incident: str, *, first: bool) -> Awaitable[None]:
        """Drive it."""
        ...


class _Turn(NamedTuple):
    """A turn that goes on, since when."""

    task: asyncio.Task[None]
    first: bool
    began: float


@dataclass
class Turns:
    """The turns that go on in this process.

    Args:
        at_once: how many at the same time; one of the hands takes nothing but P0.
        lag: how late the process comes to what it should do, in seconds.
        seconds: a clock that only goes forward.
    """

    at_once: int
    lag: Callable[[], float] = lambda: 0.0
    seconds: Callable[[], float] = time.monotonic
    _running: dict[str, _Turn] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many go on."""
        return len(self._running)

    def __contains__(self, incident: object) -> bool:
        """Whether an incident is in a hand here."""
        return incident in self._running

    def may_begin(self, *, first: bool) -> bool:
        """Whether there is a hand for another one now."""
        if len(self._running) >= self.at_once:
            return False
        if first or self.at_once == 1:
            return True
        now, turns = self.seconds(), self._running.values()
        others = [turn.began for turn in turns if not turn.first]
        if any(turn.first and now - turn.began < PRECEDENCE for turn in turns):
            return False
        if others and (self.lag() > KEEPS_UP or now - max(others) < SHOWS):
            return False
        return len(others) < self.at_once - 1

    def begin(
        self, handler: Handler, incident: str, *, first: bool, ended: Callable[[], None]
    ) -> asyncio.Task[None]:
        """Put an incident into a hand; `ended` is called after a turn in order."""
        task = asyncio.create_task(self._handled(handler, incident, first, ended))
        self._running[incident] = _Turn(task, first, self.seconds())
        return task

    async def _handled(self, handler: Handler, incident: str, first: bool, ended: Callable[[], None]) -> None:
        try:
            await handler(incident, first=first)
        except Exception:  # a job's edge: the incident is still due and is handed out at the next look
            log.exception("a handler broke off", incident=incident)
        else:
            ended()
        finally:
            del self._running[incident]
