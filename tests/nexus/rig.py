"""A live system in miniature: metrics as a function of the wall's time, a log of releases, one real command.

Errors begin with a release a while ago and end when the command has rolled it back.
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tests.tools.live.fakes.server import Answer, Asked, serving, told

SERVICES = ("web", "checkout", "payment")
#: What each series shows: usual, broken.
LEVELS = {
    "request_rate": {"web": (20.0, 20.0), "checkout": (5.0, 5.0), "payment": (5.0, 5.0)},
    "error_ratio": {"web": (0.0, 0.2), "checkout": (0.0, 0.6), "payment": (0.0, 0.0)},
    "latency_p95": {"web": (0.05, 0.06), "checkout": (0.02, 0.03), "payment": (0.01, 0.01)},
}
UNITS = {"request_rate": "per_second", "error_ratio": "ratio", "latency_p95": "seconds"}

SCRIPT = '''"""Rolls back, once per key; says what it did."""
import pathlib, sys, time
folder, verb, key = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
done = folder / "done"
if verb == "dry":
    print("observed: running version =", "1.0" if done.exists() else "2.0")
    print("checkout goes from 2.0 to 1.0")
elif verb == "status":
    sys.exit(0 if done.exists() and key in done.read_text() else 1)
else:
    time.sleep(0.3)
    with done.open("a") as file:
        file.write(key + "\\n")
    print("rolled back")
'''


@dataclass
class Rig:
    """The system while it runs. `silent` makes Prometheus answer 503."""

    folder: Path
    began: float = field(default_factory=lambda: time.time() - 100)
    silent: bool = False
    asked: int = 0

    @property
    def done(self) -> list[str]:
        """The keys of every rollback that was made."""
        file = self.folder / "done"
        return file.read_text().split() if file.exists() else []

    def answer(self, asked: Asked) -> Answer:
        """Prometheus' API over what the time makes of the levels."""
        self.asked += 1
        if self.silent:
            return Answer("down", 503)
        if asked.path == "/api/v1/query":
            up = {"metric": {"__name__": "up", "service": "web"}, "value": [time.time(), "1"]}
            return told({"status": "success", "data": {"resultType": "vector", "result": [up]}})
        metric = asked.one("query")
        start, end, step = (float(asked.one(part)) for part in ("start", "end", "step"))
        moments = [start + n * step for n in range(math.floor((end - start) / step) + 1)]
        found = [
            {
                "metric": {"service": name, "instance": f"{name}-1"},
                "values": [[at, str(self._value(metric, name, at))] for at in moments if at <= time.time()],
            }
            for name in SERVICES
        ]
        return told({"status": "success", "data": {"resultType": "matrix", "result": found}})

    def _value(self, metric: str, service: str, at: float) -> float:
        mended = self.folder / "done"
        until = mended.stat().st_mtime if mended.exists() else math.inf
        usual, broken = LEVELS[metric][service]
        wave = 1 + 0.01 * math.sin(at)
        return (broken if self.began <= at < until else usual) * wave

    def alert(self, status: str = "firing") -> dict[str, object]:
        """What Alertmanager sends."""
        at = datetime.fromtimestamp(self.began + 60, UTC).isoformat()
        one = {
            "status": status, "labels": {"alertname": "HighErrorRate", "service": "web", "severity": "page"},
            "annotations": {"summary": "web fails"}, "startsAt": at, "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "", "fingerprint": "f1",
        }  # fmt: skip
        return {
            "receiver": "nexus", "status": status, "version": "4", "groupKey": "{}", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0,
            "alerts": [one],
        }  # fmt: skip

    def write(self, url: str, watch: dict[str, str]) -> None:
        """The configuration, the runbook with short waits, the log of releases, the command."""
        (self.folder / "roll_back.py").write_text(SCRIPT)
        released = datetime.fromtimestamp(self.began - 5, UTC).isoformat()
        change = {
            "time": released, "id": "deploy-checkout-2.0", "service": "checkout", "kind": "deploy",
            "version_from": "1.0", "version_to": "2.0", "author": "kim", "summary": "faster", "commit": "",
        }  # fmt: skip
        (self.folder / "releases.log").write_text(json.dumps(change) + "\n")
        argv = [sys.executable, str(self.folder / "roll_back.py"), str(self.folder)]
        site = {
            "services": [
                {"name": "web", "depends_on": ["checkout"], "user_facing": True, "owner": "frontend"},
                {"name": "checkout", "depends_on": ["payment"], "owner": "backend"},
                {"name": "payment", "owner": "backend"},
            ],
            "windows": {"lookback": "5m", "quiet": "5m", "recent": "2s" if watch else "60s", "lead": "90s"},
            "backends": {
                "metrics": {
                    "kind": "prometheus", "url": url, "step": "1s", "timeout": "2s",
                    "series": [{"metric": m, "unit": UNITS[m], "query": m} for m in LEVELS],
                },
                "changes": [{"kind": "releases", "log": str(self.folder / "releases.log")}],
                "actions": [
                    {
                        "kind": "command", "action": "rollback", "services": ["checkout"], "allowed": ["1.0"],
                        "run": [*argv, "run", "{key}"], "dry_run": [*argv, "dry", "none"],
                        "status": [*argv, "status", "{key}"],
                    }
                ],
            },
        }  # fmt: skip
        (self.folder / "nexus.yaml").write_text(yaml.safe_dump(site))
        runbook = yaml.safe_load(Path("nexus/runbook.yaml").read_text())
        (self.folder / "runbook.yaml").write_text(yaml.safe_dump(runbook | {"watch": watch}))


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """A system that was broken a while ago."""
    made = Rig(folder)
    with serving(made.answer) as server:
        made.write(server.url, {"lasts": "9s", "every": "3s", "settle": "3s"})
        yield made
