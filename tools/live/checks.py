"""Every backend of a configuration asked one small real question each, all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

from incidents.catalogue import Catalogue
from incidents.errors import NexusError, ToolFailed
from incidents.value import Value
from tools.clock import Clock
from tools.live.actions import McpActions, adapter_of
from tools.live.changes import source_of
from tools.live.cluster.reviews import RightsReview
from tools.live.cluster.rights import specs
from tools.live.health import LiveHealth
from tools.live.logs import live_logs
from tools.live.mcp import McpTools
from tools.live.metrics import live_metrics
from tools.live.screens import BrowserScreens
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.live.traces import live_traces
from tools.telemetry.data_gaps import collect_gaps

T = TypeVar("T")

#: A backend that has not answered by then is reported as silent, whatever its own limits are.
CHECK_TIMEOUT = timedelta(seconds=20)


class Checked(Value):
    """What one backend said of itself."""

    part: str
    answers: bool
    said: str
    seconds: float = 0.0


class _Checkable(Protocol):
    async def check(self) -> str: ...
    async def aclose(self) -> None: ...


async def check_backends(
    backends: Backends, catalogue: Catalogue, secrets: Secrets, clock: Clock
) -> tuple[Checked, ...]:
    """Ask each; what cannot be opened or does not answer is told in a sentence."""
    asked = [_timed(part, make, clock) for part, make in _makers(backends, catalogue, secrets, clock)]
    found, probes = await asyncio.gather(asyncio.gather(*asked), _health(backends, catalogue, secrets, clock))
    return (*found, *probes)


def _makers(
    backends: Backends, catalogue: Catalogue, secrets: Secrets, clock: Clock
) -> Iterator[tuple[str, Callable[[], _Checkable]]]:
    names = catalogue.names
    if (metrics := backends.metrics) is not None:
        yield f"metrics ({metrics.kind})", partial(live_metrics, metrics, names, secrets, clock)
    for number, log in enumerate(backends.logs, 1):
        yield f"logs {number} ({log.kind})", partial(live_logs, [log], names, secrets, clock)
    if (traces := backends.traces) is not None:
        yield f"traces ({traces.kind})", partial(live_traces, traces, names, secrets, clock)
    for number, change in enumerate(backends.changes, 1):
        yield f"changes {number} ({change.kind})", partial(source_of, change, secrets)
    for number, action in enumerate(backends.actions, 1):
        yield f"actions {number} ({action.kind})", partial(adapter_of, action, secrets, clock)
    for part, asked in specs(backends):
        yield f"{part}, rights", partial(RightsReview, asked, secrets)
    if (screens := backends.screens) is not None:
        yield f"screens ({screens.kind})", partial(BrowserScreens, screens, clock)
    for server in backends.mcp:
        yield f"mcp ({server.name})", partial(McpTools, server, secrets)
        for declared in server.actions:
            part = f"mcp ({server.name}), to {declared.action.replace('_', ' ')}"
            yield part, partial(McpActions, server, declared, secrets, clock)


async def _timed(part: str, make: Callable[[], _Checkable], clock: Clock) -> Checked:
    began = clock.now()
    found = await _checked(part, make)
    return found.model_copy(update={"seconds": max(0.0, (clock.now() - began).total_seconds())})


async def _checked(part: str, make: Callable[[], _Checkable]) -> Checked:
    try:
        adapter = make()
        try:
            return Checked(part=part, answers=True, said=await within(adapter.check()))
        finally:
            await adapter.aclose()
    except NexusError as error:
        return Checked(part=part, answers=False, said=str(error))


async def _health(
    backends: Backends, catalogue: Catalogue, secrets: Secrets, clock: Clock
) -> tuple[Checked, ...]:
    health = LiveHealth(backends.health, catalogue, secrets, clock)
    try:
        with collect_gaps() as gaps:
            probes = await health.probe()
    finally:
        await health.aclose()
    asked = (
        Checked(part=f"{probe.service} {probe.target}", answers=probe.healthy, said=probe.said)
        for probe in probes
    )
    return (*asked, *(Checked(part="health", answers=False, said=gap) for gap in gaps))


async def within(asked: Awaitable[T]) -> T:
    """An answer that comes in time.

    Raises:
        ToolFailed: it does not.
    """
    try:
        return await asyncio.wait_for(asked, CHECK_TIMEOUT.total_seconds())
    except TimeoutError:
        raise ToolFailed(f"no answer within {CHECK_TIMEOUT.total_seconds():g} s") from None
