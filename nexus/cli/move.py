"""The verb that moves a home into a database that many machines share."""

import asyncio
from typing import Annotated

from nexus.cli.base import Json, say, settings, write_json
from nexus.cli.parser import Option, Verbs


def verbs() -> Verbs:
    """The verb of this module."""
    return {"move": move}


def move(
    to: Annotated[
        str, Option("--to", help="postgresql://USER@HOST/DATABASE, with our tables or without any.")
    ],
    as_json: Json = False,
) -> None:
    """Move this home, with its open incidents, into an empty PostgreSQL; refused while a server runs."""
    from pydantic import SecretStr

    from nexus.runtime.moving import move_to
    from tools.clock import WallClock

    address, moved = asyncio.run(move_to(settings().home, SecretStr(to), WallClock().now()))
    if as_json:
        write_json(moved)
        return
    for one in moved:
        say(f"{one.rows:>10,}  {one.table}  {one.digest[:12]}")
    say(f"Moved into {address}; name it as store.url in nexus.yaml, or as NEXUS_DATABASE_URL.")
