"""Which incident an alert belongs to: a storm of alerts out of one fault is one incident. Pure."""

from collections.abc import Iterable, Sequence

from incidents.alert import Alert
from incidents.catalogue import Catalogue


def connected(alerts: Iterable[Alert], catalogue: Catalogue) -> frozenset[str]:
    """The services of alerts, all that these need and all that need them, over any number of calls.

    The alerts belong to a young incident on one of them; one without a service only by its fingerprint.
    """
    return frozenset(_around({alert.service for alert in alerts if alert.service}, catalogue))


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
