"""What waits for people's decisions, as the doors show it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from incidents.action import Proposal
from incidents.findings import Diagnosis, Evidence
from incidents.severity import Severity
from incidents.value import Moment, Value

if TYPE_CHECKING:
    from incidents.incident import Incident


class Undecided(Value):
    """An incident in which a change waits for people, with what they need to decide.

    Attributes:
        incident: its id.
        now: the moment of its clock, the wall's of a live one, for what expires.
        pending: what waits to be approved or rejected.
        unsettled: what was begun, and of which nobody knows what became.
        evidence: what the pending changes cite.
    """

    incident: str
    title: str
    severity: Severity | None
    diagnosis: Diagnosis | None
    now: Moment
    pending: tuple[Proposal, ...]
    unsettled: tuple[Proposal, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @classmethod
    def of(cls, incident: "Incident", now: datetime, evidence: Sequence[Evidence] = ()) -> "Undecided":
        """What waits in an incident as it stands."""
        return cls.model_construct(  # its parts are valid already
            incident=incident.id, title=incident.title, severity=incident.severity,
            diagnosis=incident.diagnosis, now=now, pending=incident.pending, unsettled=incident.unsettled,
            evidence=tuple(evidence),
        )  # fmt: skip


class Decidable(Undecided):
    """What waits in one incident, and all that it proposed: what is approved can still be rejected."""

    proposals: tuple[Proposal, ...]


class UndecidedPage(Value):
    """What waits for decisions, the newest incident first; `next` is the id to go on behind."""

    items: tuple[Undecided, ...]
    next: str | None
