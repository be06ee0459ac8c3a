"""Verbs that only look: incidents, show, watch, approvals, backlog."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from incidents.severity import HeldBy, Severity, Status
from nexus.cli.base import (
    IncidentId,
    Json,
    Server,
    all_of,
    answered,
    collect_garbage,
    complain,
    home,
    out,
    reading,
    say,
    server_of,
    write,
    write_json,
)
from nexus.cli.parser import Argument, Option, Verbs
from nexus.cli.seeing import require_seen, unseen

if TYPE_CHECKING:
    from collections.abc import Callable

    from nexus.service.lists import IncidentFilter, IncidentLine
    from nexus.service.views import FeedEntry

Limit = Annotated[int | None, Option("--limit", min=1, help="How many at most; none: all.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"incidents": incidents, "show": show, "watch": watch, "approvals": approvals, "backlog": backlog}


def incidents(
    *,
    only_open: Annotated[
        bool, Option("--open", help="Only those that run or owe something, such as a post-mortem.")
    ] = False,
    status: Annotated[Status | None, Option("--status", help="How it stands.")] = None,
    severity: Annotated[Severity | None, Option("--severity", help="How severe.")] = None,
    service: Annotated[str | None, Option("--service", help="A service that is affected.")] = None,
    held_by: Annotated[HeldBy | None, Option("--held-by", help="Who works on it.")] = None,
    title: Annotated[str | None, Option("--title", help="Words that stand in its title.")] = None,
    words: Annotated[
        str | None, Option("--words", help="Words of it, its evidence or its post-mortem; each may be cut.")
    ] = None,
    limit: Limit = None,
    after: Annotated[
        str | None, Option("--after", help="Only what is listed behind this incident: its id.")
    ] = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """List incidents, newest first."""
    from nexus.service.lists import IncidentFilter

    among = IncidentFilter(
        not_closed=only_open, status=status, severity=severity, service=service, held_by=held_by, title=title,
        words=words,
    )  # fmt: skip
    found, waits = _listed(among, after, limit, server, as_json)
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.tables import incidents_table

    out().print(incidents_table(found))
    if waits is not None:
        complain(waits)
    for broken in (one.broken_off for one in found if one.broken_off is not None):
        complain(
            f"{broken.incident}: its last {broken.tries} turns broke off; it is tried again at "
            f"{broken.retry_at:%H:%M:%S} UTC ({broken.why or 'the log of the server says why'})"
        )
    for one in found:
        if one.dead_letters:
            complain(f"{one.id}: {one.dead_letters} of its events are set aside; `nexus show {one.id}`")


def _listed(
    among: "IncidentFilter", after: str | None, limit: int | None, server: str | None, as_json: bool
) -> tuple[list["IncidentLine"], str | None]:
    """The incidents, and how many alerts wait where that is worth a word."""
    if (at := server_of(server)) is not None:
        from nexus.cli.remote import Remote

        with Remote(at) as far:
            return far.incidents(among, after, limit)
    from nexus.reading import open_lists
    from nexus.service.lists import ListQueries

    with reading(open_lists, listing=as_json) as opened:
        queries, hidden = ListQueries.of(opened), unseen()
        found = answered(all_of(queries.incidents(among, after), limit))
        return [one for one in found if one.id not in hidden], answered(queries.waiting())


def show(identity: IncidentId, server: Server = None, as_json: Json = False) -> None:
    """Show one incident: diagnosis, suspects, actions, verification, communications, timeline."""
    if (at := server_of(server)) is not None:
        from nexus.cli.remote import Remote

        with Remote(at) as far:
            found = far.incident(identity)
    else:
        from nexus.reading import open_incidents
        from nexus.service.incident_view import view_incident

        with reading(open_incidents) as opened:
            require_seen(identity)
            found = answered(view_incident(opened, identity))
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.incident import incident_view

    out().print(incident_view(found))


def watch(
    identity: Annotated[
        str | None, Argument(metavar="ID", help="The incident; none: all, from now on.")
    ] = None,
    after: Annotated[
        int | None,
        Option("--after", min=0, help="Go on behind the entry with this sequence; 0: at the first."),
    ] = None,
    server: Server = None,
    as_json: Annotated[bool, Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Follow what happens as it happens: in one incident until it ends, or in all until Ctrl-C."""
    from nexus.cli.terminal.timeline import show_entry

    collect_garbage()

    def tell(entry: "FeedEntry") -> None:
        if as_json:
            write(entry.model_dump_json(ensure_ascii=True), at_once=True)
        else:
            show_entry(out(), entry, whose=identity is None)

    with suppress(KeyboardInterrupt):  # as every end of it that is not the incident's
        watching = _watch_there if server_of(server) is not None else _watch_here
        ended = watching(server_of(server) or "", identity, after, tell)
        if identity is not None and not as_json:
            say(f"{identity} has ended: {ended}")


