"""The verb for what an incident's steps wrote for people."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from nexus.cli.base import IncidentId, Json, home, say, write_json
from nexus.cli.parser import Argument, Option, Verbs


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"files": files}


def files(
    incident: IncidentId,
    name: Annotated[str | None, Argument(metavar="NAME", help="Write this one to the output.")] = None,
    to: Annotated[Path | None, Option("--to", help="Copy all of them, or the named one, here.")] = None,
    as_json: Json = False,
) -> None:
    """List what an incident's steps wrote: charts, updates, briefs, the post-mortem; or write it out."""
    with home() as opened:
        found = asyncio.run(opened.find(incident))
        listed = asyncio.run(opened.files.listed(found.id))
        wanted = [one.name for one in listed if name in (None, one.name)]
        bodies = {one: asyncio.run(opened.files.read(found.id, one)) or b"" for one in wanted if name or to}
    if name is not None and name not in bodies:
        from incidents.errors import UnknownName

        raise UnknownName("file", name, (one.name for one in listed))
    if to is not None:
        for one, body in bodies.items():
            path = to / one
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            say(str(path))
    elif name is not None:
        sys.stdout.buffer.write(bodies[name])
    elif as_json:
        write_json(listed)
    else:
        for file in listed:
            say(f"{file.size:>12,}  {file.name}")
