"""Where past alerts are found: in a Prometheus, in what this home was sent, in a file."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from evals.backtest.occurrence import Told
from incidents.alert import Alert
from incidents.catalogue import Catalogue
from incidents.errors import AlertError
from incidents.findings import Window
from incidents.value import iso
from nexus.home import Home
from nexus.runtime.raw_alerts import deliveries, told_again
from nexus.store.lists import EVERY
from nexus.store.records import WorldKind
from tools.alerts.formats import parse_alerts
from tools.alerts.matching.match import Matcher
from tools.alerts.matching.names import ServiceNames
from tools.live.metrics.firings import Firing
from tools.recorded import CaseAlert

PROMETHEUS, OWN = "Prometheus", "what was sent here"
#: So many incidents are listed at once.
_PAGE = 200


def of_firings(firings: Iterable[Firing]) -> tuple[CaseAlert, ...]:
    """Firings as Alertmanager would have sent them, each alone; annotations are not known any more."""
    found = []
    for one in firings:
        found.append(_notification(one, "firing", one.start))
        if one.end is not None:
            found.append(_notification(one, "resolved", one.end))
    return tuple(found)


async def of_home(home: Home, window: Window) -> tuple[CaseAlert, ...]:
    """What opened and joined the live incidents of this home in a window, as it was sent."""
    found: list[CaseAlert] = []
    after: str | None = None
    while page := await home.store.page(EVERY, _PAGE, after):
        for summary in page:
            if not window.start <= summary.opened_at < window.end:
                continue
            if (await home.store.world_of(summary.id)).kind is WorldKind.LIVE:
                incident = await home.find(summary.id)
                kept = await deliveries(home.store, home.folder, summary.id)
                found += kept or tuple(told_again(alert) for alert in incident.alerts)
        after = page[-1].id
        if page[-1].opened_at < window.start:
            break
    return tuple(sorted(found, key=lambda one: one.at))


def read(sent: Iterable[CaseAlert], source: str, catalogue: Catalogue, unread: list[str]) -> tuple[Told, ...]:
    """The alerts in deliveries, each of the service that the catalogue means; `unread` notes the others.

    Names that people confirmed since are not asked. A delivery that calls a service otherwise than the
    catalogue does is told again in the home's own form, so that its replay knows whom it is about.
    """
    found, matcher = [], Matcher(ServiceNames(catalogue.services))
    for one in sent:
        try:
            alerts = parse_alerts(one.body, one.at, one.source, catalogue)
        except AlertError as error:
            unread.append(f"{source}, {iso(one.at)}: {error}")
            continue
        known = [_matched(alert, matcher) for alert in alerts]
        if [alert.service for alert in known] == [alert.service for alert in alerts]:
            found += [Told(delivery=one, alerts=alerts, source=source)] if alerts else []
        else:
            found += [Told(delivery=told_again(each), alerts=(each,), source=source) for each in known]
    return tuple(found)


def _matched(alert: Alert, matcher: Matcher) -> Alert:
    """With its service by the catalogue; of what the catalogue does not know, as it is called."""
    match = matcher.match({one.name: one.value for one in alert.labels}, alert.source, alert.service)
    return alert.model_copy(update={"service": match.service or alert.service})


def _notification(one: Firing, status: str, at: datetime) -> CaseAlert:
    """A notification of one alert, version 4."""
    labels = dict(sorted(one.labels.items()))
    alert: Mapping[str, object] = {
        "status": status,
        "labels": labels,
        "annotations": {},
        "startsAt": iso(one.start),
        "endsAt": iso(at) if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "",
    }
    body = {
        "version": "4", "status": status, "receiver": "nexus", "groupKey": "", "truncatedAlerts": 0,
        "groupLabels": {}, "commonLabels": labels, "commonAnnotations": {}, "externalURL": "",
        "alerts": [alert],
    }  # fmt: skip
    return CaseAlert(at=at, source="alertmanager", body=json.dumps(body).encode())
