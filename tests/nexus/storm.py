"""A storm of alerts at a real server: many causes, each felt by many services, a P0 among them, one kill -9.

The world is a metrics backend of its own process that knows every service, and senders that try again as
theirs do. What is asked afterwards is whether anything was lost, how many incidents one cause became, and how
long the P0 waited.
"""

import json
import math
import random
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.tools.live.fakes.server import Answer, Asked, serving, told

#: The services of one cause: a database, what asks it, and what asks those.
PLATFORM = 50
GATEWAYS = 6
#: Each service tells of so much; the database only of the first three.
RULES = ("HighErrorRate", "HighLatency", "QueueGrows", "ProbeFails", "PodRestarts")
#: How long after its cause a service feels it, at most, in seconds.
FELT_WITHIN = 10.0
#: So many deliveries come twice, as from a cluster of two Alertmanagers.
TWICE = 0.15
LEVELS = {
    "request_rate": ("per_second", 20.0, 20.0), "error_ratio": ("ratio", 0.0, 0.4),
    "latency_p95": ("seconds", 0.05, 0.4),
}  # fmt: skip
#: The service of the P0; what calls it is what users meet.
URGENT = "till"


@dataclass(frozen=True)
class Delivery:
    """One request: when it is sent after the beginning, by whom, and what it tells of."""

    at: float
    sender: str
    body: bytes
    alerts: tuple[str, ...]
    cause: str


@dataclass(frozen=True)
class Storm:
    """Everything that is sent, by a seed."""

    seed: int
    services: int
    alerts: int
    seconds: float

    @property
    def platforms(self) -> int:
        """How many causes there are."""
        return max(1, self.services // PLATFORM)

    def names(self, platform: int) -> tuple[str, list[str], list[str]]:
        """The database, the gateways and the rest of a platform."""
        rest = min(PLATFORM, self.services) - 1 - GATEWAYS
        return (
            f"db-{platform:02d}",
            [f"gateway-{platform:02d}-{n}" for n in range(GATEWAYS)],
            [f"service-{platform:02d}-{n:02d}" for n in range(rest)],
        )

    @property
    def catalogue(self) -> list[dict[str, Any]]:
        """As nexus.yaml lists them."""
        services: list[dict[str, Any]] = [
            {"name": "shopfront", "depends_on": [URGENT], "user_facing": True},
            {"name": URGENT, "user_facing": True},
        ]
        for platform in range(self.platforms):
            database, gateways, rest = self.names(platform)
            services.append({"name": database, "kind": "database"})
            services += [{"name": name, "depends_on": [database]} for name in gateways]
            services += [
                {"name": name, "depends_on": [gateways[n % GATEWAYS]]} for n, name in enumerate(rest)
            ]
        return services

    def deliveries(self) -> list[Delivery]:
        """In the order of their time; a service's alerts come in one delivery or one by one."""
        chance = random.Random(self.seed)  # noqa: S311
        made: list[Delivery] = []
        each = self.alerts / (self.platforms * PLATFORM)
        for platform in range(self.platforms):
            begins = chance.uniform(0, max(0.0, self.seconds - FELT_WITHIN))
            database, gateways, rest = self.names(platform)
            for name in (database, *gateways, *rest):
                late = chance.uniform(0, 2) if name == database else chance.uniform(0.5, FELT_WITHIN)
                rules = RULES[: round(each + chance.uniform(-0.5, 0.5)) or 1]
                made += self._told(name, rules, begins + late, database, chance)
        return sorted(made, key=lambda one: one.at)

    def _told(
        self, service: str, rules: Sequence[str], at: float, cause: str, chance: random.Random
    ) -> Iterator[Delivery]:
        bundles = [rules] if chance.random() < 0.4 else [(rule,) for rule in rules]
        for bundle in bundles:
            sender = "alertmanager" if len(bundle) > 1 or chance.random() < 0.7 else "pagerduty-events"
            moment = at + chance.uniform(0, 2)
            keys = tuple(f"{rule}-{service}" for rule in bundle)
            body = json.dumps(body_of(sender, service, bundle, keys)).encode()
            yield Delivery(moment, sender, body, keys, cause)
            if sender == "alertmanager" and chance.random() < TWICE:
                yield Delivery(moment + 0.2, sender, body, keys, cause)


def body_of(
    sender: str, service: str, rules: Sequence[str], keys: Sequence[str], severity: str = "warning"
) -> Any:
    since = datetime.now(UTC).isoformat(timespec="milliseconds")
    if sender == "pagerduty-events":
        return {
            "routing_key": "k", "event_action": "trigger", "dedup_key": keys[0],
            "payload": {
                "summary": f"{rules[0]}: {service} fails", "source": service, "severity": severity,
                "timestamp": since, "component": service,
            },
        }  # fmt: skip
    alerts = [
        {
            "status": "firing", "startsAt": since, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": key,
            "generatorURL": "http://prometheus:9090/graph",
            "labels": {
                "alertname": rule, "service": service, "severity": severity, "pod": f"{service}-7d4b9-x{n}",
            },
            "annotations": {"summary": f"{service} fails", "description": f"{rule} since five minutes"},
        }
        for n, (rule, key) in enumerate(zip(rules, keys, strict=True))
    ]  # fmt: skip
    return {
        "receiver": "nexus", "status": "firing", "version": "4", "groupKey": f'{{}}:{{service="{service}"}}',
        "groupLabels": {"service": service}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093", "truncatedAlerts": 0, "alerts": alerts,
    }  # fmt: skip


def services_meant(query: str) -> re.Pattern[str] | None:
    """The services that a narrowed query is about."""
    pattern = re.search(r'"service", "(.*?)"\) and on', query)
    return re.compile(pattern[1].replace("\\\\", "\\")) if pattern else None


def backend(names: Sequence[str], began: float) -> None:
    """Prometheus' API over all services: prints its port and answers until its process ends."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/api/v1/query":
            return told({"status": "success", "data": {"resultType": "vector", "result": []}})
        query = asked.one("query")
        _, usual, broken = next(level for metric, level in LEVELS.items() if metric in query)
        meant = services_meant(query)
        start, end, step = (float(asked.one(part)) for part in ("start", "end", "step"))
        moments = [start + n * step for n in range(math.floor((end - start) / step) + 1)]
        values = json.dumps(
            [[at, f"{(broken if at >= began else usual) * (1 + 0.01 * math.sin(at)):.6g}"] for at in moments]
        )
        series = ",".join(
            f'{{"metric":{{"service":"{name}","instance":"{name}-1"}},"values":{values}}}'
            for name in names
            if meant is None or meant.fullmatch(name)
        )
        return Answer(
            f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}', 200,
            {"Content-Type": "application/json"},
        )  # fmt: skip

    with serving(answer) as server:
        print(server.port, flush=True)  # noqa: T201 - what its parent reads
        threading.Event().wait()
