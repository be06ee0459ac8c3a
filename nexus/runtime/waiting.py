"""What a wait brings: on a virtual clock time passes there and then, on the wall's only what has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graph.supervisor import Move
from incidents.action import Approval, Proposal
from incidents.events import AlertsArrived, Event, TimerFired, decision
from incidents.incident import Incident
from incidents.value import iso
from tools.clock import Clock, VirtualClock


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
                return (decision(incident.id, answer),)
        if incident.in_peoples_hands and incident.watch is None:
            return ()  # in a recording nobody works on it any more
        target = move.until or self.clock.now()
        for delivery in self.arrivals.due(target):
            if delivery.id not in incident.handled_events:
                self.clock.advance_to(delivery.at)
                return (delivery,)
        self.clock.advance_to(target)
        return (_timer(incident, target, self.clock.now()),)


@dataclass(frozen=True)
class Park:
    """Lets no time pass: the timer that has come, else nothing, and the incident is left as a row."""

    clock: Clock

    async def wait(self, incident: Incident, move: Move) -> tuple[Event, ...]:
        """The timer of the move if its moment has come; its id is made of the turn and that moment."""
        now = self.clock.now()
        return (_timer(incident, move.until, now),) if move.until is not None and move.until <= now else ()


def _timer(incident: Incident, target: datetime, now: datetime) -> TimerFired:
    identity = f"{incident.id}:timer:{incident.turn}:{iso(target)}"
    return TimerFired(id=identity, incident=incident.id, at=now)
