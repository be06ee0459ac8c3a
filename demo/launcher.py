"""Starts the shop, changes its releases, flags and scale, restarts its services, stops everything."""

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from demo import repository
from demo.catalogue import DEPLOYED, FIRST_VERSIONS, Inventory, take_places, write_inventory
from demo.changes import Change
from demo.health import version_at
from demo.processes import START_SECONDS, NotReadyError, Process, kept, wait_for
from demo.releases import Releases
from demo.shop.flags import Flags
from demo.supervision import ROOT, Supervisor, member_of

FIRST_FLAGS: Mapping[str, bool] = {
    "customer_export": True,
    "payment_fallback": False,
    "strict_risk_rules": False,
}
#: Which service asks for a flag.
FLAG_OWNERS: Mapping[str, str] = {
    "customer_export": "web",
    "payment_fallback": "payment",
    "strict_risk_rules": "payment",
}


class Shop:
    """The running shop; use it as a context manager so that nothing outlives it.

    Attributes:
        folder: The run's folder: releases, flags, state, logs, traces, the supervisor's socket.
        releases: The releases folder.
        log: The log of changes.
        inventory: Where every instance of every part listens.
        places: Where the first instance of each part listens.
        supervisor: Keeps the processes.
        flags: The feature flags.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.releases = Releases(self.folder / "releases", FIRST_VERSIONS)
        self.log = self.releases.log
        self.inventory: Inventory = take_places()
        self.places = {name: places[0] for name, places in self.inventory.items()}
        write_inventory(self.folder / "inventory.json", self.inventory)
        self.flags = Flags(self.folder / "flags.json")
        self.flags.write(FIRST_FLAGS)
        # Prometheus watches this folder, and has to find it when it starts.
        self.targets.mkdir()
        repository.build(self.folder / "repositories" / repository.SERVICE)
        self.supervisor = Supervisor(self.folder)
        self._others: dict[str, Process] = {}

    def __enter__(self) -> Self:
        try:
            self.supervisor.start()
            self.run("card-network", "demo.provider", "--run", self.folder)
            for entry in DEPLOYED.values():
                self.supervisor.resize(entry.name, entry.started)
            for entry in DEPLOYED.values():
                self._await_health(entry.name)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def targets(self) -> Path:
        """Where every running instance says that it can be scraped."""
        return self.folder / "targets"

    def url(self, service: str, path: str = "") -> str:
        """The address of a service's first instance."""
        return f"http://127.0.0.1:{self.places[service].port}{path}"

    def pids(self) -> dict[str, int]:
        """The process id of everything that runs."""
        return self.supervisor.pids() | {name: process.pid for name, process in self._others.items()}

    def check(self) -> None:
        """Complains if the supervisor, or something beside it, has failed.

        Raises:
            NotReadyError: It says which one and what it printed last.
        """
        self.supervisor.check()
        for process in self._others.values():
            process.check()

    def running_version(self, service: str, number: int = 0) -> str | None:
        """The version that an instance (counted from 0) reports, or None if it does not answer."""
        return version_at(self.inventory[service][number].port)

    def ask(self, service: str, path: str, body: Mapping[str, object]) -> None:
        """Posts something to a service's first instance, past everybody in between."""
        request = urllib.request.Request(self.url(service, path), json.dumps(body).encode())  # noqa: S310
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310
            return

    def deploy(
        self,
        service: str,
        version: str,
        *,
        author: str | None = None,
        summary: str | None = None,
        settle: bool = True,
    ) -> Change:
        """Switches the link, restarts the processes and waits until the new version answers.

        Args:
            service: Which service.
            version: A release that is laid out.
            author: Who does it; by default the release's author.
            summary: Why; by default what the release says of itself.
            settle: Whether to wait; a release that cannot start never answers.
        """
        change = self.releases.switch(service, version, author=author, summary=summary)
        self.restart(service, settle=settle)
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

    def restart(self, service: str, *, settle: bool = True) -> None:
        """Stops a service's processes (requests under way are finished) and starts them again."""
        self.supervisor.restart(service)
        if settle:
            self._await_health(service)

    def scale(self, service: str, count: int, *, author: str = "on call") -> Change:
        """Lets so many instances run."""
        before = len(self.supervisor.members(service))
        self.supervisor.resize(service, count)
        self._await_health(service)
        return self.log.add(
            service,
            "scale",
            f"{before} instances",
            f"{count} instances",
            author=author,
            summary=f"{count} instances instead of {before}",
        )

    def set_flag(self, name: str, on: bool, *, author: str, summary: str) -> Change:
        """Sets a feature flag."""
        was = self.flags.on(name)
        self.flags.write({name: on})
        service, words = FLAG_OWNERS[name], ("off", "on")
        return self.log.add(service, "flag", words[was], words[on], author=author, summary=summary, name=name)

    def run(self, name: str, module: str, *arguments: str | Path | float) -> None:
        """Runs one of the demo's own programs beside the shop, until `stop`."""
        self._others[name] = Process(
            name,
            kept(sys.executable, "-m", module, *map(str, arguments)),
            output=self.folder / "output" / f"{name}.txt",
            environment={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def crowd(
        self,
        name: str,
        mix: str,
        *,
        rate: float,
        seconds: float = 3600,
        service: str = "web",
        text: str = "",
    ) -> None:
        """Lets a crowd of a mix of `demo.load` ask a service, until `stop` or until its time is over."""
        self.run(
            name,
            "demo.load",
            *(self.places[service].port, "--mix", mix, "--rate", rate),
            *("--seconds", seconds, "--text", text),
        )

    def kill(self, service: str, number: int) -> None:
        """Kills one instance, as a machine does that runs out of memory or loses its disk."""
        os.kill(self.supervisor.pids()[f"{service}_{number:02d}"], signal.SIGKILL)

    def stop(self) -> None:
        """Stops every process."""
        for process in reversed(self._others.values()):
            process.stop()
        self._others.clear()
        self.supervisor.stop()

    def _await_health(self, service: str) -> None:
        expected = self.releases.version(service)
        names: Sequence[str] = self.supervisor.members(service)
        numbers = [
            number for number in range(len(self.inventory[service])) if member_of(service, number) in names
        ]

        def healthy() -> bool | None:
            fatal = [name for name in names if self.supervisor.state(name) == "FATAL"]
            if fatal:
                raise NotReadyError(f"{', '.join(fatal)} cannot start; see {self.folder / 'output'}")
            versions = {self.running_version(service, number) for number in numbers}
            return True if versions == {expected} else None

        wait_for(f"{service} {expected} healthy", healthy, seconds=START_SECONDS)