def _watch_there(
    server: str, identity: str | None, after: int | None, tell: "Callable[[FeedEntry], None]"
) -> str:
    """Tell each entry at a server; why the incident ended."""
    from nexus.cli.remote import Remote

    with Remote(server) as far:
        for entry in far.follow(identity, after):
            tell(entry)
        return far.incident(identity).end_reason if identity is not None else ""


def _watch_here(_: str, identity: str | None, after: int | None, tell: "Callable[[FeedEntry], None]") -> str:
    """Tell each entry of this home; why the incident ended."""
    from nexus.cli.interruptible import until_interrupted
    from nexus.service.feed import Feed
    from nexus.service.queries import IncidentQueries

    async def follow() -> str:
        feed = Feed.of(opened)
        begin = after if after is not None else 0 if identity else await feed.last()
        async for entry in feed.follow(begin, identity):
            if entry.incident not in hidden:
                tell(entry)
        return (await IncidentQueries.of(opened).incident(identity)).end_reason if identity else ""

    hidden = unseen()
    if identity is not None:
        require_seen(identity)
    with home() as opened:
        return until_interrupted(follow())


def approvals(server: Server = None, as_json: Json = False) -> None:
    """List what waits for a person's decision."""
    if (at := server_of(server)) is not None:
        from nexus.cli.remote import Remote

        with Remote(at) as far:
            waiting = far.undecided()
    else:
        from nexus.reading import open_proposals
        from nexus.service.undecided import UndecidedQueries

        with reading(open_proposals, listing=as_json) as opened:
            hidden = unseen()
            found = answered(all_of(UndecidedQueries.of(opened).undecided()))
            waiting = [one for one in found if one.incident not in hidden]
    if as_json:
        write_json([proposal for one in waiting for proposal in one.pending])
        return
    from nexus.cli.terminal.approvals import approvals_table, proposal_panel, unsettled_line

    if not waiting:
        say("Nothing waits for a decision.")
        return
    out().print(approvals_table(waiting))
    for proposal in (proposal for one in waiting for proposal in one.unsettled):
        out().print(unsettled_line(proposal))
    for one in waiting:
        for proposal in one.pending:
            out().print(proposal_panel(proposal, one))


def backlog(
    limit: Limit = None,
    after: Annotated[
        str | None, Option("--after", help="Only what is listed behind this task: its id.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the prevention tasks in the backlog."""
    from nexus.reading import open_incidents
    from nexus.service.queries import IncidentQueries

    with reading(open_incidents, listing=as_json) as opened:
        hidden = unseen()
        found = answered(all_of(IncidentQueries.of(opened).backlog(after), limit))
        tasks = [one for one in found if not one.id.startswith(tuple(f"{incident}-" for incident in hidden))]
    if as_json:
        write_json(tasks)
        return
    from nexus.cli.terminal.tables import backlog_table

    out().print(backlog_table(tasks))
