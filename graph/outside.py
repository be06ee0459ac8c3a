"""What people changed outside of Nexus, as evidence that roles and reports can cite."""

import hashlib
from datetime import datetime

from graph.state import Deps
from incidents.findings import Evidence, EvidenceStatus
from incidents.incident import Incident
from incidents.notes import OutsideChange
from incidents.value import iso

#: The name under which it is kept among the answers of tools.
OUTSIDE_CHANGE = "outside_change"


async def keep_outside_changes(deps: Deps, before: Incident, after: Incident) -> None:
    """Keep what was added from one incident to the other; the same again changes nothing."""
    for change in after.outside_changes[len(before.outside_changes) :]:
        evidence, body = as_evidence(after, change, deps.clock.now())
        await deps.evidence.put(evidence, body)


def as_evidence(incident: Incident, change: OutsideChange, now: datetime) -> tuple[Evidence, bytes]:
    """A change as evidence: what a person says was done, not what was measured."""
    body = change.model_dump_json().encode()
    return (
        Evidence(
            id=evidence_id(incident, change),
            incident=incident.id,
            tool=OUTSIDE_CHANGE,
            query=change.id,
            role=change.by,
            at=now,
            turn=incident.turn,
            status=EvidenceStatus.OK,
            summary=f"{change.id} at {iso(change.at)}, as {change.by} says: {change.title}",
            size=len(body),
            digest=hashlib.sha256(body).hexdigest(),
        ),
        body,
    )


def evidence_id(incident: Incident, change: OutsideChange) -> str:
    """The id under which a change can be cited, known before it is kept."""
    told = f"{incident.id} {OUTSIDE_CHANGE} {change.model_dump_json()}"
    return f"E-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
