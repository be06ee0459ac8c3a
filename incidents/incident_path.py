"""What an incident is about and what merely deviates at the same time: by the path of its alerts. Pure.

The path of an incident is the services that its alerts name, all that these call and all that call them; of
alerts that name none, what stands on the host, zone or cluster that they are about. What deviates beside it
may be another incident: it is named, but neither owned nor changed.
"""

from collections.abc import Collection, Iterable

from incidents.alert import Alert
from incidents.catalogue import Catalogue, ServiceKind
from incidents.topology import around


def path_of(alerts: Iterable[Alert], catalogue: Catalogue) -> frozenset[str] | None:
    """The services on the path of alerts; None where no service of the catalogue is known for any of them.

    That the monitoring is silent is about no service: none is on its path.

    A host or a site of somebody else (external) to which no call is known may carry anything: it is on every
    path.
    """
    alerts = tuple(alerts)
    named = {name for name in _subjects(alerts) if catalogue.find(name)}
    if not named:
        return frozenset() if is_silence(alerts) else None
    carriers = {
        one.name
        for one in catalogue.of_kind(ServiceKind.EXTERNAL)
        if not one.depends_on and one.name not in catalogue.callers
    }
    return around(named, catalogue) | carriers


def is_silence(alerts: Collection[Alert]) -> bool:
    """Whether nothing is told but that a heartbeat stays away."""
    return bool(alerts) and all(alert.tells_silence for alert in alerts)


def is_beside(service: str, alerts: Iterable[Alert], catalogue: Catalogue) -> bool:
    """Whether a service is known not to be on the path of alerts."""
    path = path_of(alerts, catalogue)
    return path is not None and service not in path


def why_beside(service: str, alerts: Iterable[Alert]) -> str:
    """How people are told that a service is not on the path."""
    named = sorted(_subjects(alerts))
    if not named:
        return f"{service} is not what the alerts are about: the monitoring itself is silent"
    return f"{service} neither calls {', '.join(named)} nor is called by it, as far as the catalogue says"


def _subjects(alerts: Iterable[Alert]) -> frozenset[str]:
    """The services that alerts name, else those that stand where they are about."""
    alerts = tuple(alerts)
    named = frozenset(alert.service for alert in alerts if alert.service)
    return named or frozenset(
        name for alert in alerts if alert.matched_by is not None for name in alert.matched_by.services
    )
