"""A live system in miniature: telemetry made of the wall's time, real releases under a real supervisord.

Errors begin with a release a while ago and end when the version before it answers. Each backend is reached
over a network that can be cut.
"""

import asyncio
import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tests.nexus.network import Network
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.supervised import Target, supervised

SERVICES = ("web", "shop", "payment")
#: What each series shows: usual, broken.
LEVELS = {
    "request_rate": {"web": (20.0, 20.0), "shop": (5.0, 5.0), "payment": (5.0, 5.0)},
    "error_ratio": {"web": (0.0, 0.2), "shop": (0.0, 0.6), "payment": (0.0, 0.0)},
    "latency_p95": {"web": (0.05, 0.06), "shop": (0.02, 0.03), "payment": (0.01, 0.01)},
}
UNITS = {"request_rate": "per_second", "error_ratio": "ratio", "latency_p95": "seconds"}
#: The release that fails, and the one before it.
BAD, GOOD = "2.0", "1.0"
#: How long the watch after a change lasts here; half an hour in life.
WATCH = {"lasts": "8s", "every": "2s", "settle": "2s"}


@dataclass
class Rig:
    """The system while it runs; `broken` begins it anew.

    Without `tells_changes` no record of changes is configured: only senders can tell of them.
    """

    folder: Path
    target: Target
    networks: Mapping[str, Network] = field(default_factory=dict)
    began: float = 0.0
    mended: float = math.inf
    number: int = 0
    timeout: str = "10s"
    patience: str = "20s"
    tells_changes: bool = True

    @property
    def version(self) -> str:
        """What runs, by the link."""
        return self.target.link()

    @property
    def switches(self) -> list[str]:
        """Which versions the releases log says that Nexus switched to."""
        return [str(line["version_to"]) for line in self.target.log() if str(line["id"]).startswith("nexus-")]

    def broken(self, **site: object) -> None:
        """The bad release runs since a while, everything answers; `site` changes the configuration."""
        for network in self.networks.values():
            network.mend()
        asyncio.run(self.target.reset())
        self.began, self.mended = time.time() - 100, math.inf
        self.number += 1
        self._released("1.0", "0.9", 90_000)
        self._released(BAD, GOOD, 105)
        self.write(**site)

    def _released(self, version: str, before: str, ago: float) -> None:
        at = datetime.fromtimestamp(time.time() - ago, UTC).isoformat()
        change = {
            "time": at, "id": f"deploy-shop-{version}", "service": "shop", "kind": "deploy",
            "version_from": before, "version_to": version, "author": "kim", "summary": "faster", "commit": "",
        }  # fmt: skip
        log = self.target.root / "releases.log"
        kept = log.read_text() if ago < 1000 else ""
        log.write_text(kept + json.dumps(change) + "\n")

    def metrics(self, asked: Asked) -> Answer:
        """Prometheus' API over what the time makes of the levels."""
        if asked.path == "/api/v1/query":
            up = {"metric": {"__name__": "up", "service": "web"}, "value": [time.time(), "1"]}
            return told({"status": "success", "data": {"resultType": "vector", "result": [up]}})
        metric = asked.one("query")
        start, end, step = (float(asked.one(part)) for part in ("start", "end", "step"))
        moments = [start + n * step for n in range(math.floor((end - start) / step) + 1)]
        now, until = time.time(), self._until()
        found = [
            {
                "metric": {"service": name, "instance": f"{name}-1"},
                "values": [[at, str(self._value(metric, name, at, until))] for at in moments if at <= now],
            }
            for name in SERVICES
        ]
        return told({"status": "success", "data": {"resultType": "matrix", "result": found}})

    def logs(self, asked: Asked) -> Answer:
        """Loki's API: the shop complains every second."""
        start, end = (int(asked.one(part)) // 10**9 for part in ("start", "end"))
        until = min(end, int(time.time()), self._until())
        seconds = range(max(start, int(self.began)), max(0, int(until)))
        lines = [[f"{at}000000000", f"cannot price basket {at}: division by zero"] for at in seconds]
        stream = {
            "stream": {"service": "shop", "instance": "shop-1", "level": "error"},
            "values": lines[::-1],
        }
        return told({"status": "success", "data": {"resultType": "streams", "result": [stream]}})

    def _until(self) -> float:
        """When the errors ended: the good version was started."""
        if self.version != GOOD:
            self.mended = math.inf
        elif self.mended == math.inf:
            version, started = self.target.answers()
            self.mended = started if version == GOOD else math.inf
        return self.mended

    def _value(self, metric: str, service: str, at: float, until: float) -> float:
        usual, broken = LEVELS[metric][service]
        return (broken if self.began <= at < until else usual) * (1 + 0.01 * math.sin(at))

    def alert(self, status: str = "firing", service: str = "web", name: str = "f") -> dict[str, object]:
        """What Alertmanager sends."""
        at = datetime.fromtimestamp(self.began + 60, UTC).isoformat()
        labels = {"alertname": "HighErrorRate", "service": service, "severity": "page"}
        one = {
            "status": status, "labels": labels,
            "annotations": {"summary": f"{service} fails"}, "startsAt": at, "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "", "fingerprint": f"{name}{self.number}",
        }  # fmt: skip
        return {
            "receiver": "nexus", "status": status, "version": "4", "groupKey": "{}", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0,
            "alerts": [one],
        }  # fmt: skip

    def write(self, **changed: object) -> None:
        """The configuration, and the runbook with short waits."""
        site = self._site() | changed
        (self.folder / "nexus.yaml").write_text(yaml.safe_dump(site))
        runbook = yaml.safe_load(Path("nexus/runbook.yaml").read_text())
        (self.folder / "runbook.yaml").write_text(yaml.safe_dump(runbook | {"watch": WATCH}))

    def _site(self) -> dict[str, Any]:
        log = str(self.target.root / "releases.log")
        return {
            "services": [
                {"name": "web", "depends_on": ["shop"], "user_facing": True, "owner": "frontend"},
                {"name": "shop", "depends_on": ["payment"], "owner": "backend"},
                {"name": "payment", "owner": "backend"},
            ],
            "windows": {"lookback": "5m", "quiet": "5m", "recent": "2s", "lead": "90s"},
            "limits": {"changes_per_hour": 1000},
            "backends": {
                "metrics": {
                    "kind": "prometheus", "url": self.networks["metrics"].url, "step": "1s",
                    "timeout": self.timeout,
                    "series": [{"metric": m, "unit": UNITS[m], "query": m} for m in LEVELS],
                },
                "logs": [{"kind": "loki", "url": self.networks["logs"].url, "timeout": self.timeout}],
                "changes": [{"kind": "releases", "log": log}] if self.tells_changes else [],
                "actions": [
                    {
                        "kind": "releases", "root": str(self.target.root), "services": ["shop"],
                        "supervisor": self.networks["actions"].url, "patience": self.patience,
                        "health": {"shop": self.target.url},
                    },
                    {
                        "kind": "command", "action": "restart", "services": ["payment"],
                        "run": ["true"], "dry_run": ["true"], "status": ["true"],
                    },
                ],
            },
        }  # fmt: skip


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """A system that was broken a while ago."""
    with ExitStack() as stack:
        made = Rig(folder, stack.enter_context(supervised()))
        ports: dict[str, int | Path] = {
            "metrics": stack.enter_context(serving(made.metrics)).port,
            "logs": stack.enter_context(serving(made.logs)).port,
            "actions": made.target.socket,
        }
        made.networks = {name: Network(port) for name, port in ports.items()}
        for network in made.networks.values():
            stack.callback(network.close)
        made.broken()
        yield made
