"""A person's report as an alert: one of the runbook's triggers, beside the alerts of monitoring."""

import hashlib
import json
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import UnknownName, UsageError
from incidents.runbook import Runbook
from incidents.value import Value
from nexus.config.runbook import runbook_of
from nexus.service.restricting import hidden
from nexus.store.audit import Deed, DeedKind
from tools.redaction.redact import redact

if TYPE_CHECKING:
    from nexus.service.intake import AlertIntake


#: One character that is left of a text once it is cleaned, as every alert's.
_TOLD = r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"


class Report(Value):
    """What a person reports that no alert has told."""

    title: str = Field(pattern=_TOLD, max_length=2000, description="what is wrong, in a sentence")
    service: str = Field(min_length=1, max_length=500, description="where it is seen, from the catalogue")
    severity: str | None = Field(
        default=None, max_length=100, description="P0 to P3, as it is seen; what is measured may raise it"
    )


class Declared(Value):
    """What became of a report: the incident that it opened, or that has or knew it."""

    incident: str | None = Field(description="its id; null: whoever reports does not see the one that has it")
    taken: Literal["opened", "joined", "known"]
    by: str


async def declare(intake: "AlertIntake", said: Report, *, actor: Actor) -> Declared:
    """Take a person's report in, in a live world; raises as `report_body`.

    Raises:
        Forbidden: who reports may not work on incidents.
        Busy: too much waits.
    """
    intake.site.policy.require(actor, Permission.RESPOND)
    return await _taken(intake, said, actor, f"reported by {actor.name}", "report")


async def raise_alert(intake: "AlertIntake", said: Report, *, actor: Actor) -> Declared:
    """Take an alert in that a program raises for a person; no person has seen what it says.

    Raises:
        Forbidden: their program may not.
        Busy: too much waits.
    """
    intake.site.policy.require(actor, Permission.OPEN)
    return await _taken(intake, said, actor, f"raised by a program of {actor.name}", "program")


async def _taken(intake: "AlertIntake", said: Report, actor: Actor, how: str, kind: str) -> Declared:
    runbook = runbook_of(intake.home.settings)
    known = intake.site.catalogue.names
    body = report_body(
        said.title, said.service, said.severity, actor=actor, known=known, runbook=runbook, how=how, kind=kind
    )
    receipt = await intake.receive(body, "nexus")
    deed = Deed.by(actor, DeedKind.DECLARE, intake.clock.now(), receipt.incident, said=receipt.taken)
    await intake.home.store.record(deed)
    seen = receipt.incident not in await hidden(intake.home.store, actor)
    return Declared.model_validate(
        {"incident": receipt.incident if seen else None, "taken": receipt.taken.value, "by": actor.name}
    )


def report_body(
    title: str, service: str, severity: str | None, *, actor: Actor, known: tuple[str, ...], runbook: Runbook,
    how: str | None = None, kind: str = "report",
) -> bytes:  # fmt: skip
    """A report in Nexus's own alert form, as the intake takes it; the same report again is the same alert.

    Args:
        title: what is wrong, in a sentence.
        service: where people see it, from the catalogue.
        severity: P0 to P3, or a word that the runbook knows; measured facts may raise it.
        actor: who reports it.
        known: the services of the catalogue.
        runbook: what severities mean.
        how: by what way it came, as its description; None: they reported it.
        kind: the beginning of its fingerprint.

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
        "description": how or f"reported by {actor.name}",
        "labels": {"reported_by" if kind == "report" else "raised_for": actor.name},
        "fingerprint": f"{kind}-{same}",
    }
    return json.dumps(body).encode()
