"""A war room to try, for whoever sits at this machine: a link lets them in; no other machine reaches it."""

import asyncio
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import uvicorn
import yaml

from incidents.access import AccessRole
from incidents.catalogue import Service
from incidents.errors import NexusError
from nexus.config.people import Person
from nexus.config.site import Site, load_site
from nexus.runtime.apart import Hands
from nexus.server.app import web
from nexus.server.limits import HttpLimits, server_of
from nexus.server.listening import url_of
from nexus.server.metrics import MetricsDoor
from nexus.server.pages.one_time import OneTimeEntry
from nexus.server.senders import SenderDoor
from nexus.service.identity import People
from nexus.service.intake import AlertIntake
from nexus.service.metrics import ServerMetrics

#: A terminal that is closed, Ctrl-C, and whoever ends processes.
_ENDS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def you(*roles: AccessRole) -> Person:
    """Who sits at the machine; has to stand in the `people` of the site."""
    return Person(name="You", roles=roles)


def trial_site(path: Path, services: Sequence[Service], *people: Person) -> Site:
    """Writes the `nexus.yaml` of a site of its own, beside whatever else a home holds, and reads it."""
    site = Site(site="trial", environment="trial", services=tuple(services), people=people)
    path.write_text(yaml.safe_dump(site.model_dump(mode="json", exclude_defaults=True), sort_keys=False))
    return load_site(path)


@dataclass(frozen=True)
class Trial:
    """The server of a war room to try.

    Attributes:
        server: answers on a socket of the loopback interface.
        entry: lets `you` in.
    """

    server: uvicorn.Server
    entry: OneTimeEntry

    @classmethod
    def of(cls, intake: AlertIntake, hands: Hands | None, metrics: ServerMetrics) -> Self:
        """A server of a site whose one person is `you`; Prometheus and senders need to show nothing.

        Args:
            intake: takes the deliveries in.
            hands: opens what drives the incidents; None: nobody does.
            metrics: of the server.
        """
        (person,) = intake.site.people
        people, limits = People.of(intake.site, intake.home.secrets), HttpLimits()
        entry, scraped = OneTimeEntry(person.identity), MetricsDoor(metrics, token=None)
        app = web(intake, hands, SenderDoor(), people, limits, scraped, entry)
        return cls(server_of(app, limits, app.state.streams.end), entry)

    def link(self, sock: socket.socket, page: str = "/") -> str:
        """What to open in a browser: it lets one in and shows the page."""
        leads_to = f"?next={page}" if page != "/" else ""
        return f"{url_of(sock)}{self.entry.path}{leads_to}"

    async def serve(self, sock: socket.socket, ended: asyncio.Event) -> None:
        """Answer on a socket until the end comes, then end in order.

        Raises:
            NexusError: it does not start.
        """
        serving = asyncio.create_task(self.server.serve([sock]))
        waiting = asyncio.create_task(ended.wait())
        try:
            await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            self.server.should_exit = True
            await serving
        if self.server.lifespan.should_exit:
            raise NexusError("the server did not start; what stands above says why")


@contextmanager
def interrupted() -> Iterator[asyncio.Event]:
    """While the block lasts, what would end the process only sets an event, however often it comes."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in _ENDS:
        loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        for number in _ENDS:
            loop.remove_signal_handler(number)
