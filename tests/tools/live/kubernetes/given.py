"""The cases of the shared inputs, served by their own server, and the doors that users go through."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from demo.processes import free_port, wait_for
from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.changes import Change
from incidents.findings import Window
from tests.patience import PATIENCE
from tools.clock import Clock, WallClock
from tools.live.actions.action_log import ActionLog
from tools.live.actions.compose import LiveActions
from tools.live.actions.kubernetes import KubernetesAdapter
from tools.live.changes import MergedChanges, live_changes
from tools.live.secrets import Secrets
from tools.live.settings import Backends, KubernetesActions

GIVEN = Path(__file__).parents[5] / "shared" / "inputs" / "kubernetes"
needs_given = pytest.mark.skipif(
    not GIVEN.is_dir(), reason="../shared/inputs/kubernetes is not on this machine"
)
DAY = Window(start=datetime(2026, 11, 29, tzinfo=UTC), end=datetime(2026, 11, 30, tzinfo=UTC))
KEY = "INC-1:A1:abcdef012345"


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-29T{clock}Z")


def rollback(service: str, version: str) -> Action:
    return Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))


def scale(service: str, replicas: int) -> Action:
    return Action(kind=ActionKind.SCALE, service=service, arguments=Arguments(replicas=replicas))


def restart(service: str) -> Action:
    return Action(kind=ActionKind.RESTART, service=service)


@dataclass
class Doors:
    """The feed of changes and what can be changed, of one namespace."""

    feed: MergedChanges
    actions: LiveActions
    log: Path | None = None
    window: Window = field(default=DAY)

    async def changes(self, window: Window | None = None) -> dict[str, Change]:
        return {one.id: one for one in await self.feed.changes(window or self.window)}

    async def check(self) -> str:
        return await self.actions.adapters[0].check()

    def patches(self) -> list[Any]:
        """What the stand-in printed of each patch."""
        lines = self.log.read_text().splitlines() if self.log else []
        return [json.loads(line.split(" ", 2)[2]) for line in lines if line.startswith("PATCH")]


@asynccontextmanager
async def doors(
    url: str,
    tmp_path: Path,
    services: tuple[str, ...],
    *,
    token: str | None = None,
    steady: timedelta = timedelta(seconds=0.05),
    clock: Clock | None = None,
    **more: object,
) -> AsyncIterator[Doors]:
    auth = {"auth": {"bearer": "env:KUBE"}} if token else {}
    said = {"kind": "kubernetes", "url": url, "namespace": "shop", **auth}
    spec = KubernetesActions.model_validate(
        said | {"services": services, "patience": timedelta(seconds=0.3)} | more
    )
    catalogue = Catalogue(services=tuple(Service(name=name) for name in services))
    secrets = Secrets({"KUBE": token or ""})
    adapter = KubernetesAdapter(
        spec, secrets, clock or WallClock(), pause=timedelta(seconds=0.001), steady=steady
    )
    feed = live_changes(Backends.model_validate({"changes": [said]}).changes, catalogue, secrets)
    live = LiveActions([adapter], catalogue, ActionLog(tmp_path / "ledger"), WallClock())
    try:
        yield Doors(feed, live)
    finally:
        await live.aclose()
        await feed.aclose()


@asynccontextmanager
async def given(case: str, tmp_path: Path, service: str) -> AsyncIterator[Doors]:
    """The doors to a case as the shared server serves it."""
    log = tmp_path / "served.log"
    with _served(case, log) as url:
        async with doors(url, tmp_path, (service,)) as open_doors:
            open_doors.log = log
            yield open_doors


@contextmanager
def _served(case: str, log: Path) -> Iterator[str]:
    port = free_port()
    argv = [sys.executable, str(GIVEN / "serve.py"), str(port), case]
    with log.open("wb") as out, subprocess.Popen(argv, stdout=out) as server:  # noqa: S603 - it is given
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for("the shared server", lambda: _listens(url) or None, seconds=PATIENCE, pause=0.01)
            yield url
        finally:
            server.terminate()


def _listens(url: str) -> bool:
    try:
        urlopen(f"{url}/apis/apps/v1/namespaces/shop/deployments").close()  # noqa: S310 - of this test
    except URLError:
        return False  # its process is not up yet
    return True
