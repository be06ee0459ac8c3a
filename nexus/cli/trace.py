"""The verb that shows who asked what, what came back and what it cost."""

import asyncio

import typer

from nexus.cli.base import IncidentId, Json, home, out, write_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("trace")(trace)


def trace(identity: IncidentId, as_json: Json = False) -> None:
    """Show every piece of work as a tree: step, role, questions and answers, report, cost."""
    from nexus.service.cost_trace import trace_of

    with home() as opened:
        incident = asyncio.run(opened.find(identity))
        entries = asyncio.run(opened.store.entries(identity))
        evidence = asyncio.run(opened.store.evidence(identity))
    found = trace_of(incident, entries, evidence)
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.trace import trace_view

    out().print(trace_view(found))
