"""Many services that fail on their own, for many incidents at once.

Each runs out of memory since a while; the restart that helps is a script that writes down when it is run, and
the errors end when it has ended. The telemetry comes from a process of its own.
"""

import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.forks import forked
from tests.nexus.storm import services_meant
from tests.tools.live.fakes.server import Answer, Asked, serving, told

#: What each series shows: unit, usual, broken.
LEVELS = {
    "request_rate": ("per_second", 5.0, 5.0), "error_ratio": ("ratio", 0.0, 0.6),
    "latency_p95": ("seconds", 0.02, 0.03), "memory_usage": ("ratio", 0.4, 0.98),
}  # fmt: skip
#: Of more services than 50 only those are asked for that an incident is about.
MANY = 60
#: So long before its alert a service has begun to fail, in seconds.
AGO = 100.0

#: Takes the service, the key and how long it takes.
_RESTART = """set -eu
cd "$(dirname "$0")"
echo "$2 begins" >> "deeds/$1"
touch "begun/$1"
sleep "$3"
touch "runs/$1"
echo "$2 ends" >> "deeds/$1"
"""
#: 0: a key was done, 1: it was never begun, 2: who knows.
_STATUS = """cd "$(dirname "$0")"
grep -qs "^$2 ends" "deeds/$1" && exit 0
grep -qs "^$2 begins" "deeds/$1" && exit 2
exit 1
"""


@dataclass(frozen=True)
class Fleet:
    """So many services in a folder, with a configuration of Nexus for them."""

    folder: Path
    size: int

    @property
    def failing(self) -> list[str]:
        """Those that may fail."""
        return self.names[: self.size]

    @property
    def names(self) -> list[str]:
        """Of its services: so many that each incident looks at its own alone."""
        return [f"shop-{number:03d}" for number in range(max(self.size, MANY))]

    def alert(self, service: str, name: str) -> dict[str, object]:
        """A service fails since a while: what Alertmanager sends of it, under a name of its own."""
        began = time.time() - AGO
        (self.folder / "runs" / service).unlink(missing_ok=True)
        _whole(self.folder / "began" / service, repr(began))
        at = datetime.fromtimestamp(began + 60, UTC).isoformat()
        labels = {"alertname": "HighErrorRate", "service": service, "severity": "page"}
        one = {
            "status": "firing", "labels": labels, "annotations": {"summary": f"{service} fails"},
            "startsAt": at, "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": name,
        }  # fmt: skip
        return {
            "receiver": "nexus", "status": "firing", "version": "4", "groupKey": "{}", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0,
            "alerts": [one],
        }  # fmt: skip

    def deeds(self, service: str) -> list[str]:
        """What was done to a service: `KEY begins` and `KEY ends`, in that order of each change."""
        file = self.folder / "deeds" / service
        return file.read_text().splitlines() if file.exists() else []

    def begun(self, service: str) -> float | None:
        """When a change of a service began last, in seconds of the wall; None: there was none."""
        file = self.folder / "begun" / service
        return file.stat().st_mtime if file.exists() else None

    def write(self, telemetry: str, takes: float, watch: Mapping[str, str], site: Mapping[str, Any]) -> None:
        """The configuration, the runbook, the scripts, and a record in which every service was released."""
        for name in ("began", "begun", "runs", "deeds"):
            (self.folder / name).mkdir()
        for name, script in (("restart", _RESTART), ("status", _STATUS)):
            (self.folder / name).write_text(script)
        (self.folder / "nexus.yaml").write_text(yaml.safe_dump(self._site(telemetry, takes) | dict(site)))
        runbook = yaml.safe_load(Path("nexus/runbook.yaml").read_text())
        runbook["decision_tree"]["infrastructure"][0]["actions"] = ["restart"]  # nothing else is offered here
        (self.folder / "runbook.yaml").write_text(yaml.safe_dump(runbook | {"watch": dict(watch)}))

    def _site(self, telemetry: str, takes: float) -> dict[str, Any]:
        script = ["/bin/sh", str(self.folder / "restart"), "{service}", "{key}", f"{takes:g}"]
        status = ["/bin/sh", str(self.folder / "status"), "{service}", "{key}"]
        series = [{"metric": m, "unit": unit, "query": m} for m, (unit, _, _) in LEVELS.items()]
        return {
            "services": [{"name": name, "kind": "service", "user_facing": True} for name in self.names],
            "windows": {"lookback": "5m", "quiet": "5m", "recent": "2s", "lead": "90s"},
            "limits": {"changes_per_hour": 1000},
            "intake": {"join_within": "0m"},
            "backends": {
                "metrics": {"kind": "prometheus", "url": telemetry, "step": "1s", "series": series},
                "actions": [
                    {
                        "kind": "command", "action": "restart", "services": self.names,
                        "run": script, "status": status, "timeout": "20s",
                        "dry_run": ["echo", "observed: state = running"],
                    },
                ],
            },
        }  # fmt: skip


def _whole(file: Path, text: str) -> None:
    """Write a file so that nobody reads half of it."""
    beside = file.with_name(f".{file.name}")
    beside.write_text(text)
    beside.rename(file)


@contextmanager
def fleet(
    folder: Path, size: int, *, takes: float = 0.0, watch: Mapping[str, str], **site: object
) -> Iterator[Fleet]:
    """So many services that can fail.

    Args:
        folder: an empty one.
        size: how many.
        takes: how long a change takes, in seconds.
        watch: the runbook's, after a change.
        site: what else stands in nexus.yaml.
    """
    made = Fleet(folder, size)
    with forked(telemetry, folder, made.names) as (_, lines):
        made.write(f"http://127.0.0.1:{int(lines.readline())}", takes, watch, site)
        yield made


def telemetry(folder: Path, names: list[str]) -> None:
    """Prometheus' API over all services: prints its port and answers until its process ends."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/api/v1/query":
            return told({"status": "success", "data": {"resultType": "vector", "result": []}})
        query = asked.one("query")
        metric, about = next(one for one in LEVELS if one in query), services_meant(query)
        start, end, step = (float(asked.one(part)) for part in ("start", "end", "step"))
        until = min(end, time.time())
        moments = [start + n * step for n in range(max(0, math.floor((until - start) / step) + 1))]
        series = ",".join(
            f'{{"metric":{{"service":"{name}","instance":"{name}-1"}},'
            f'"values":[{",".join(_values(folder, metric, name, moments))}]}}'
            for name in names
            if about is None or about.fullmatch(name)
        )
        return Answer(
            f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}', 200,
            {"Content-Type": "application/json"},
        )  # fmt: skip

    with serving(answer) as server:
        print(server.port, flush=True)  # noqa: T201 - what its parent reads
        threading.Event().wait()


def _values(folder: Path, metric: str, service: str, moments: list[float]) -> Iterator[str]:
    began, mended = math.inf, -math.inf
    with suppress(FileNotFoundError):
        began = float((folder / "began" / service).read_text())
        mended = (folder / "runs" / service).stat().st_mtime
    until = mended if mended > began else math.inf
    return (_value(metric, at, broken=began <= at < until) for at in moments)


@lru_cache(100_000)
def _value(metric: str, at: float, *, broken: bool) -> str:
    _, usual, failing = LEVELS[metric]
    return f'[{at:.3f},"{(failing if broken else usual) * (1 + 0.01 * math.sin(at)):.6g}"]'
