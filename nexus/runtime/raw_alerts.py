"""What the monitoring sent, as it came, without the secrets: for `nexus record`, and to be read again."""

import json
from datetime import datetime

from incidents.alert import Alert
from incidents.errors import AlertError
from incidents.incident import Incident
from incidents.value import iso
from nexus.files import IncidentFolder
from nexus.store.deliveries import AlertDelivery, Disposition, Filing
from nexus.store.port import IncidentStore
from tools.alerts.formats import payload_of
from tools.recorded import CaseAlert

#: Where bodies lay before the store kept them; what lies there is read still.
_FOLDER = "alerts"


def kept_body(body: bytes) -> bytes:
    """The body of a delivery as it is kept: JSON where it can be. The store takes the secrets out."""
    if body[:1] in (b"{", b"["):
        return body
    try:
        return json.dumps(payload_of(body)).encode()
    except AlertError:
        return body


async def file_alerts(store: IncidentStore, incident: Incident, sent: CaseAlert) -> None:
    """File the delivery that opened an incident of a recorded world."""
    delivery = AlertDelivery(received_at=sent.at, sender=sent.source, body=kept_body(sent.body))
    filing = Filing(disposition=Disposition.OPENED, incident=incident.id)
    await store.take_in(delivery, "", lambda view: filing)


async def deliveries(store: IncidentStore, folder: IncidentFolder, incident: str) -> tuple[CaseAlert, ...]:
    """The deliveries of an incident whose bodies are kept, oldest first."""
    found = _in_folder(folder, incident)
    for one in await store.deliveries(incident):
        if one.body is not None:
            found.append(CaseAlert(at=one.received_at, source=one.sender, body=one.body))
    return tuple(sorted(found, key=lambda alert: alert.at))


def _in_folder(folder: IncidentFolder, incident: str) -> list[CaseAlert]:
    found = []
    for path in sorted(folder.path(incident, _FOLDER).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        body = json.dumps(content["payload"]).encode()
        found.append(CaseAlert(at=content["at"], source=content["source"], body=body))
    return found


def told_again(alert: Alert) -> CaseAlert:
    """An alert in the home's own form, where its sender's words were not kept; it reads back as the same."""
    payload = {
        "title": alert.title,
        "service": alert.service,
        "status": alert.status.value,
        "started_at": iso(alert.starts_at),
        "ended_at": iso(alert.ends_at) if alert.ends_at is not None else None,
        "severity": alert.severity,
        "description": alert.description,
        "labels": {label.name: label.value for label in alert.labels},
        "annotations": {note.name: note.value for note in alert.annotations},
        "links": {link.name: link.url for link in alert.links},
        "group": alert.group,
        "fingerprint": alert.fingerprint,
    }
    return CaseAlert(at=alert.received_at, source="nexus", body=json.dumps(payload).encode())


def delivered(body: bytes, at: datetime, sender: str) -> CaseAlert:
    """A body that was read by the form of this sender, as it arrived."""
    return CaseAlert(at=at, source=sender, body=body)
