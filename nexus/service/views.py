"""What the doors show of the lists: typed, so that their JSON has a schema."""

from datetime import datetime

from incidents.action import Proposal
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.timeline import Entry
from incidents.value import Value
from nexus.store.records import BrokenOff, Summary


class IncidentLine(Summary):
    """One line of the list of incidents; `broken_off` if its last turns broke off."""

    broken_off: BrokenOff | None = None


class FeedEntry(Entry):
    """An entry of a timeline with its number among those of all incidents: where to go on from."""

    sequence: int


class Undecided(Value):
    """An incident in which a change waits for people.

    Attributes:
        incident: as it stands.
        now: the moment of its clock, for what expires.
        evidence: what its proposals cite.
    """

    incident: Incident
    now: datetime
    evidence: tuple[Evidence, ...]

    @property
    def pending(self) -> tuple[Proposal, ...]:
        """What waits to be approved or rejected."""
        return self.incident.pending
