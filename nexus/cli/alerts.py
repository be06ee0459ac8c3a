"""Verbs about alerts: how a body would be read."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import UsageError
from nexus.cli.base import Json, out, write_json
from nexus.cli.deliveries import listed, replay, show
from nexus.cli.parser import Argument, Group, Option, Verbs

if TYPE_CHECKING:
    from nexus.config.site import Site
    from tools.alerts.reading import Reading


def verbs() -> Verbs:
    """The verbs of this module."""
    says = "What the monitoring sent, and what became of it."
    inner: Verbs = {"show": show, "replay": replay, "try": try_body}
    return {"alerts": Group(says, inner, alone=listed)}


def try_body(
    file: Annotated[Path, Argument(metavar="FILE", help="The body of a request; - for stdin.")],
    sender: Annotated[str | None, Option("--sender", help="Its form, as in POST /alerts/SENDER.")] = None,
    header: Annotated[list[str] | None, Option("--header", help="A header, as Name: value.")] = None,
    world: Annotated[Path, Option("--world", help="The nexus.yaml with your own forms.")] = Path(
        "nexus.yaml"
    ),
    as_json: Json = False,
) -> None:
    """Show how a body would be read, field by field, and where each value stands. Nothing is kept."""
    from tools.alerts.formats import read_delivery
    from tools.clock import WallClock

    site = _site(world)
    reading = read_delivery(
        _body(file),
        WallClock().now(),
        sender,
        site.catalogue if site is not None else None,
        dict(_header(one) for one in header or ()),
        site.intake.forms if site is not None else (),
        explain=True,
    )
    if site is not None:
        reading = _matched(reading, site, world)
    if as_json:
        write_json(reading)
        return
    from nexus.cli.terminal.alerts import reading_view

    out().print(reading_view(reading))


def _site(world: Path) -> "Site | None":
    from nexus.config.site import load_site

    return load_site(world) if world.is_file() else None


def _matched(reading: "Reading", site: "Site", world: Path) -> "Reading":
    """With the services that its alerts would find; what backends know is not asked for it."""
    from nexus.config.service_aliases import aliases_beside
    from nexus.service.site_matcher import SiteMatcher

    matcher = SiteMatcher(site.services, aliases_beside(world.resolve()))
    return reading.model_copy(update={"alerts": matcher.matched(reading.alerts)})


def _body(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError(f"a header is written as Name: value, not {text!r}")
    return name.strip(), value.strip()
