"""A live world: the ports wired to the backends that `nexus.yaml` names."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from incidents.catalogue import Catalogue
from incidents.findings import Window
from tools.clock import Clock
from tools.live.actions import live_actions
from tools.live.actions.action_log import ActionRecords
from tools.live.changes import Source, live_changes
from tools.live.code.wiring import live_code, live_patches
from tools.live.health import LiveHealth
from tools.live.logs import live_logs
from tools.live.metrics import live_metrics
from tools.live.screens import BrowserScreens
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.live.traces import live_traces
from tools.live.unconfigured import Unconfigured
from tools.ports import Actions, AlertRules, Changes, Inventories, Logs, Metrics, Pipelines, Traces, World
from tools.spans import Spans


@asynccontextmanager
async def live_world(
    backends: Backends,
    catalogue: Catalogue,
    quiet: Window,
    spans: Spans,
    secrets: Secrets,
    clock: Clock,
    ledger: Path,
    sent: Source | None = None,
    records: ActionRecords | None = None,
) -> AsyncIterator[World]:
    """The world that the backends show; connections are closed afterwards.

    Args:
        backends: what is configured; what is not answers with the gap.
        catalogue: the services; rows of others are left out.
        quiet: when things were as usual.
        spans: how the world is looked at.
        secrets: resolves the references in `backends`.
        clock: the wall's.
        ledger: a file that lasts as long as the store: which changes were begun, and what became of them.
        sent: what senders told of changes by themselves.
        records: where the ledger is kept instead, where several machines share a store.
    """
    async with AsyncExitStack() as stack:
        names = catalogue.names
        metrics: Metrics = Unconfigured("metrics")
        logs: Logs = Unconfigured("logs")
        traces: Traces = Unconfigured("traces")
        if backends.metrics is not None:
            metrics = _opened(stack, live_metrics(backends.metrics, names, secrets, clock))
        if backends.logs:
            logs = _opened(stack, live_logs(backends.logs, names, secrets, clock))
        if backends.traces is not None:
            traces = _opened(stack, live_traces(backends.traces, names, secrets, clock))
        changes: Changes = Unconfigured("changes")
        pipelines: Pipelines | None = None
        if backends.changes or sent is not None:
            changes = merged = _opened(stack, live_changes(backends.changes, catalogue, secrets, sent))
            pipelines = merged if merged.has_pipelines else None
        actions: Actions = Unconfigured("actions")
        inventory: Inventories | None = None
        if backends.acts:
            wired = live_actions(backends.actions, catalogue, secrets, clock, ledger, backends.mcp, records)
            actions = inventory = _opened(stack, wired)
        yield World(
            catalogue=catalogue, metrics=metrics, logs=logs, traces=traces, changes=changes, actions=actions,
            health=_opened(stack, LiveHealth(backends.health, catalogue, secrets, clock)),
            quiet=quiet,
            pipelines=pipelines,
            spans=spans,
            screens=BrowserScreens(backends.screens, clock) if backends.screens else None,
            code=live_code(backends.actions),
            patches=live_patches(backends.actions),
            rules=metrics if isinstance(metrics, AlertRules) else None,
            inventory=inventory,
            lacks=_lacking(metrics=metrics, logs=logs, traces=traces, changes=changes, actions=actions),
        )  # fmt: skip


def _lacking(**ports: object) -> frozenset[str]:
    """The parts that nobody configured."""
    return frozenset(part for part, port in ports.items() if isinstance(port, Unconfigured))


class _Closes(Protocol):
    async def aclose(self) -> None: ...


C = TypeVar("C", bound=_Closes)


def _opened(stack: AsyncExitStack, port: C) -> C:
    """The port; it lets go of its connections when the world is left."""
    stack.push_async_callback(port.aclose)
    return port
