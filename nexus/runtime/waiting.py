"""How time passes while an incident waits: on the virtual clock of a recorded world, or on the wall's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graph.supervisor import Move
from incidents.action import Approval, Proposal
from incidents.events import AlertsArrived, Event, TimerFired, decision
from incidents.incident import Incident
from incidents.value import iso
from nexus.store.port import IncidentStore
from tools.clock import Clock, VirtualClock

#: How often a waiting incident looks into its inbox, in seconds.
LISTEN = 0.25


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
        target = move.until or self.clock.now()
        for delivery in self.arrivals.due(target):
            if delivery.id not in incident.handled_events:
                self.clock.advance_to(delivery.at)
                return (delivery,)
        self.clock.advance_to(target)
        return (_timer(incident, target, self.clock.now()),)


@dataclass(frozen=True)
class LiveWaiter:
    """Waits until something is in the inbox, a person here decides, or the time has come."""

    store: IncidentStore
    clock: Clock
    approver: Approver
    nap: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def wait(self, incident: Incident, move: Move) -> tuple[Event, ...]:
        """A decision or the timer; empty once the inbox holds something."""
        asked = asyncio.create_task(self._ask(incident))
        try:
            while not await self.store.events(incident.id):
                if asked.done() and (answer := asked.result()) is not None:
                    return (decision(incident.id, answer),)
                left = (move.until - self.clock.now()).total_seconds() if move.until else LISTEN
                if move.until is not None and left <= 0:
                    return (_timer(incident, move.until, self.clock.now()),)
                await self.nap(min(LISTEN, left))
            return ()
        finally:
            asked.cancel()

    async def _ask(self, incident: Incident) -> Approval | None:
        """The first decision that somebody here gives; None if nobody does: others may, from elsewhere."""
        for proposal in incident.pending:
            answer = await self.approver(incident, proposal, self.clock.now())
            if isinstance(answer, Approval):
                return answer
        return None


def _timer(incident: Incident, target: datetime, now: datetime) -> TimerFired:
    identity = f"{incident.id}:timer:{incident.turn}:{iso(target)}"
    return TimerFired(id=identity, incident=incident.id, at=now)
