"""Verbs about what the monitoring sent: `nexus alerts`, `nexus alerts show`, `nexus alerts replay`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.disposition import AlertDisposition
from nexus.cli.base import Json, Server, complain, home, log_to_stderr, out, server_of, write_json
from nexus.cli.parser import Argument, Option
from nexus.cli.seeing import unseen

if TYPE_CHECKING:
    from nexus.service.deliveries import DeliveryFilter, DeliveryView

Number = Annotated[int, Argument(metavar="N", min=1, help="Its number, as `nexus alerts` lists it.")]


def listed(
    incident: Annotated[str | None, Option("--incident", help="Told to this incident.")] = None,
    sender: Annotated[str | None, Option("--sender", help="By this sender's form.")] = None,
    disposition: Annotated[
        AlertDisposition | None, Option("--disposition", help="What became of one of its alerts.")
    ] = None,
    limit: Annotated[int, Option("--limit", min=1, max=1000, help="So many at most.")] = 50,
    before: Annotated[int | None, Option("--before", help="Only those before this number.")] = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """List what the monitoring sent, newest first, with what became of each alert and why."""
    from nexus.service.deliveries import DeliveryFilter

    among = DeliveryFilter(sender=sender, incident=incident, disposition=disposition)
    found, waits = _listed(among, limit, before, server_of(server), as_json=as_json)
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.deliveries import deliveries_table

    out().print(deliveries_table(found))
    if waits is not None:
        complain(waits)


def _listed(
    among: "DeliveryFilter", limit: int, before: int | None, server: str | None, *, as_json: bool
) -> tuple[list["DeliveryView"], str | None]:
    """The deliveries, and how many alerts wait where that is worth a word."""
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server) as far:
            return far.deliveries(among, limit, before), far.waiting()
    from nexus.service.browsing import delivery_page
    from nexus.service.deliveries import DeliveryQueries
    from nexus.service.lists import ListQueries

    with home(listing=as_json) as opened:
        found = asyncio.run(delivery_page(DeliveryQueries.of(opened), among, limit, before, unseen()))
        return list(found.items), asyncio.run(ListQueries.of(opened).waiting())


def show(number: Number, server: Server = None, as_json: Json = False) -> None:
    """Show one delivery: what became of each of its alerts, why, and its body."""
    found = _found(number, server_of(server))
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.deliveries import delivery_view

    out().print(delivery_view(found))


def _found(number: int, server: str | None) -> "DeliveryView":
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server) as far:
            return far.delivery(number)
    from nexus.service.browsing import delivery_of
    from nexus.service.deliveries import DeliveryQueries

    with home() as opened:
        return asyncio.run(delivery_of(DeliveryQueries.of(opened), number, unseen()))


def replay(
    number: Number,
    config: Annotated[
        Path | None, Option("--config", help="The configuration; default: nexus.yaml here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a kept delivery again, as after a form was mended; what it tells counts from now on."""
    from nexus.cli.live import intake_of, site_of
    from nexus.service.deliveries import DeliveryQueries, DeliveryView

    async def again() -> DeliveryView:
        queries = DeliveryQueries.of(opened)
        taken = await intake_of(opened, site, path, opened.settings.engine).replay(await queries.find(number))
        return DeliveryView.of(await queries.find(taken.delivery))

    log_to_stderr()
    with home() as opened:
        path, site = site_of(config)
        found = asyncio.run(again())
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.deliveries import delivery_view

    out().print(delivery_view(found))
