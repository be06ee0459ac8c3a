"""A person's report as an alert: one of the runbook's triggers, beside the alerts of monitoring."""

import hashlib
import json
from typing import Literal

from incidents.actor import Actor
from incidents.errors import UnknownName, UsageError
from incidents.runbook import Runbook
from incidents.value import Value
from tools.redaction.redact import redact


class Declared(Value):
    """What became of a report: the incident that it opened, or that has or knew it."""

    incident: str
    taken: Literal["opened", "joined", "known"]
    by: str


def report_body(
    title: str, service: str, severity: str | None, *, actor: Actor, known: tuple[str, ...], runbook: Runbook
) -> bytes:
    """A report in Nexus's own alert form, as the intake takes it; the same report again is the same alert.

    Args:
        title: what is wrong, in a sentence.
        service: where people see it, from the catalogue.
        severity: P0 to P3, or a word that the runbook knows; measured facts may raise it.
        actor: who reports it.
        known: the services of the catalogue.
        runbook: what severities mean.

    Raises:
        UsageError: nothing was said.
        UnknownName: no such service or severity.
    """
    if not title.strip():
        raise UsageError('Say what is wrong: nexus declare "customers cannot pay" --service NAME --by NAME')
    if service not in known:
        raise UnknownName("service", service, known)
    if severity is not None and runbook.severity_of_alert(severity) is None:
        raise UnknownName("severity", severity, runbook.alert_severities)
    said = redact(" ".join(title.split()))
    same = hashlib.sha256(repr((said.casefold(), service, actor.id)).encode()).hexdigest()[:16]
    body = {
        "title": said,
        "service": service,
        "severity": severity,
        "description": f"reported by {actor.name}",
        "labels": {"reported_by": actor.name},
        "fingerprint": f"report-{same}",
    }
    return json.dumps(body).encode()
