"""What the first alert would wait for: rules that are compiled, and libraries that begin, when first used."""

from datetime import UTC, datetime, timedelta
from functools import cache

import polars as pl

from graph.build import build
from nexus.books import runbook_of
from nexus.config import Settings
from tools.analysis import (
    LOGS_SCHEMA,
    METRICS_SCHEMA,
    TRACES_SCHEMA,
    Symptom,
    Telemetry,
    Topology,
    rank_suspects,
)
from tools.levels import signal_frame
from tools.live.trust import system_trust
from tools.redact import patterns

_BEGAN = datetime(2000, 1, 1, tzinfo=UTC)
_MINUTES = 12


def warm(settings: Settings) -> None:
    """Make a process ready; called again it costs nothing.

    Raises:
        SettingsError: the runbook or the roster breaks a rule.
    """
    build(runbook_of(settings))
    warm_analysis()
    system_trust()
    patterns()


@cache
def warm_analysis() -> None:
    """Rank a few made rows: an error rate that grows, a line and a call in each minute."""
    times = [_BEGAN + timedelta(minutes=minute) for minute in range(_MINUTES)]
    at = times[-2]
    metrics = [(time, "a", "a-0", "error_ratio", "", float(time >= at), "ratio") for time in times]
    logs = [(time, "a", "a-0", "error", f"call {time} failed", f"{time}", "1") for time in times]
    spans = [(time, 10, f"{time}", "1", "", "a", "GET /", "error") for time in times]
    seen = Telemetry(
        metrics=pl.DataFrame(metrics, METRICS_SCHEMA, orient="row"),
        logs=pl.DataFrame(logs, LOGS_SCHEMA, orient="row"),
        traces=pl.DataFrame(spans, TRACES_SCHEMA, orient="row"),
    )
    signal_frame(seen)
    rank_suspects(seen, seen, Topology(), Symptom(service="a", at=at), ())
