"""Small recorded incidents for tests: a shop of five parts whose checkout is broken by a deployment.

`build_case(tmp_path)` writes a whole case folder in the recording format and returns its path:

- 10:00 to 10:10 quiet, 10:10 to 10:40 the window; at 10:12 an innocent deployment of `catalogue`, at 10:16
  `checkout` 2.0 breaks: 40 % of its requests and 30 % of web's fail, both get slower;
- 10:18:30 an Alertmanager webhook about web arrives;
- `aftermath/rollback-checkout-1.0`: 35 minutes in which all is as before; the alert ends after 2 minutes;
- `aftermath/rollback-catalogue-3.0`: 35 minutes in which everything is worse than the fault.

The telemetry is a function of time alone: no randomness, so figures in tests stay what they are.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

import polars as pl
import yaml

from incidents.alert import Alert
from incidents.incident import Incident
from incidents.severity import Step
from tools.clock import Clock, VirtualClock
from tools.ports import World
from tools.recorded import open_case, recorded_world
from tools.toolset import Sources

START = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
QUIET_END = START + timedelta(minutes=10)
INNOCENT = START + timedelta(minutes=12)
ONSET = START + timedelta(minutes=16)
ALERT = START + timedelta(minutes=18, seconds=30)
END = START + timedelta(minutes=40)
STEP = timedelta(seconds=15)

ROLLBACK = "rollback-checkout-1.0"
WRONG = "rollback-catalogue-3.0"

SERVICES = [
    {
        "name": "web",
        "owner": "frontend",
        "depends_on": ["checkout", "catalogue"],
        "kind": "service",
        "user_facing": True,
    },
    {"name": "checkout", "owner": "backend", "depends_on": ["payment", "orders-db"], "kind": "service"},
    {"name": "catalogue", "owner": "backend", "depends_on": ["orders-db"], "kind": "service"},
    {"name": "payment", "owner": "backend", "depends_on": [], "kind": "external"},
    {"name": "orders-db", "owner": "data", "depends_on": [], "kind": "database"},
]

CHANGES: list[dict[str, object]] = [
    {
        "time": (START - timedelta(days=2)).isoformat(), "id": "c0", "service": "checkout", "kind": "deploy",
        "version_from": "0.9", "version_to": "1.0", "author": "ana", "summary": "faster totals",
        "commit": "aaa111",
    },
    {
        "time": INNOCENT.isoformat(), "id": "c1", "service": "catalogue", "kind": "deploy",
        "version_from": "3.0", "version_to": "3.1", "author": "ben", "summary": "larger pages",
        "commit": "bbb222",
    },
    {
        "time": ONSET.isoformat(), "id": "c2", "service": "checkout", "kind": "deploy",
        "version_from": "1.0", "version_to": "2.0", "author": "cleo", "summary": "bundle discount",
        "commit": "ccc333",
    },
]  # fmt: skip


@dataclass(frozen=True)
class Health:
    """How the shop does at a moment: shares of failures and seconds, per service."""

    errors: dict[str, float]
    latency: dict[str, float]


_FINE = Health(
    errors={}, latency={"web": 0.08, "checkout": 0.05, "catalogue": 0.02, "payment": 0.03, "orders-db": 0.004}
)
_BROKEN = Health(errors={"web": 0.3, "checkout": 0.4}, latency=_FINE.latency | {"web": 0.5, "checkout": 0.45})
_WORSE = Health(
    errors={"web": 0.8, "checkout": 0.9, "catalogue": 0.5},
    latency=_FINE.latency | {"web": 1.5, "checkout": 1.4, "catalogue": 0.9},
)

Healths = Callable[[datetime], Health]


def build_case(root: Path, name: str = "shop-bad-deploy", *, logs: bool = True, traces: bool = True) -> Path:
    """Write the case into `root/name` and return that folder."""
    folder = root / name
    wanted = {"metrics": True, "logs": logs, "traces": traces}
    for place, body in _telemetry().items():
        if wanted[place.stem]:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(body)
    _jsonl(folder / "telemetry" / "changes.jsonl", CHANGES)
    ended = END + timedelta(minutes=2)
    _jsonl(
        folder / "aftermath" / ROLLBACK / "alerts.jsonl",
        [{"at": ended.isoformat(), "source": "alertmanager", "payload": webhook(ended)}],
    )
    document = case_document(name)
    (folder / "case.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


def case_document(name: str) -> dict[str, object]:
    """The content of `case.yaml`, for tests that break it."""
    right = {"kind": "rollback", "service": "checkout", "to": "1.0"}
    wrong = {"kind": "rollback", "service": "catalogue", "to": "3.0"}
    cause = {"service": "checkout", "category": "deployment", "onset": ONSET, "change": "c2"}
    return {
        "format": 1,
        "id": name,
        "title": "Checkout fails after release 2.0",
        "source": {"kind": "recorded", "from": "made for tests", "licence": "Apache-2.0"},
        "window": {"from": QUIET_END, "to": END},
        "baseline": {"from": START, "to": QUIET_END},
        "alerts": [{"at": ALERT, "source": "alertmanager", "payload": webhook(None)}],
        "services": SERVICES,
        "truth": {
            "severity": "P1",
            "cause": cause | {"metric": "error_ratio"},
            "also_accept": [],
            "actions": {"right": [right], "harmless": [], "wrong": [wrong]},
            "data_breach": False,
            "user_data": False,
        },
    }  # fmt: skip


def webhook(ended: datetime | None) -> dict[str, object]:
    """An Alertmanager webhook body about web, firing or, with an end, resolved."""
    status = "firing" if ended is None else "resolved"
    labels = {"alertname": "HighErrorRate", "service": "web", "severity": "critical", "env": "test"}
    return {
        "receiver": "nexus", "status": status, "version": "4", "groupKey": "{}:{alertname=\"HighErrorRate\"}",
        "groupLabels": {"alertname": "HighErrorRate"}, "commonLabels": labels, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example", "truncatedAlerts": 0,
        "alerts": [{
            "status": status, "labels": labels,
            "annotations": {"summary": "web: 30% of requests fail", "description": "5xx ratio above 10%."},
            "startsAt": (ALERT - timedelta(seconds=10)).isoformat(),
            "endsAt": ended.isoformat() if ended is not None else "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example", "fingerprint": "7aeb15eb9ae390c6",
        }],
    }  # fmt: skip


def case_world(folder: Path, ledger: Path, at: datetime = ALERT) -> tuple[World, VirtualClock]:
    """The case as a world on a virtual clock that starts at the alert."""
    clock = VirtualClock(at)
    return recorded_world(open_case(folder), clock, ledger), clock


def case_incident(opened_at: datetime = ALERT, *alerts: Alert) -> Incident:
    """An incident that the case's alert opened."""
    alert = Alert(
        source="alertmanager", title="HighErrorRate: web: 30% of requests fail", service="web",
        starts_at=ALERT - timedelta(seconds=10), received_at=ALERT, fingerprint="7aeb15eb9ae390c6",
        severity="critical",
    )  # fmt: skip
    return Incident(
        id="INC-1", title="web fails", engine="playbook", opened_at=opened_at, step=Step.TRIAGE,
        step_since=opened_at, alerts=alerts or (alert,),
    )  # fmt: skip


