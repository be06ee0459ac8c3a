"""What an alert says hurts: errors, latency, saturation or traffic, told from its labels and title."""

import re
from datetime import datetime, timedelta

from incidents.alert import Alert
from incidents.incident import Incident
from incidents.verification import SignalKind
from tools.analysis import Symptom
from tools.analysis.conventions import conventions

#: An alert that began longer ago than this is older than the incident that it opened.
STALE = timedelta(minutes=20)

_KINDS = {
    "errors": SignalKind.ERRORS,
    "success": SignalKind.ERRORS,
    "up": SignalKind.ERRORS,
    "latency": SignalKind.LATENCY,
    "saturation": SignalKind.SATURATION,
    "traffic": SignalKind.TRAFFIC,
}
#: What people write in titles that no metric is called.
_PROSE = (
    (SignalKind.ERRORS, re.compile(r"\b(down|unreachable|broken|outage|unavailable)\b", re.IGNORECASE)),
    (SignalKind.LATENCY, re.compile(r"\b(slow\w*|p\d\d|apdex|hang\w*)\b", re.IGNORECASE)),
)


def symptom_kind(alert: Alert) -> SignalKind | None:
    """The kind of signal that an alert is about, or None if it cannot be told."""
    texts = (alert.label("metric"), alert.label("alertname"), alert.title, alert.description)
    for text in texts:
        if text is None:
            continue
        named = _KINDS.get(conventions().meaning(text).family)
        if named is not None and named is not SignalKind.SATURATION:
            return named
        for kind, pattern in _PROSE:
            if pattern.search(text):
                return kind
        if named is not None:  # many words may mean that something ran short
            return named
    return None


def began(incident: Incident) -> datetime:
    """When the trouble was first told, no later than the opening.

    An alert that has fired for long before it opened this incident says nothing about when this one began.
    """
    told = [alert.starts_at for alert in incident.alerts if alert.starts_at > incident.opened_at - STALE]
    return min([*told, incident.opened_at])


def symptom_of(incident: Incident) -> Symptom:
    """Where it hurts, since when and how, from the first alert that names a service."""
    named = [alert for alert in incident.alerts if alert.service] or list(incident.alerts)
    if not named:
        return Symptom(service=None, at=incident.opened_at)
    first = min(named, key=lambda alert: alert.starts_at)
    kind = symptom_kind(first)
    return Symptom(
        service=first.service,
        at=began(incident),
        kind=kind.value if kind is not None else "unknown",
    )
