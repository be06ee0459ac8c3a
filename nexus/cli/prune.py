"""The verb that deletes closed incidents that are older than people want to keep."""

import asyncio
from typing import Annotated

from nexus.cli.base import Json, home, out, write_json
from nexus.cli.parser import Option, Verbs


def verbs() -> Verbs:
    """The verb of this module."""
    return {"prune": prune}


def prune(
    days: Annotated[
        int | None, Option("--days", min=1, help="Keep this many; default: NEXUS_RETENTION_DAYS.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show what would go, delete nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Delete incidents that were closed longer ago than the retention: rows, checkpoints, files."""
    from nexus.service.retention import Retention

    with home(listing=as_json) as opened:
        retention = Retention(opened, opened.clock.now(), days)
        found = asyncio.run(retention.prunable() if dry_run else retention.prune())
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.tables import prunable_table

    out().print(prunable_table(found, dry_run))
