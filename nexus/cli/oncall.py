"""The verb about who is on duty. Schedules are read where they are planned; none is made here."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import UsageError
from nexus.cli.base import Json, Server, complain, environment, out, say, server_of, settings, write_json
from nexus.cli.parser import Option, Verbs

if TYPE_CHECKING:
    from nexus.service.oncall import OnCallView


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"oncall": oncall}


def oncall(
    at: Annotated[str | None, Option("--at", help="About this moment, with its zone; none: now.")] = None,
    days: Annotated[int, Option("--days", min=1, help="So many days from then on.")] = 14,
    config: Annotated[
        Path | None, Option("--config", help="The configuration; default: nexus.yaml here.")
    ] = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Show who is on duty, until when, who follows, and where nobody is: as it is planned elsewhere."""
    found = _asked(_moment(at), days, config, server_of(server, config))
    if as_json:
        write_json(found)
        return
    if not found.schedules:
        say("nexus.yaml names no schedule under `oncall`; who is on duty is not known here.")
        return
    from nexus.cli.terminal.oncall import schedule_view

    for one in found.schedules:
        out().print(schedule_view(one))
    for one in found.schedules:
        if one.stale is not None:
            complain(f"{one.name}: {one.stale}")
        for name in one.unknown:
            complain(f"{one.name}: {name!r} is none of `people` in nexus.yaml")
    if found.uncovered:
        complain(f"nobody is on duty at {found.at:%Y-%m-%d %H:%M} UTC for {', '.join(found.uncovered)}")


def _asked(at: datetime | None, days: int, config: Path | None, server: str | None) -> "OnCallView":
    from datetime import UTC

    from nexus.config.site import load_site
    from nexus.service.oncall import MOST_DAYS, oncall_view
    from tools.live.secrets import Secrets

    if days > MOST_DAYS:
        raise UsageError(f"--days {days}: at most {MOST_DAYS}")
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server) as far:
            return far.on_duty(at.isoformat() if at is not None else None, days)
    known = settings()
    site = load_site((config or known.config).resolve())
    return asyncio.run(oncall_view(site, known, Secrets(environment()), datetime.now(UTC), at, days))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min  # noqa: DTZ901  # as one without a zone
    if at.tzinfo is None:
        raise UsageError(f"--at {text!r}: write it as 2026-03-12T10:06:00Z, with its zone")
    return at
