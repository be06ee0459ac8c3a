"""How the graph's nodes word the timeline."""

from datetime import datetime
from typing import NamedTuple

from incidents.incident import Incident
from incidents.timeline import Entry, EntryKind

#: Who speaks when no role does: pure functions of the house.
CODE = "code"
SUPERVISOR = "supervisor"


class Update(NamedTuple):
    """An incident after something happened, and what the timeline says of it."""

    incident: Incident
    entries: tuple[Entry, ...] = ()


def entry(
    incident: Incident,
    at: datetime,
    kind: EntryKind,
    text: str,
    key: str,
    *,
    role: str = SUPERVISOR,
    engine: str = CODE,
    evidence: tuple[str, ...] = (),
) -> Entry:
    """An entry whose id is the turn and a key, so that a node that runs again writes it once."""
    return Entry(
        id=f"{incident.turn:04d}:{key}",
        incident=incident.id,
        at=at,
        step=incident.step.value,
        role=role,
        engine=engine,
        kind=kind,
        text=text,
        evidence=tuple(dict.fromkeys(evidence)),
        severity=incident.severity,
    )
