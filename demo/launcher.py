"""Starts the shop, changes its releases, restarts its services, stops everything: plain processes, by pid."""

import json
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from demo.processes import Process, free_port, wait_for
from demo.releases import Change, Releases

ROOT = Path(__file__).parent.parent
START_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A service in the shop's catalogue."""

    name: str
    owner: str
    depends_on: tuple[str, ...]
    first_version: str
    kind: Literal["service", "database"] = "service"
    user_facing: bool = False


CATALOGUE = (
    Entry(
        name="web",
        owner="frontend",
        depends_on=("catalogue", "checkout"),
        first_version="2026.11.1",
        user_facing=True,
    ),
    Entry(
        name="checkout",
        owner="backend",
        depends_on=("catalogue", "payment", "database"),
        first_version="2026.11.1",
    ),
    Entry(name="payment", owner="backend", depends_on=(), first_version="2026.10.4"),
    Entry(name="catalogue", owner="backend", depends_on=("database",), first_version="2026.11.3"),
    Entry(name="database", owner="data", depends_on=(), first_version="2026.9.2", kind="database"),
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an instance listens."""

    port: int
    instance: str


class Shop:
    """The running shop; use it as a context manager so that nothing outlives it.

    Attributes:
        folder: The run's folder: releases, state, logs, traces.
        releases: The releases folder and its log.
        places: Where each service listens.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        first = {entry.name: entry.first_version for entry in CATALOGUE}
        self.releases = Releases(self.folder / "releases", first)
        self.places: dict[str, Place] = {
            name: Place(port=free_port(), instance=f"{name}-1") for name in first
        }
        self._inventory = self.folder / "inventory.json"
        self._inventory.write_text(json.dumps({name: asdict(place) for name, place in self.places.items()}))
        self._processes: dict[str, Process] = {}

    def __enter__(self) -> Self:
        try:
            for name in self.places:
                self._launch(name)
            for name in self.places:
                self._await_health(name)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def url(self, service: str, path: str = "") -> str:
        """The address of a service."""
        return f"http://127.0.0.1:{self.places[service].port}{path}"

    def pids(self) -> dict[str, int]:
        """The process id of every service."""
        return {name: process.pid for name, process in self._processes.items()}

    def check(self) -> None:
        """Complains if a process has ended by itself.

        Raises:
            NotReadyError: It says which one and what it printed last.
        """
        for process in self._processes.values():
            process.check()

    def running_version(self, service: str) -> str | None:
        """The version that the running process reports, or None if it does not answer."""
        try:
            with urllib.request.urlopen(self.url(service, "/health"), timeout=2) as response:  # noqa: S310
                version: str = json.load(response)["version"]
                return version
        except (OSError, urllib.error.URLError):
            return None

    def deploy(
        self, service: str, version: str, *, author: str | None = None, summary: str | None = None
    ) -> Change:
        """Switches the link, restarts the process and waits until the new version answers."""
        change = self.releases.switch(service, version, author=author, summary=summary)
        self.restart(service)
        return change

    def rollback(self, service: str, version: str | None = None, *, author: str = "on call") -> Change:
        """Goes back to `version`, by default to the one that ran before."""
        current = self.releases.version(service)
        return self.deploy(
            service,
            version or self.releases.previous(service),
            author=author,
            summary=f"Roll back {current}",
        )

    def restart(self, service: str) -> None:
        """Stops one service (requests under way are finished) and starts it from its `current` link."""
        self._processes[service].stop()
        self._launch(service)
        self._await_health(service)

    def stop(self) -> None:
        """Stops every process, callers before those they call."""
        for process in self._processes.values():
            process.stop()
        self._processes.clear()

    def _launch(self, service: str) -> None:
        self._processes[service] = Process(
            service,
            [sys.executable, self.releases.app(service), "--inventory", self._inventory],
            output=self.folder / "output" / f"{service}.txt",
            environment={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def _await_health(self, service: str) -> None:
        expected = self.releases.version(service)

        def healthy() -> bool | None:
            self._processes[service].check()
            return True if self.running_version(service) == expected else None

        wait_for(f"{service} {expected} healthy", healthy, seconds=START_SECONDS)
