"""What an incident proposed, and what people need to know of it to decide: a part of the incident."""

from incidents.action import Proposal, pending_of, unsettled_of
from incidents.findings import Diagnosis
from incidents.severity import Severity
from incidents.value import Value


class Proposed(Value):
    """The parts of an incident on which a decision rests, each as the incident has it."""

    id: str
    title: str
    severity: Severity | None = None
    diagnosis: Diagnosis | None = None
    proposals: tuple[Proposal, ...] = ()

    @property
    def pending(self) -> tuple[Proposal, ...]:
        """The proposals that wait for people."""
        return pending_of(self.proposals)

    @property
    def unsettled(self) -> tuple[Proposal, ...]:
        """The proposals that were begun, and of which nobody knows yet what became."""
        return unsettled_of(self.proposals)
