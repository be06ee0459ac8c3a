"""A made shop of five services, sampled every ten seconds, that can be broken in one place."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from incidents.changes import Change, ChangeKind
from tools.analysis import (
    LOGS_SCHEMA,
    METRICS_SCHEMA,
    TRACES_SCHEMA,
    Node,
    NodeKind,
    Symptom,
    Telemetry,
    Topology,
)

START = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
ONSET = START + timedelta(minutes=12)
ALERT = ONSET + timedelta(minutes=2)
END = ONSET + timedelta(minutes=8)

CALLS = {
    "web": ("checkout",),
    "checkout": ("payment", "catalogue"),
    "payment": (),
    "catalogue": ("database",),
    "database": (),
}
#: Requests per second and seconds per request of each service on a quiet day.
QUIET = {
    "web": (20.0, 0.2),
    "checkout": (20.0, 0.15),
    "payment": (20.0, 0.03),
    "catalogue": (20.0, 0.06),
    "database": (20.0, 0.02),
}
UNITS = {
    "request_rate": "per_second", "error_ratio": "ratio", "latency_p50": "seconds", "latency_p95": "seconds",
    "cpu": "ratio", "memory": "bytes", "connections_in_use": "count",
}  # fmt: skip

BAD_DEPLOY = Change(
    time=ONSET - timedelta(minutes=1), id="chg-7", service="checkout", kind=ChangeKind.DEPLOY,
    version_from="2024.06.1", version_to="2024.06.2", author="sam", summary="new tax rules",
)  # fmt: skip
INNOCENT = Change(
    time=ONSET - timedelta(hours=3),
    id="chg-6",
    service="payment",
    kind=ChangeKind.CONFIG,
    summary="log level",
)


@dataclass(frozen=True)
class Fault:
    """What happens to one service from the onset on."""

    service: str = ""
    slower: float = 1.0
    failing: float = 0.0
    cpu: float = 0.0
    edge_delay: dict[tuple[str, str], float] = field(default_factory=dict)


def topology(name: dict[str, str] | None = None) -> Topology:
    called = name or {service: service for service in CALLS}
    return Topology(
        nodes=tuple(
            Node(
                name=called[service],
                kind=NodeKind.DATABASE if service == "database" else NodeKind.SERVICE,
                depends_on=tuple(called[one] for one in callees),
            )
            for service, callees in CALLS.items()
        )
    )


def symptom(service: str = "web") -> Symptom:
    return Symptom(service=service, at=ALERT)


def _extra(service: str, fault: Fault) -> float:
    """Extra seconds of a service: its own and those of everything it calls."""
    own = QUIET[service][1] * (fault.slower - 1) if service == fault.service else 0.0
    below = sum(
        _extra(callee, fault) + fault.edge_delay.get((service, callee), 0.0) for callee in CALLS[service]
    )
    return own + below


def _failing(service: str, fault: Fault) -> float:
    return max(
        [
            fault.failing if service == fault.service else 0.0,
            *(_failing(one, fault) for one in CALLS[service]),
        ]
    )


def _sample(service: str, fault: Fault, noise: random.Random) -> dict[str, float]:
    rate, seconds = QUIET[service]

    def wobble() -> float:
        return noise.uniform(0.97, 1.03)

    p50 = (seconds + _extra(service, fault)) * wobble()
    return {
        "request_rate": rate * wobble(),
        "error_ratio": _failing(service, fault) * wobble() + noise.uniform(0, 0.002),
        "latency_p50": p50,
        "latency_p95": p50 * 2 * wobble(),
        "cpu": min(1.0, 0.3 * wobble() + (fault.cpu if service == fault.service else 0.0)),
        "memory": 4e8 * wobble(),
        "connections_in_use": float(round(10 * wobble())),
    }


def metrics(fault: Fault, seed: int = 1) -> pl.DataFrame:
    noise = random.Random(seed)  # noqa: S311
    rows = []
    at = START
    while at < END:
        now = fault if at >= ONSET else Fault()
        for service, callees in CALLS.items():
            for metric, value in _sample(service, now, noise).items():
                rows.append((at, service, f"{service}-1", metric, "", value, UNITS[metric]))
            for callee in callees:
                delay = now.edge_delay.get((service, callee), 0.0) + _extra(callee, now)
                value = (QUIET[callee][1] + delay + 0.001) * noise.uniform(0.97, 1.03)
                rows.append((at, service, f"{service}-1", "latency_p50", callee, value, "seconds"))
        at += timedelta(seconds=10)
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def logs(fault: Fault) -> pl.DataFrame:
    rows = []
    at, number = START, 0
    while at < END:
        number += 1
        span, trace = f"ch{number:06d}", f"{number:06d}"
        rows.append((at, "checkout", "checkout-1", "info", f"order {number} accepted", trace, span))
        if at >= ONSET and fault.service == "checkout" and fault.failing and number % 3 == 0:
            message = f"order {number} failed: KeyError: 'tax'"
            rows.append(
                (at + timedelta(milliseconds=5), "checkout", "checkout-1", "error", message, trace, span)
            )
        at += timedelta(seconds=2)
    return pl.DataFrame(rows, schema=LOGS_SCHEMA, orient="row")


def traces(fault: Fault) -> pl.DataFrame:
    rows = []
    at, number = START, 0
    while at < END:
        number += 1
        now = fault if at >= ONSET else Fault()
        failed = number % 3 == 0 and now.failing > 0
        rows += _trace(at, number, now, failed)
        at += timedelta(seconds=2)
    return pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row")


def _trace(at: datetime, number: int, now: Fault, failed: bool) -> list[tuple[object, ...]]:
    trace = f"{number:06d}"
    wobble = number % 7 * 100

    def span(service: str, parent: str) -> list[tuple[object, ...]]:
        micros = int((QUIET[service][1] + _extra(service, now)) * 1e6) + wobble
        status = "error" if failed and _failing(service, now) else "ok"
        key = f"{service[:2]}{trace}"
        # A failing checkout gives up before it charges.
        callees = () if failed and service == now.service else CALLS[service]
        own = (at, micros, trace, key, parent, service, f"/{service}", status)
        return [own, *(row for callee in callees for row in call(service, callee, key))]

    def call(service: str, callee: str, parent: str) -> list[tuple[object, ...]]:
        seconds = QUIET[callee][1] + _extra(callee, now) + now.edge_delay.get((service, callee), 0.0)
        key = f"{service[:2]}-{callee[:2]}{trace}"
        way = (at, int(seconds * 1e6) + wobble + 500, trace, key, parent, service, f"call /{callee}", "ok")
        return [way, *span(callee, key)]

    return span("web", "")


def shop(fault: Fault, seed: int = 1, everything: bool = True) -> Telemetry:
    """The shop's telemetry; `everything` adds logs and traces to the metrics."""
    empty = Telemetry.empty()
    if not everything:
        return Telemetry(metrics=metrics(fault, seed), logs=empty.logs, traces=empty.traces)
    return Telemetry(metrics=metrics(fault, seed), logs=logs(fault), traces=traces(fault))


BAD_CHECKOUT = Fault(service="checkout", slower=2.0, failing=0.3)