def case_sources(folder: Path, ledger: Path, at: datetime = ALERT) -> tuple[Sources, VirtualClock]:
    """What tools read: the world of the case, its clock, the incident."""
    world, clock = case_world(folder, ledger, at)
    return sources_of(world, clock), clock


def sources_of(world: World, clock: Clock, incident: Incident | None = None) -> Sources:
    """What tools read, around any world."""
    return Sources(world=world, clock=clock, incident=incident or case_incident())


@cache
def _telemetry() -> Mapping[Path, bytes]:
    """Its files by where they lie, made once in a process: their rows take a third of a second."""
    later = END + timedelta(minutes=35)
    told: list[tuple[str, datetime, datetime, Healths]] = [
        ("telemetry", START, END, lambda at: _BROKEN if at >= ONSET else _FINE),
        (f"aftermath/{ROLLBACK}", END, later, lambda _: _FINE),
        (f"aftermath/{WRONG}", END, later, lambda _: _WORSE),
    ]
    return {
        Path(folder, f"{kind}.parquet"): _packed(make(start, end, health))
        for folder, start, end, health in told
        for kind, make in (("metrics", _metrics), ("logs", _logs), ("traces", _traces))
    }


def _packed(frame: pl.DataFrame) -> bytes:
    file = BytesIO()
    frame.write_parquet(file, compression="zstd")
    return file.getvalue()


