"""Severity floors: what measured facts alone justify, and what the senders of alerts said. One rule for all.

The graph's classification and the playbook's triage both rest on it. Roles may go higher, never lower.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from incidents.alert import Alert
from incidents.reports import Impact
from incidents.runbook import Floor, Runbook
from incidents.severity import Severity


class Measured(Protocol):
    """The figures that floors look at. None is no data, which is not zero."""

    @property
    def down(self) -> tuple[str, ...]:
        """User-facing services that answer nothing at all."""
        ...

    @property
    def error_ratio(self) -> float | None:
        """The worst share of failed requests of a user-facing service, 0 to 1."""
        ...

    @property
    def latency_times(self) -> float | None:
        """The worst user-facing latency as a multiple of its baseline."""
        ...


class Classified(NamedTuple):
    """A severity and the sentence that justifies it."""

    severity: Severity
    reason: str


def holds(floor: Floor, measured: Measured, impact: Impact) -> bool:
    """Whether what was measured, or is known of the impact, meets a floor's condition."""
    return (
        (floor.user_facing_down and bool(measured.down))
        or (floor.data_breach and impact.data_breach_suspected)
        or (floor.error_ratio is not None and (measured.error_ratio or 0.0) >= floor.error_ratio)
        or (floor.latency_times is not None and (measured.latency_times or 0.0) >= floor.latency_times)
    )


def floor_of(measured: Measured, impact: Impact, runbook: Runbook) -> Classified | None:
    """The most severe floor whose condition is met; None if none is."""
    met = [floor for floor in runbook.floors if holds(floor, measured, impact)]
    worst = min(met, key=lambda floor: floor.severity.rank, default=None)
    return Classified(worst.severity, worst.reason) if worst else None


def alert_severity(alerts: Iterable[Alert], runbook: Runbook) -> Severity | None:
    """The most severe level that the senders of alerts gave, translated by the runbook's table."""
    given = (runbook.severity_of_alert(alert.severity) for alert in alerts)
    return min((one for one in given if one), key=lambda severity: severity.rank, default=None)
