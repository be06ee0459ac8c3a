"""Verbs about the status page: what it says, and the drafts that wait for a person."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import IncidentId, Json, Server, answered, home, say, write_json
from nexus.cli.commands import By
from nexus.cli.live import Config
from nexus.cli.parser import Argument, Group, Option, Verbs
from nexus.cli.seeing import require_seen

if TYPE_CHECKING:
    from incidents.status_page import PublicUpdate
    from nexus.service.request import Request

Draft = Annotated[
    str | None, Argument(metavar="DRAFT", help="Its id, or how that begins; not needed if one waits.")
]


def verbs() -> Verbs:
    """The verbs of this module."""
    says = "What customers read at /status, and the drafts that wait for a person."
    those: Verbs = {"updates": updates, "write": write, "release": release, "drop": drop}
    return {"status": Group(says, those, alone=show)}


def show(config: Config = None, as_json: Json = False) -> None:
    """Say what the status page says now."""
    from nexus.cli.live import site_of
    from nexus.service.status_page import PublicPage

    with home(config=config) as opened:
        _, site = site_of(config)
        page = asyncio.run(PublicPage(opened.store, site).shown(opened.clock.now()))
    if as_json:
        write_json(page)
        return
    say(f"{page.title}: {page.headline}")
    for component in page.components:
        say(f"{component.name}: {component.words.lower()}; {component.summary}")
    for one in page.now:
        told = one.latest
        say(f"{told.at:%H:%M} {told.status.value}, {one.title}: {told.impact} {told.current_action}")


def updates(identity: IncidentId, as_json: Json = False) -> None:
    """List what was told of an incident, and the drafts with their ids."""
    from nexus.service.status_updates import StatusUpdates

    require_seen(identity)
    with home(threads=False) as opened:
        view = answered(StatusUpdates.of(opened).view(identity))
    if as_json:
        write_json(view)
        return
    for one in view.items:
        why = f" ({one.why_held})" if one.why_held and one.state == "draft" else ""
        say(f"{one.at:%Y-%m-%d %H:%M} {one.state} {one.id[:8]}{why} {one.status.value}: {_words(one)}")
    if not view.items:
        say("Nothing was told, and nothing waits.")


def write(
    identity: IncidentId,
    impact: Annotated[str, Option("--impact", help="What customers notice.")],
    doing: Annotated[str, Option("--doing", help="What is being done about it.")],
    by: By = None,
    server: Server = None,
) -> None:
    """Keep words for the status page as a draft, until somebody releases it."""
    from nexus.cli.sending import said
    from nexus.service.status_requests import WriteStatusUpdate

    draft = _send(identity, said(WriteStatusUpdate, impact=impact, current_action=doing), by, server)
    say(f"Draft {draft.id[:8]} is kept; `nexus status release {identity} {draft.id[:8]}` publishes it.")


def release(identity: IncidentId, draft: Draft = None, by: By = None, server: Server = None) -> None:
    """Publish a draft in your name."""
    from nexus.cli.sending import said
    from nexus.service.status_requests import ReleaseStatusUpdate

    told = _send(identity, said(ReleaseStatusUpdate, draft=draft), by, server)
    say(f"Published at {told.at:%H:%M} UTC: {_words(told)}")


def drop(identity: IncidentId, draft: Draft = None, by: By = None, server: Server = None) -> None:
    """Give a draft up; customers never read it."""
    from nexus.cli.sending import said
    from nexus.service.status_requests import DropStatusUpdate

    told = _send(identity, said(DropStatusUpdate, draft=draft), by, server)
    say(f"The draft {told.id[:8]} is dropped.")


def _send(identity: str, asked: "Request", by: str | None, server: str | None) -> "PublicUpdate":
    from incidents.status_page import PublicUpdate
    from nexus.cli.sending import send

    return send(identity, asked, by, server, PublicUpdate)


def _words(update: "PublicUpdate") -> str:
    return f"{update.impact} {update.current_action}"