def _moments(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    return [start + index * step for index in range(int((end - start) / step))]


def _ripple(index: int) -> float:
    """A few percent up and down, so that no series is perfectly flat."""
    return 1 + 0.03 * ((index * 7) % 5 - 2)


def _metrics(start: datetime, end: datetime, health: Healths) -> pl.DataFrame:
    rows = []
    for index, at in enumerate(_moments(start, end, STEP)):
        state = health(at)
        for service in state.latency:
            values = {
                ("request_rate", "per_second"): 12.0 * _ripple(index),
                ("error_ratio", "ratio"): state.errors.get(service, 0.001) * _ripple(index),
                ("latency_p95", "seconds"): state.latency[service] * _ripple(index),
                ("cpu", "ratio"): 0.2 * _ripple(index),
            }
            rows += [
                (at, service, f"{service}-1", metric, "", value, unit)
                for (metric, unit), value in values.items()
            ]
        rows.append((at, "checkout", "checkout-1", "error_ratio", "payment", 0.0, "ratio"))
        earned = 600.0 * (1 - state.errors.get("checkout", 0.0))
        rows.append((at, "checkout", "checkout-1", "revenue_per_minute", "", earned, ""))
    columns = ["time", "service", "instance", "metric", "peer", "value", "unit"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(_time())


def _logs(start: datetime, end: datetime, health: Healths) -> pl.DataFrame:
    rows = []
    for index, at in enumerate(_moments(start, end, timedelta(seconds=2))):
        trace = f"{int(at.timestamp()):016x}"
        rows.append((at, "checkout", "checkout-1", "info", f"order {1000 + index} accepted", trace, "s2"))
        if (index * 3) % 10 < 10 * health(at).errors.get("checkout", 0.0):
            text = f"order {1000 + index} failed: TypeError: unsupported operand for *: 'float' and 'Decimal'"
            rows.append((at, "checkout", "checkout-1", "error", text, trace, "s2"))
    columns = ["time", "service", "instance", "level", "message", "trace_id", "span_id"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(_time())


def _traces(start: datetime, end: datetime, health: Healths) -> pl.DataFrame:
    rows = []
    for index, at in enumerate(_moments(start, end, timedelta(seconds=2))):
        state, trace = health(at), f"{int(at.timestamp()):016x}"
        fails = (index * 3) % 10 < 10 * state.errors.get("checkout", 0.0)
        status = "error" if fails else "ok"
        web, checkout = (int(state.latency[name] * 1e6 * _ripple(index)) for name in ("web", "checkout"))
        rows += [
            (at, web, trace, "s1", "", "web", "POST /orders", status),
            (at, checkout, trace, "s2", "s1", "checkout", "POST /checkout", status),
            (at, int(state.latency["payment"] * 1e6), trace, "s3", "s2", "payment", "POST /pay", "ok"),
            (at, int(state.latency["web"] * 2e5), f"{trace}b", "s1", "", "web", "GET /items", "ok"),
        ]
    columns = ["time", "duration_us", "trace_id", "span_id", "parent_id", "service", "operation", "status"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(_time())


def _time() -> pl.Expr:
    return pl.col("time").cast(pl.Datetime("us", "UTC"))


def _jsonl(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
