"""What the monitoring sent, kept beside the incident as it came, without the secrets: for `nexus record`."""

import hashlib
import json
from datetime import datetime

from incidents.alert import Alert
from incidents.value import iso
from nexus.files import IncidentFiles
from tools.alerts.formats import payload_of
from tools.recorded import CaseAlert
from tools.redaction.tree import redact_tree

_FOLDER = "alerts"


def without_secrets(alert: CaseAlert) -> bytes:
    """The body of a delivery as it may be kept."""
    return json.dumps(redact_tree(payload_of(alert.body))).encode()


def keep_delivery(folder: IncidentFiles, incident: str, alert: CaseAlert) -> None:
    """Keep one delivery; the same again changes nothing."""
    payload = redact_tree(payload_of(alert.body))
    content = {"at": iso(alert.at), "source": alert.source, "payload": payload}
    name = hashlib.sha256(alert.body).hexdigest()[:12]
    folder.keep(incident, f"{_FOLDER}/{alert.at:%Y%m%dT%H%M%S}-{name}.json", json.dumps(content).encode())


def deliveries(folder: IncidentFiles, incident: str) -> tuple[CaseAlert, ...]:
    """The kept deliveries of an incident, oldest first."""
    found = []
    for path in sorted(folder.path(incident, _FOLDER).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        body = json.dumps(content["payload"]).encode()
        found.append(CaseAlert(at=content["at"], source=content["source"], body=body))
    return tuple(sorted(found, key=lambda alert: alert.at))


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
