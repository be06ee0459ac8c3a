"""Verbs about alerts: how a body would be read."""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import NexusError, UsageError
from nexus.cli.base import Json, complain, environment, out, write_json
from nexus.cli.deliveries import listed, replay, show
from nexus.cli.parser import Argument, Group, Option, Verbs

if TYPE_CHECKING:
    from nexus.config.site import Site
    from nexus.service.site_matcher import SiteMatcher
    from tools.alerts.matching.topology import Topology
    from tools.alerts.reading import Reading
    from tools.live.secrets import Secrets

#: So long a backend is asked where services run, in seconds.
LONGEST = 20.0


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
    offline: Annotated[
        bool, Option("--offline", help="Ask no backend where services run; names alone decide.")
    ] = False,
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
        reading = _matched(reading, site, world, offline=offline)
    if as_json:
        write_json(reading)
        return
    from nexus.cli.terminal.alerts import reading_view

    out().print(reading_view(reading))


def _site(world: Path) -> "Site | None":
    from nexus.config.site import load_site

    return load_site(world) if world.is_file() else None


def _matched(reading: "Reading", site: "Site", world: Path, *, offline: bool) -> "Reading":
    """With the services that its alerts and changes would find; the backends are asked where services run."""
    from nexus.config.service_aliases import aliases_beside
    from nexus.service.site_matcher import SiteMatcher

    matcher = SiteMatcher(site.services, aliases_beside(world.resolve()))
    if site.backends.prometheus is not None and not offline:
        from tools.live.secrets import Secrets

        known = asyncio.run(_topology(site, matcher, Secrets(environment())))
        matcher.topology = lambda: known
    changes = matcher.changed(reading.changes, reading.sender)
    return reading.model_copy(update={"alerts": matcher.matched(reading.alerts), "changes": changes})


async def _topology(site: "Site", matcher: "SiteMatcher", secrets: "Secrets") -> "Topology":
    """What the configured backend knows now; nothing, and why, if it does not tell all of it in time."""
    from tools.alerts.matching.topology import NOTHING_KNOWN
    from tools.clock import WallClock
    from tools.live.metrics.topology import live_topology

    assert site.backends.prometheus is not None  # it is asked only then  # noqa: S101
    try:
        async with (
            asyncio.timeout(LONGEST),
            aclosing(
                live_topology(site.backends.prometheus, lambda: matcher.names, secrets, WallClock())
            ) as port,
        ):
            return await port.topology()
    except (NexusError, TimeoutError) as error:
        why = str(error) or f"it was not told in {LONGEST:.0f} s"
        complain(f"where services run is not known, so that names alone decide: {why}")
        return NOTHING_KNOWN


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
