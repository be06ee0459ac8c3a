"""What people ask of a team's tracker, as values."""

from incidents.actor import Actor
from incidents.tickets import Ticket
from incidents.value import Value
from nexus.service.request import Doors, Request


class Tickets(Value):
    """The tickets of an incident, or of all, each as it is known last."""

    items: tuple[Ticket, ...]


class MakeTickets(Request):
    """Make a ticket of each action item that is still to be done and has none, in the team's tracker."""

    path = "tickets"
    answer = Tickets

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Tickets:
        """Ask for it; a server makes them within seconds."""
        return Tickets(items=await doors.ticketing.ask(incident, actor))


#: Every kind.
TICKETS: tuple[type[Request], ...] = (MakeTickets,)
