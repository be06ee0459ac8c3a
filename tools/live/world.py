"""A live world: the ports wired to the backends that `nexus.yaml` names."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from incidents.catalogue import Catalogue
from incidents.findings import Window
from tools.clock import Clock
from tools.live.absent import Absent
from tools.live.health import LiveHealth
from tools.live.secrets import Secrets
from tools.live.spec import Backends
from tools.ports import World


@asynccontextmanager
async def live_world(
    backends: Backends, catalogue: Catalogue, quiet: Window, secrets: Secrets, clock: Clock
) -> AsyncIterator[World]:
    """The world that the backends show; connections are closed afterwards.

    Args:
        backends: what is configured; what is not answers with the gap.
        catalogue: the services; rows of others are left out.
        quiet: when things were as usual.
        secrets: resolves the references in `backends`.
        clock: when something was asked.
    """
    async with AsyncExitStack() as stack:
        health = LiveHealth(backends.health, catalogue, secrets, clock)
        stack.push_async_callback(health.aclose)
        yield World(
            catalogue=catalogue,
            metrics=Absent("metrics"),
            logs=Absent("logs"),
            traces=Absent("traces"),
            changes=Absent("changes"),
            actions=Absent("actions"),
            health=health,
            quiet=quiet,
        )
