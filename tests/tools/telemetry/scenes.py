"""Hand-made metrics of a small shop, as a world that can be looked at."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from incidents.alert import Alert
from incidents.catalogue import Catalogue, Service
from incidents.findings import Window
from incidents.incident import Incident
from incidents.severity import Step
from tools.analysis import METRICS_SCHEMA
from tools.clock import VirtualClock
from tools.live.unconfigured import Unconfigured
from tools.ports import AlertRules, World
from tools.telemetry.alert_rules import AlertRule
from tools.toolset import Sources

ALERT = datetime(2026, 3, 12, 10, 30, tzinfo=UTC)
#: The fault begins two and a half minutes before the alert.
FAULT = ALERT - timedelta(seconds=150)
STEP = timedelta(seconds=15)
UNITS = {
    "request_rate": "per_second", "error_ratio": "ratio", "success_rate": "percent", "latency_p95": "seconds",
    "errors_5xx": "per_second", "up": "count", "http_errors_total": "count", "cpu": "ratio",
}  # fmt: skip
INSTANCES = {"web": 2, "checkout": 2, "payment": 2, "catalogue": 1}

#: What an instance of a service reports of a metric at a moment; None: there is no row.
Says = Callable[[str, str, datetime], float | None]

SHOP = Catalogue(
    services=(
        Service(name="web", user_facing=True, depends_on=("checkout", "catalogue")),
        Service(name="checkout", depends_on=("payment",)),
        Service(name="payment"),
        Service(name="catalogue"),
        Service(name="mailer"),
    )
)


def usual(metric: str, moment: datetime) -> float | None:
    """What everybody reports on a quiet day."""
    ripple = moment.second % 7
    return {"request_rate": 20 + 0.1 * ripple, "error_ratio": 0.001, "latency_p95": 0.12 + 0.002 * ripple,
            "up": 1.0}.get(metric)  # fmt: skip


def frame(says: Says, start: datetime = ALERT - timedelta(minutes=40)) -> pl.DataFrame:
    """The rows of all services until three minutes after the alert."""
    end = ALERT + timedelta(minutes=3)
    moments = [start + STEP * n for n in range(int((end - start) / STEP))]
    rows = [
        (at, service, f"{service}-{n}", metric, "", value, unit)
        for service, count in INSTANCES.items()
        for n in range(count)
        for metric, unit in UNITS.items()
        for at in moments
        if (value := says(service, metric, at)) is not None
    ]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row").sort("time")


class Held:
    """The metrics port over a frame."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self._rows = rows

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        found = self._rows.filter(pl.col("time").is_between(window.start, window.end, closed="left"))
        return found.filter(pl.col("service").is_in(list(services))) if services else found


class Told:
    """A team's alert rules."""

    def __init__(self, *rules: AlertRule) -> None:
        self._rules = rules

    async def alert_rules(self) -> tuple[AlertRule, ...]:
        return self._rules


def looked_at(
    rows: pl.DataFrame, at: datetime = ALERT + timedelta(minutes=1), rules: AlertRules | None = None
) -> Sources:
    """The world of these rows, seen by an incident that an alert about checkout opened."""
    alert = Alert(
        source="alertmanager", title="OrdersFail: orders fail", service="checkout", starts_at=ALERT,
        received_at=ALERT, fingerprint="a", severity="critical",
    )  # fmt: skip
    incident = Incident(
        id="INC-1", title="orders fail", engine="playbook", opened_at=ALERT, step=Step.TRIAGE,
        step_since=ALERT, alerts=(alert,),
    )  # fmt: skip
    world = World(
        catalogue=SHOP, metrics=Held(rows), logs=Unconfigured("logs"), traces=Unconfigured("traces"),
        changes=Unconfigured("changes"), actions=Unconfigured("actions"),
        quiet=None, rules=rules,
    )  # fmt: skip
    return Sources(world=world, clock=VirtualClock(at), incident=incident)
