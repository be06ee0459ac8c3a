"""Verbs that tell what Nexus is made of: graph, runbook, roles, doctor."""

import asyncio
import sys

from rich.console import Group

from nexus.cli.base import Json, environment, log_to_stderr, out, settings, write, write_json
from nexus.cli.parser import Verbs


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


def doctor(as_json: Json = False) -> None:
    """Check what is configured, what answers, what is missing and how to add it."""
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
