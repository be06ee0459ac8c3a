"""Ports of backends that nobody configured: the gap is said in the findings, nothing is invented."""

from collections.abc import Sequence

import polars as pl

from incidents.action import Action, Outcome, Plan
from incidents.changes import Change
from incidents.errors import ActionRefused, ToolFailed
from incidents.findings import Window
from tools.fence import Fence


class Unconfigured:
    """Metrics, logs, traces, changes and actions of a part that `nexus.yaml` does not name."""

    def __init__(self, part: str) -> None:
        self._why = f"nexus.yaml names no {part} backend (backends.{part})"

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """Never answers."""
        raise ToolFailed(self._why)

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """Never answers."""
        raise ToolFailed(self._why)

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """Never answers."""
        raise ToolFailed(self._why)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """Never answers."""
        raise ToolFailed(self._why)

    async def plan(self, action: Action) -> Plan:
        """Always refuses."""
        raise ActionRefused(f"{action.title} cannot be done: {self._why}")

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        """Always refuses."""
        raise ActionRefused(f"{action.title} cannot be done: {self._why}")

    async def status(self, key: str) -> Outcome | None:
        """Nobody can say: something was configured when it was begun."""
        raise ToolFailed(f"what became of {key} cannot be asked: {self._why}")
