"""Runs Prometheus and Alertmanager as plain processes in a folder of their own, and asks Prometheus."""

import json
import shutil
import string
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import yaml

from demo.processes import START_SECONDS, NotReadyError, Process, free_port, kept, wait_for

CONFIGURATION = Path(__file__).parent
PROGRAMS = ("prometheus", "prometheus-alertmanager")


class MonitoringMissingError(Exception):
    """Prometheus or Alertmanager is not installed."""


def require_programs() -> None:
    """Checks that both programs can be run.

    Raises:
        MonitoringMissingError: It says how to get what is missing.
    """
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        wanted = " ".join(missing)
        raise MonitoringMissingError(f"not installed: {wanted}; try: apt-get install {wanted}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How closely Prometheus looks.

    Attributes:
        scrape: Seconds between two scrapes and between two evaluations of the rules.
        window: Seconds that rates are taken over.
        hold: Seconds that an alert's condition must hold.
    """

    scrape: int
    window: int
    hold: int


#: For game days: an alert within seconds of the fault, under light load.
FAST = Settings(scrape=1, window=15, hold=3)


class Query(NamedTuple):
    """One metric of a recording and how to ask for it."""

    metric: str
    unit: str
    query: str


class Sample(NamedTuple):
    """One value of one series."""

    labels: Mapping[str, str]
    time: float
    value: float


class _Template(string.Template):
    # Prometheus' own templates are full of dollar signs.
    delimiter = "@"


class Monitoring:
    """Prometheus and Alertmanager; use it as a context manager so that nothing outlives it.

    Args:
        folder: For configuration and data; must be fresh.
        targets: The folder in which every running instance announces itself.
        receiver_port: Where Alertmanager posts its webhooks.
        settings: How closely to look.
    """

    def __init__(self, folder: Path, *, targets: Path, receiver_port: int, settings: Settings) -> None:
        require_programs()
        self._folder = folder.resolve()
        self._ports = {name: free_port() for name in PROGRAMS}
        self._values = {
            "scrape": f"{settings.scrape}s",
            "window": f"{settings.window}s",
            "hold": f"{settings.hold}s",
            "alertmanager_port": str(self._ports["prometheus-alertmanager"]),
            "receiver_port": str(receiver_port),
            "targets": str(targets),
        }
        self._processes: list[Process] = []
        self._configure()

    def __enter__(self) -> Self:
        try:
            self._start("prometheus-alertmanager", "alertmanager.yml", "--cluster.listen-address=")
            self._start(
                "prometheus",
                "prometheus.yml",
                "--rules.alert.for-grace-period=0s",
                "--rules.alert.resend-delay=5s",
                "--storage.tsdb.retention.time=1d",
            )
            for name in PROGRAMS:
                self._await_ready(name)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops both."""
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()

    def check(self) -> None:
        """Complains if one of them has ended by itself."""
        for process in self._processes:
            process.check()

    def url(self, program: str) -> str:
        """Where one of the two programs answers."""
        return f"http://127.0.0.1:{self._ports[program]}"

    def queries(self) -> dict[str, list[Query]]:
        """What a recording asks for: `service` series and `edge` series."""
        described = yaml.safe_load(self._filled("series.yml"))
        return {kind: [Query(**query) for query in queries] for kind, queries in described.items()}

    def range(self, query: str, start: datetime, end: datetime, step: timedelta) -> list[Sample]:
        """The values of a query over time; a series without a value at a moment gives no sample there."""
        series = self._ask(
            "query_range",
            query=query,
            start=start.timestamp(),
            end=end.timestamp(),
            step=step.total_seconds(),
        )
        return [Sample(one["metric"], at, float(value)) for one in series for at, value in one["values"]]

    def now(self, query: str) -> list[Sample]:
        """The values of a query at this moment; `@{window}` in it stands for the span of rates."""
        found = self._ask("query", query=_Template(query).substitute(self._values))
        return [Sample(one["metric"], one["value"][0], float(one["value"][1])) for one in found]

    def _ask(self, what: str, **parameters: str | float) -> list[dict[str, Any]]:
        port, asked = self._ports["prometheus"], urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{port}/api/v1/{what}?{asked}"
        with urllib.request.urlopen(url, timeout=30) as response:
            series: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return series

    def _configure(self) -> None:
        self._folder.mkdir(parents=True)
        for name in ("prometheus.yml", "rules.yml", "alertmanager.yml"):
            (self._folder / name).write_text(self._filled(name))

    def _filled(self, name: str) -> str:
        return _Template((CONFIGURATION / name).read_text()).substitute(self._values)

    def _start(self, program: str, configuration: str, *options: str) -> None:
        storage = "storage.tsdb.path" if program == "prometheus" else "storage.path"
        argv = kept(
            shutil.which(program) or program,
            f"--config.file={self._folder / configuration}",
            f"--{storage}={self._folder / program}",
            f"--web.listen-address=127.0.0.1:{self._ports[program]}",
            # The public name is what alerts carry; this machine's ports are nobody's business.
            f"--web.external-url=http://{program.removeprefix('prometheus-')}.shop.example",
            *options,
        )
        self._processes.append(Process(program, argv, output=self._folder / f"{program}.txt"))

    def _await_ready(self, name: str) -> None:
        def ready() -> bool | None:
            self.check()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[name]}/-/ready", timeout=1):
                    return True
            except OSError:
                return None

        try:
            wait_for(f"{name} ready", ready, seconds=START_SECONDS)
        except NotReadyError:
            self.stop()
            raise
