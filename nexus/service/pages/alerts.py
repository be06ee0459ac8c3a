"""The alerts of an incident: each with its last word, and why it joined. Pure."""

from collections.abc import Sequence

from incidents.alert import Alert, Label, Link
from incidents.disposition import ToldOutcome
from incidents.incident import Incident
from incidents.value import Moment, Value
from tools.felt import without_rule


class AlertView(Value):
    """One alert: what it says, whether it fires, of which service, why it is here, how often it was told."""

    fingerprint: str
    title: str
    source: str
    service: str | None
    firing: bool
    since: Moment
    severity: str | None
    description: str
    labels: tuple[Label, ...]
    links: tuple[Link, ...]
    reason: str
    times: int


def alerts(incident: Incident, outcomes: Sequence[ToldOutcome]) -> tuple[AlertView, ...]:
    """Its alerts, those that fire first."""
    found = [_view(one, outcomes) for one in incident.latest_alerts.values()]
    return tuple(sorted(found, key=lambda one: (not one.firing, one.since)))


def _view(alert: Alert, outcomes: Sequence[ToldOutcome]) -> AlertView:
    mine = [one for one in outcomes if one.fingerprint == alert.fingerprint]
    return AlertView(
        fingerprint=alert.fingerprint,
        title=without_rule(alert.title),
        source=alert.source,
        service=alert.service,
        firing=alert.firing,
        since=alert.since,
        severity=alert.severity,
        description=alert.description,
        labels=alert.labels,
        links=alert.links,
        reason=mine[0].reason if mine else "",
        times=sum(one.times for one in mine) or 1,
    )
