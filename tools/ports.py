"""The ports: small protocols that a world answers. Adapters for backends and recordings stand behind them.

Frames have the columns of the recording format (docs/recording-format.md): an adapter returns every column,
rows ordered by time, and no row where there is no data. A backend that does not answer raises `ToolFailed`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from incidents.action import Action, Outcome, Plan
from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.findings import Evidence, Window
from incidents.health import Probe


class Metrics(Protocol):
    """Time series: time, service, instance, metric, peer, value, unit."""

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The samples of a window, of all services or of those named."""
        ...


class Logs(Protocol):
    """Log lines: time, service, instance, level, message, trace_id, span_id."""

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The lines of a window, of all services or of those named."""
        ...


class Traces(Protocol):
    """Spans: time (start), duration_us, trace_id, span_id, parent_id, service, operation, status."""

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The spans that start in a window, of all services or of those named."""
        ...


class Changes(Protocol):
    """Deploys, configuration, flags, scaling, infrastructure."""

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The changes of a window, oldest first."""
        ...


class Health(Protocol):
    """Parts of the system that can be asked directly, without changing anything."""

    async def probe(self, services: Sequence[str] = ()) -> tuple[Probe, ...]:
        """Ask every part of the services named, or of all; unhealthy ones first.

        A part that does not answer is an unhealthy one; one that could not be asked is a gap (`tools.gaps`).
        """
        ...


class Actions(Protocol):
    """What can change the world. Only the execute node of the graph calls `execute`."""

    async def plan(self, action: Action) -> Plan:
        """A dry run: the observed state, the effects, the undo. Changes nothing.

        Raises:
            ActionRefused: the target or an argument is not in the inventory.
            ToolFailed: the target does not answer.
        """
        ...

    async def execute(self, action: Action, key: str) -> Outcome:
        """Do it, once per key: a second call with the same key changes nothing and repeats the outcome."""
        ...

    async def status(self, key: str) -> Outcome | None:
        """What became of that key, or None if it was never begun."""
        ...


@dataclass(frozen=True)
class World:
    """The ports of one world, wired together, with the time span that counts as quiet.

    `quiet` is a window of normal operation inside the same sources, if one is known. `baseline` answers for
    a quiet time that is kept apart (another folder, another day), if there is one. Recorded worlds have no
    `health`: what was not asked then cannot be asked now.
    """

    catalogue: Catalogue
    metrics: Metrics
    logs: Logs
    traces: Traces
    changes: Changes
    actions: Actions
    health: Health | None = None
    quiet: Window | None = None
    baseline: "World | None" = None


class EvidenceStore(Protocol):
    """Where tool results are kept, each once."""

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a result; the same id again changes nothing."""
        ...

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        ...

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        ...
