"""Verbs about the destinations outside: how each stands, a test, trying a disabled one again."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import (
    Json,
    Server,
    complain,
    environment,
    home,
    log_to_stderr,
    say,
    server_of,
    write_json,
)
from nexus.cli.commands import By
from nexus.cli.live import Config
from nexus.cli.parser import Argument, Group, Verbs

if TYPE_CHECKING:
    from nexus.service.destinations import DestinationLine

Name = Annotated[str, Argument(help="As nexus.yaml calls it.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    says = "The destinations of nexus.yaml's `notify`, where people are told outside."
    return {"destinations": Group(says, {"test": try_out, "enable": enable}, alone=listed)}


def listed(config: Config = None, server: Server = None, as_json: Json = False) -> None:
    """List the destinations: what waits, what fails, and which are disabled and why."""
    found = _found(config, server_of(server, config))
    if as_json:
        write_json(found)
        return
    if not found:
        say("No destination is named: nobody is told outside (`notify` of nexus.yaml).")
    for one in found:
        say(_told(one))
        if one.unheard:
            complain(f"{one.name}: nothing that is pressed there comes in by Socket Mode: {one.unheard}")


def _found(config: Path | None, server: str | None) -> "tuple[DestinationLine, ...]":
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server) as far:
            return far.destinations().items
    from nexus.cli.live import site_of
    from nexus.service.destinations import Destinations

    with home(create=True) as opened:  # they are looked at before anything has happened
        _, site = site_of(config)
        return asyncio.run(Destinations.of(opened, site).view()).items


def try_out(name: Name, config: Config = None, as_json: Json = False) -> None:
    """Send a test to a destination, and say what became of it."""
    from nexus.cli.live import site_of
    from nexus.service.destinations import Destinations

    log_to_stderr()
    with home(create=True) as opened:  # it is tried before anything has happened
        _, site = site_of(config)
        tried = asyncio.run(Destinations.of(opened, site).test(name))
    if as_json:
        write_json(tried)
        return
    say(f"{name}: {tried.outcome.replace('_', ' ')}" + (f": {tried.reason}" if tried.reason else ""))


def enable(name: Name, by: By = None, config: Config = None, as_json: Json = False) -> None:
    """Try a disabled destination again, once it is mended; what waits for it goes on."""
    from nexus.cli.live import site_of
    from nexus.cli.signing import one_of
    from nexus.service.destinations import Destinations
    from nexus.service.identity import People
    from tools.live.secrets import Secrets

    with home() as opened:
        _, site = site_of(config)
        actor = one_of(People.of(site, Secrets(environment())) or None, by)
        done = asyncio.run(Destinations.of(opened, site).enable(name, actor))
    if as_json:
        write_json(done)
        return
    say(_told(done))


def _told(one: "DestinationLine") -> str:
    head = f"{one.name} ({one.kind})"
    if one.disabled_since is not None:
        return f"{head}: disabled since {one.disabled_since:%Y-%m-%d %H:%M} UTC: {one.reason}"
    if not one.waiting:
        return f"{head}: nothing waits"
    fails = f", {one.failing} failed for now: {one.reason}" if one.failing else ""
    return f"{head}: {one.waiting} wait{fails}"
