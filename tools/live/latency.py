"""How long the backends of a live world were waited for."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import polars as pl

from incidents.changes import Change
from incidents.findings import Window
from incidents.value import Moment, Value
from tools.clock import Clock
from tools.ports import World

R = TypeVar("R")


class CallLatency(Value):
    """One question to a backend: from when, for how many seconds."""

    channel: str
    began: Moment
    seconds: float


OnCall = Callable[[CallLatency], None]


def waited_until(waits: Sequence[CallLatency], end: datetime) -> float:
    """Seconds before a moment in which at least one backend was waited for; questions at once count once."""
    total, reached = 0.0, float("-inf")
    spans = sorted((one.began.timestamp(), one.began.timestamp() + one.seconds) for one in waits)
    for start, stop in spans:
        start, stop = max(start, reached), min(stop, end.timestamp())
        if stop > start:
            total += stop - start
            reached = stop
    return total


def timed_world(world: World, clock: Clock, heard: OnCall) -> World:
    """The same world; every question to its telemetry and changes is timed."""
    ports = _Timed(world, clock, heard)
    return replace(world, metrics=ports, logs=ports, traces=ports, changes=ports)


@dataclass(frozen=True)
class _Timed:
    world: World
    clock: Clock
    heard: OnCall

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return await self._timed("metrics", self.world.metrics.metrics(window, services))

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return await self._timed("logs", self.world.logs.logs(window, services))

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return await self._timed("traces", self.world.traces.spans(window, services))

    async def changes(self, window: Window) -> tuple[Change, ...]:
        return await self._timed("changes", self.world.changes.changes(window))

    async def _timed(self, channel: str, asked: Awaitable[R]) -> R:
        began, start = self.clock.now(), time.perf_counter()
        try:
            return await asked
        finally:
            self.heard(CallLatency(channel=channel, began=began, seconds=time.perf_counter() - start))
