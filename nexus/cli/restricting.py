"""The verb of who says that not everybody sees an incident."""

from typing import Annotated

from incidents.errors import UsageError
from nexus.cli.base import IncidentId, Json, Server, say, write_json
from nexus.cli.commands import By
from nexus.cli.parser import Option, Verbs


def verbs() -> Verbs:
    """The verb of this module."""
    return {"restrict": restrict}


def restrict(
    identity: IncidentId,
    to: Annotated[
        list[str] | None, Option("--to", help="Who sees it besides commanders; once for each.")
    ] = None,
    by: By = None,
    why: Annotated[str | None, Option("--why", help="misuse, breach or people.")] = None,
    lift: Annotated[bool, Option("--lift", help="Everybody sees it again; --note says why.")] = False,
    note: Annotated[str, Option("--note", help="Why it is lifted; it stands in the timeline.")] = "",
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Let only commanders and those who are named see an incident, or with --lift everybody again."""
    from incidents.restriction import Restriction
    from nexus.cli.sending import said, send
    from nexus.service.restricting import Restrict, Unrestrict

    if lift and (to or why):
        raise UsageError("--lift lets everybody see it; leave --to and --why out")
    if not lift and why is None:
        raise UsageError("Say --why: misuse, breach or people")
    asked = said(Unrestrict, note=note) if lift else said(Restrict, why=why, people=to or [])
    done = send(identity, asked, by, server, Restriction)
    if as_json:
        write_json(done)
        return
    if lift:
        say(f"{identity}: everybody sees it again.")
    else:
        say(f"{identity}: only commanders and {', '.join(done.people) or 'nobody else'} see it ({done.why}).")
