"""How time passes while an incident waits: on the virtual clock of a recorded world."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graph.supervisor import Move
from incidents.action import Approval, Proposal
from incidents.events import AlertsArrived, Event, TimerFired
from incidents.incident import Incident
from incidents.value import iso
from nexus.service import decision
from tools.clock import VirtualClock


class Approver(Protocol):
    """Who is asked about a proposal while the incident waits."""

    async def __call__(
        self, incident: Incident, proposal: Proposal, now: datetime
    ) -> "Approval | Nobody | None":
        """A decision; None where nobody answers for now; `Nobody` where nobody can be asked here at all."""
        ...


class Nobody:
    """There is no person at this terminal: the incident is left waiting for another process."""


class Arrivals(Protocol):
    """The alerts of a recording."""

    def due(self, by: datetime) -> tuple[AlertsArrived, ...]:
        """Every delivery that arrives by then, oldest first; its id tells it from the others."""
        ...


@dataclass(frozen=True)
class VirtualWaiter:
    """Asks people first, then moves the clock to whatever comes next. Nothing sleeps."""

    clock: VirtualClock
    arrivals: Arrivals
    approver: Approver

    async def wait(self, incident: Incident, move: Move) -> tuple[Event, ...]:
        """Decisions, alerts, or the timer; empty if only a person elsewhere can move it on."""
        for proposal in incident.pending:
            answer = await self.approver(incident, proposal, self.clock.now())
            if isinstance(answer, Nobody):
                return ()
            if answer is not None:
                return (decision(incident, answer),)
        target = move.until or self.clock.now()
        for delivery in self.arrivals.due(target):
            if delivery.id not in incident.seen:
                self.clock.advance_to(delivery.at)
                return (delivery,)
        self.clock.advance_to(target)
        return (
            TimerFired(
                id=f"{incident.id}:timer:{incident.turn}:{iso(target)}",
                incident=incident.id,
                at=self.clock.now(),
            ),
        )
