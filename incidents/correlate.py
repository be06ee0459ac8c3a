"""Which incident an alert belongs to: a storm of alerts out of one fault is one incident. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.alert import Alert
from incidents.catalogue import Catalogue
from incidents.incident import Incident


def home_of(
    alerts: Sequence[Alert],
    incidents: Sequence[Incident],
    catalogue: Catalogue,
    now: datetime,
    join_within: timedelta,
) -> Incident | None:
    """The open incident that a delivery belongs to, or None if it should open one of its own.

    A condition that an incident knows (the same fingerprint) belongs to it. Otherwise the delivery joins the
    youngest incident that is younger than `join_within`, on whose services one of its own depends, or which
    depend on it, over any number of calls. An alert without a known service joins nothing.
    """
    candidates = sorted((i for i in incidents if i.open), key=lambda i: (i.opened_at, i.id), reverse=True)
    fingerprints = {alert.fingerprint for alert in alerts}
    for incident in candidates:
        if fingerprints & {alert.fingerprint for alert in incident.alerts}:
            return incident
    reached = _around({alert.service for alert in alerts if alert.service}, catalogue)
    for incident in candidates:
        if now - incident.opened_at < join_within and reached & set(incident.services):
            return incident
    return None


def with_known_starts(alerts: Sequence[Alert], known: Sequence[Alert]) -> tuple[Alert, ...]:
    """Alerts that came without a start that counts, with that of the firing which they repeat or end.

    Without it each repetition of a condition would look like a new one, and its end like that of another.

    Args:
        alerts: as they were read from a delivery.
        known: what the incident was told before, in order.
    """
    last = {alert.fingerprint: alert for alert in known}
    return tuple(_with_known_start(alert, last.get(alert.fingerprint)) for alert in alerts)


def _with_known_start(alert: Alert, last: Alert | None) -> Alert:
    begins_anew = last is None or (alert.firing and not last.firing)
    if alert.start_sent or begins_anew or last is None:
        return alert
    return alert.model_copy(update={"starts_at": last.starts_at})


def _around(services: set[str], catalogue: Catalogue) -> set[str]:
    """The services themselves, all that they need and all that need them."""
    down = {service.name: set(service.depends_on) for service in catalogue.services}
    up: dict[str, set[str]] = {}
    for name, needs in down.items():
        for need in needs:
            up.setdefault(need, set()).add(name)
    return _closure(services, down) | _closure(services, up)


def _closure(start: set[str], edges: dict[str, set[str]]) -> set[str]:
    found, left = set(start), list(start)
    while left:
        fresh = edges.get(left.pop(), set()) - found
        found |= fresh
        left += fresh
    return found
