"""Writes the incidents of `database_incidents.yaml` as recorded cases, to run through the whole graph."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from incidents.changes import Change
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA
from tools.recorded.document import Document
from tools.recorded.write import Pages, new_case, write_document, write_pages

START = datetime(2026, 4, 7, 9, 0, tzinfo=UTC)
ONSET = START + timedelta(minutes=40)
ALERT = ONSET + timedelta(minutes=4)
END = ONSET + timedelta(minutes=30)
_EVERY = timedelta(seconds=15)

SERVICES = [
    {"name": "portal", "owner": "frontend", "user_facing": True, "depends_on": ["booking"], "instances": 2},
    {"name": "booking", "owner": "backend", "depends_on": ["ledger-db"], "instances": 3},
    {"name": "stats", "owner": "data", "depends_on": ["ledger-db"], "instances": 1},
    {"name": "ledger-db", "owner": "data", "kind": "database", "instances": 3},
]
#: What every world has, unless the incident says otherwise: unit and usual level.
_USUAL: dict[str, tuple[str, float]] = {
    "portal.error_ratio": ("ratio", 0.001),
    "portal.latency_p95": ("seconds", 0.08),
    "portal.request_rate": ("per_second", 40),
    "booking.error_ratio": ("ratio", 0.001),
    "booking.latency_p95": ("seconds", 0.05),
    "booking.request_rate": ("per_second", 40),
    "booking.cpu_usage": ("ratio", 0.3),
    "stats.request_rate": ("per_second", 1),
    "ledger-db.latency_p95": ("seconds", 0.01),
    "ledger-db.cpu_usage": ("ratio", 0.25),
    "ledger-db.memory_used_ratio": ("ratio", 0.5),
    "ledger-db.disk_used_ratio": ("ratio", 0.45),
    "ledger-db.up": ("count", 1),
}  # fmt: skip


def incidents(file: str) -> list[dict[str, Any]]:
    """The incidents of a file beside this one, in its order."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["incidents"]
    return found


def write(told: dict[str, Any], folder: Path) -> Path:
    """The case of one incident."""
    target = folder / str(told["id"])
    changes = [_change(dict(one)) for one in told.get("changes", ())]
    with new_case(target) as place:
        write_pages(
            place / "telemetry", Pages(metrics=_metrics(told), logs=_logs(told), changes=tuple(changes))
        )
        write_document(place, _document(told))
    return target


def _change(one: dict[str, Any]) -> Change:
    before = timedelta(minutes=one.pop("before"))
    return Change(time=ONSET - before, **one)


def _metrics(told: dict[str, Any]) -> pl.DataFrame:
    levels = {name: (unit, usual, usual) for name, (unit, usual) in _USUAL.items()}
    levels |= {name: tuple(level) for name, level in told["levels"].items()}
    over = ONSET + timedelta(minutes=told["alert"]["ends"]) if "ends" in told["alert"] else END
    rows = []
    for index in range(int((END - START) / _EVERY)):
        at = START + index * _EVERY
        ripple = 1 + 0.02 * ((index * 7) % 5 - 2)
        for name, (unit, usual, since) in levels.items():
            service, metric = name.split(".")
            level = since if ONSET <= at < over else usual
            said = level if unit == "count" else min(level * ripple, 1.0 if unit == "ratio" else 1e18)
            rows.append((at, service, f"{service}-1", metric, "", float(said), unit))
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def _logs(told: dict[str, Any]) -> pl.DataFrame:
    rows = []
    for number in range(int((END - START) / timedelta(seconds=20))):
        at = START + number * timedelta(seconds=20)
        rows += [
            (at, one["name"], f"{one['name']}-1", "info", "request done", "", "") for one in SERVICES[:3]
        ]
        rows.append((at, "ledger-db", "ledger-db-1", "info", "LOG:  checkpoint complete", "", ""))
    for service, lines in told.get("logs", {}).items():
        for number in range(180):
            at = ONSET + number * timedelta(seconds=10)
            rows += [(at, service, f"{service}-1", _level(text), text, "", "") for text in lines]
    return pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row").sort("time")


def _level(text: str) -> str:
    return "warn" if text.startswith(("LOG:", "WARNING:")) else "error"


def _document(told: dict[str, Any]) -> Document:
    at, alert = ALERT, told["alert"]
    return Document.model_validate(
        {
            "format": 1,
            "id": told["id"],
            "title": alert["title"],
            "system": "databases",
            "window": {"from": START, "to": END},
            "baseline": {"from": START, "to": START + timedelta(minutes=20)},
            "alerts": list(_alerts(alert, at)),
            "services": SERVICES,
            "truth": {
                "cause": {"note": told["note"]},
                "actions": {
                    "right": [_action(one) for one in told["right"]],
                    "wrong": [_action(one) for one in told["wrong"]],
                },
            },
        }
    )


def _alerts(alert: dict[str, Any], at: datetime) -> Iterator[dict[str, Any]]:
    ends = [None, at + timedelta(minutes=1)] if "ends" in alert else [None]
    for end in ends:
        labels = {"alertname": alert["title"], "service": alert["service"], "severity": "critical"}
        one = {
            "status": "resolved" if end else "firing",
            "labels": labels,
            "annotations": {"summary": alert["title"]},
            "startsAt": at.isoformat(),
            "endsAt": end.isoformat() if end else "0001-01-01T00:00:00Z",
            "fingerprint": "f00d",
        }
        yield {
            "at": end or at,
            "source": "alertmanager",
            "payload": {
                "version": "4",
                "status": one["status"],
                "receiver": "nexus",
                "groupKey": "g",
                "alerts": [one],
            },
        }


def _action(text: str) -> dict[str, str | None]:
    kind, service, *to = text.split()
    return {"kind": kind, "service": service, "to": to[0] if to else None}
