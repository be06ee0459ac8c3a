"""The verb that takes action items to the team's tracker, and shows how their tickets stand there."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import Json, Server, answered, home, log_to_stderr, out, server_of, write_json
from nexus.cli.commands import By
from nexus.cli.parser import Argument, Option, Verbs
from nexus.cli.seeing import require_seen, unseen

if TYPE_CHECKING:
    from incidents.tickets import Ticket


def verbs() -> Verbs:
    """The verb of this module."""
    return {"tickets": tickets}


def tickets(
    identity: Annotated[str | None, Argument(metavar="ID", help="The incident; none: of all.")] = None,
    create: Annotated[
        bool, Option("--create", help="Make a ticket of each action item that is to be done and has none.")
    ] = False,
    by: By = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Show the tickets of action items in the team's tracker; with --create make them."""
    from incidents.errors import UsageError

    if create and identity is None:
        raise UsageError("Say of which incident: nexus tickets INC-2026-11-23-001 --create")
    at = server_of(server)
    found = _made(identity, by, at) if create and identity is not None else _listed(identity, at)
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.hindsight import tickets_table

    out().print(tickets_table(found))


def _listed(identity: str | None, server: str | None) -> "tuple[Ticket, ...]":
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server) as far:
            return far.tickets(identity).items
    if identity is not None:
        require_seen(identity)
    with home(threads=False) as opened:
        if identity is not None:
            answered(opened.find(identity))
        hidden = unseen()
        return tuple(one for one in answered(opened.store.tickets(identity)) if one.incident not in hidden)


def _made(identity: str, by: str | None, server: str | None) -> "tuple[Ticket, ...]":
    """Ask for them as who types; a server makes them within seconds, and without one it is done here."""
    from nexus.cli.sending import send
    from nexus.service.ticket_requests import MakeTickets, Tickets
    from nexus.service.ticketing import Ticketing

    log_to_stderr()
    asked = send(identity, MakeTickets(), by, server, Tickets)
    if server is not None:
        return asked.items
    with home() as opened:
        return asyncio.run(Ticketing.of(opened).work(identity))
