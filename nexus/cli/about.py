"""Verbs that tell what Nexus is made of: graph, runbook, roles, doctor."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

from rich.console import Group

from incidents.errors import UsageError
from nexus.cli.base import (
    Json,
    environment,
    home,
    log_to_stderr,
    out,
    say,
    settings,
    write,
    write_json,
)
from nexus.cli.parser import Option, Verbs

if TYPE_CHECKING:
    from nexus.config.site import Site


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"graph": graph, "runbook": runbook, "roles": roles, "doctor": doctor}


def graph() -> None:
    """Print the state machine as Mermaid, with every role visible."""
    from graph.build import build
    from nexus.config.runbook import runbook_of

    write(build(runbook_of(settings())).get_graph(xray=1).draw_mermaid())


def runbook(as_json: Json = False) -> None:
    """Show the runbook as the tables people know."""
    from nexus.config.runbook import roster_of, runbook_of

    found = runbook_of(settings())
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.runbook import render_runbook

    out().print(Group(*render_runbook(found, roster_of(settings()))))


def roles(as_json: Json = False) -> None:
    """Show the roles: what they do, with which tools."""
    from nexus.config.runbook import roster_of

    found = roster_of(settings())
    if as_json:
        write_json(found.roles)
        return
    from nexus.cli.terminal.runbook import render_roles

    out().print(Group(*render_roles(found)))


def doctor(
    test_paging: Annotated[
        bool, Option("--test-paging", help="Wake people: send a test on every way that does; asks first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check what is configured, what answers, what is missing and how to add it."""
    if test_paging:
        if as_json:
            raise UsageError(
                "--test-paging asks before it wakes anybody and tells in words; for machines there is "
                "`nexus destinations test NAME --json`"
            )
        _test_paging()
        return
    from nexus.cli.terminal.doctor import doctor_view
    from nexus.service.doctor import examine
    from tools.redaction.tree import redact_value

    log_to_stderr()
    found = tuple(map(redact_value, asyncio.run(examine(settings(), environment()))))
    if as_json:
        write_json(found)
    else:
        out().print(doctor_view(found))
    if any(check.state == "broken" for check in found):
        sys.exit(1)


def _test_paging() -> None:
    """A test on every way that wakes somebody, once a person has said yes; fails if one does not arrive."""
    from nexus.cli.live import site_of
    from nexus.service.destinations import Destinations
    from nexus.service.reach_watch import waking

    log_to_stderr()
    with home(create=True) as opened:  # it is tried before anything has happened
        _, site = site_of(None)
        names = asyncio.run(waking(site, opened.secrets))
        if not names:
            say("No destination of nexus.yaml wakes anybody; nothing was sent.")
            sys.exit(1)
        behind = {name: _behind(name, site) for name in names}
        asked = f"This wakes whoever is behind {', '.join(behind.values())}. Send a test to each? [y/N] "
        if input(asked).strip().casefold() not in {"y", "yes"}:
            say("Nothing was sent.")
            return
        tried = [asyncio.run(Destinations.of(opened, site).test(name)) for name in names]
    for one in tried:
        why = f": {one.reason}" if one.reason else ""
        say(f"{behind[one.name]}: {one.outcome.replace('_', ' ')}{why}")
    if any(one.outcome not in {"accepted", "delivered"} for one in tried):
        sys.exit(1)


def _behind(name: str, site: "Site") -> str:
    """A destination with those whom it reaches, as far as `contacts` say so."""
    people = [one.name for one in site.active_people if any(way.to == name for way in one.contacts)]
    return f"{name} ({', '.join(people)})" if people else name
