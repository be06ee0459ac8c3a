"""Verbs that only look: incidents, show, watch, approvals, backlog."""

import asyncio

import typer

from nexus.cli.base import IncidentId, Json, complain, home, out, write, write_json

#: How often `watch` looks for new entries, in seconds.
GLANCE = 0.5


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("incidents")(incidents)
    app.command("show")(show)
    app.command("watch")(watch)
    app.command("approvals")(approvals)
    app.command("backlog")(backlog)


def incidents(as_json: Json = False) -> None:
    """List all incidents, newest first."""
    with home(listing=as_json) as opened:
        found = asyncio.run(opened.store.incidents())
        broken = {one.incident: one for one in asyncio.run(opened.store.broken_off())}
        if as_json:
            write_json([one.model_dump(mode="json") | {"broken_off": broken.get(one.id)} for one in found])
            return
        from nexus.cli.terminal.tables import incidents_table

        out().print(incidents_table(found))
        for one in broken.values():
            complain(
                f"{one.incident}: its last {one.tries} turns broke off; it is tried again at "
                f"{one.retry_at:%H:%M:%S} UTC (the server's log says why)"
            )


def show(identity: IncidentId, as_json: Json = False) -> None:
    """Show one incident: diagnosis, suspects, actions, verification, communications, timeline."""
    with home() as opened:
        incident = asyncio.run(opened.find(identity))
        entries = asyncio.run(opened.store.entries(identity))
        from nexus.cli.terminal.incident import incident_view
        from nexus.config.budgets import budget_of
        from nexus.service.views import incident_json

        budget = budget_of(opened.settings)
        if as_json:
            write(incident_json(incident, entries, budget))
        else:
            out().print(incident_view(incident, entries, budget))


def watch(identity: IncidentId) -> None:
    """Follow an incident's timeline until it ends."""
    from nexus.cli.terminal.timeline import show_entry

    async def follow() -> None:
        seen: set[str] = set()
        while True:
            incident = await opened.find(identity)
            for entry in await opened.store.entries(identity):
                if entry.id not in seen:
                    seen.add(entry.id)
                    show_entry(out(), entry)
            if identity not in {one.id for one in await opened.store.open_incidents()}:
                out().print(f"{identity} has ended: {incident.end_reason}", markup=False)
                return
            await asyncio.sleep(GLANCE)

    with home() as opened:
        asyncio.run(follow())


def approvals(as_json: Json = False) -> None:
    """List what waits for a person's decision."""
    from incidents.incident import Incident

    async def load() -> list[tuple[Incident, str]]:
        found = []
        for one in await opened.store.open_incidents():
            incident = await opened.find(one.id)
            if incident.pending or incident.unsettled:
                found.append((incident, (await opened.store.clock_of(one.id)).isoformat()))
        return found

    with home(listing=as_json) as opened:
        waiting = asyncio.run(load())
        if as_json:
            write_json([proposal for incident, _ in waiting for proposal in incident.pending])
            return
        from datetime import datetime

        from nexus.cli.terminal.approvals import approvals_table, proposal_panel, unsettled_line

        if not waiting:
            out().print("Nothing waits for a decision.")
            return
        now = max(datetime.fromisoformat(moment) for _, moment in waiting)
        out().print(approvals_table([incident for incident, _ in waiting], now))
        for proposal in (one for incident, _ in waiting for one in incident.unsettled):
            out().print(unsettled_line(proposal))
        for incident, moment in waiting:
            evidence = asyncio.run(opened.store.evidence(incident.id))
            for proposal in incident.pending:
                out().print(proposal_panel(proposal, incident, datetime.fromisoformat(moment), evidence))


def backlog(as_json: Json = False) -> None:
    """List the prevention tasks in the backlog."""
    with home(listing=as_json) as opened:
        tasks = asyncio.run(opened.store.backlog())
        if as_json:
            write_json(tasks)
            return
        from nexus.cli.terminal.tables import backlog_table

        out().print(backlog_table(tasks))
