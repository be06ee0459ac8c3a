"""Questions of one moment, asked as one where they adjoin: a look wants its window and the time before it."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Generic, NamedTuple, TypeVar

from incidents.findings import Window
from tools.telemetry.data_gaps import collect_gaps, note_gap

#: Prometheus refuses more than 11,000 points per series; a longer window is asked for at wider steps.
MOST_POINTS = 10_000
#: Asking as one may cost this much more than asking apart, for the time between two windows.
_DEARER = 1.25

R = TypeVar("R")


class Grid(NamedTuple):
    """The moments that are asked for, in milliseconds: the same ones for every question, so answers agree."""

    first: int
    last: int
    step: int

    @property
    def points(self) -> int:
        """How many moments they are."""
        return (self.last - self.first) // self.step + 1

    @property
    def span(self) -> dict[str, str]:
        """It as `query_range` is asked for it, in seconds."""
        named = {"start": self.first, "end": self.last, "step": self.step}
        return {name: f"{milliseconds / 1000:.3f}" for name, milliseconds in named.items()}

    def holds(self, seconds: float) -> bool:
        """Whether a time lies on it or between."""
        return self.first <= round(seconds * 1000) <= self.last

    def joined(self, other: "Grid") -> "Grid | None":
        """One grid for both, if they are about as long as it and it is not too long."""
        both = Grid(min(self.first, other.first), max(self.last, other.last), self.step)
        near = both.points <= min(MOST_POINTS, _DEARER * (self.points + other.points))
        return both if near and self.step == other.step else None


def grid(window: Window, step: timedelta) -> Grid | None:
    """Multiples of the step within a window, its end excluded; a long window gets wider steps.

    Returns:
        None if no moment lies within.
    """
    begin = math.ceil(window.start.timestamp() * 1000)
    end = math.ceil(window.end.timestamp() * 1000)
    width = max(1, round(step.total_seconds() * 1000))
    width *= max(1, math.ceil((end - begin) / (width * MOST_POINTS)))
    first, last = -(-begin // width) * width, (end - 1) // width * width
    return Grid(first, last, width) if first <= last else None


class _Question(Generic[R]):
    """What is about to be asked, and how many wait for it."""

    task: asyncio.Task[tuple[R, list[str]]]

    def __init__(self, times: Grid, about: tuple[str, ...]) -> None:
        self.times = times
        self.about = about
        self.waiting = 0


class Joint(Generic[R]):
    """Asks once for all who ask the same in the same moment; each of them hears its gaps.

    Args:
        ask: the question over a grid, about some services (none: about all).
    """

    def __init__(self, ask: Callable[[Grid, tuple[str, ...]], Awaitable[R]]) -> None:
        self._ask = ask
        self._next: _Question[R] | None = None

    async def over(self, times: Grid, about: tuple[str, ...] = ()) -> R:
        """An answer over the grid, or over a longer one; raises what the question raises."""
        question = self._next
        same = question is not None and question.about == about
        joined = question.times.joined(times) if question is not None and same else None
        if question is None or joined is None:
            question = self._next = _Question(times, about)
            question.task = asyncio.create_task(self._asked(question))
        else:
            question.times = joined
        question.waiting += 1
        try:
            answer, gaps = await asyncio.shield(question.task)
        finally:
            question.waiting -= 1
            if not question.waiting:
                self._close(question)
                question.task.cancel()  # nobody waits any more; one that has ended is left as it is
        for gap in gaps:
            note_gap(gap)
        return answer

    async def _asked(self, question: _Question[R]) -> tuple[R, list[str]]:
        await asyncio.sleep(0)  # who asks in the same moment has done so now
        self._close(question)
        with collect_gaps() as gaps:
            return await self._ask(question.times, question.about), gaps

    def _close(self, question: _Question[R]) -> None:
        """Whoever asks from now on asks anew."""
        if self._next is question:
            self._next = None
