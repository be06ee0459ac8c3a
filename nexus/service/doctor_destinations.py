"""What `nexus doctor` says of the destinations: which cannot be opened, are disabled, or fail."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from incidents.errors import NexusError
from incidents.value import minute
from nexus.config.database import database_of
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.notify.slack.settings import SlackSettings
from nexus.notify.slack.socket_address import socket_address
from nexus.notify.wiring import address_of, opened
from nexus.service.check import Check, State
from nexus.service.destinations import DestinationLine, how_destinations_stand
from tools.clock import WallClock

if TYPE_CHECKING:
    from nexus.config.site import Site
    from tools.live.secrets import Secrets

_PART, _MEND = "Destinations", "mend what it names"


async def check_destinations(
    settings: Settings, environment: Mapping[str, str], site: "Site", secrets: "Secrets"
) -> tuple[Check, ...]:
    """A line for each destination; nothing is sent (`nexus destinations test NAME` does)."""
    if not site.notify.destinations:
        advice = "name some under `notify` of nexus.yaml"
        found = "none: people are told in the files of the home alone"
        return (Check(part=_PART, state=State.MISSING, found=found, advice=advice),)
    broken = {}
    for one in site.notify.destinations:
        try:
            await opened(one, secrets, WallClock()).destination.aclose()
        except NexusError as error:
            broken[one.name] = str(error)
    try:
        with open_home(
            settings, create=True, database=database_of(settings, environment), migrate=False
        ) as home:
            stand = (await how_destinations_stand(home.store, site)).items
    except NexusError:  # the store's own line says so
        stand = ()
    return (
        *(Check(part=_PART, state=State.BROKEN, found=why, advice=_MEND) for why in broken.values()),
        *(_check(one) for one in stand if one.name not in broken),
        *[await _socket_mode(one, secrets) for one in _over_sockets(site) if one.name not in broken],
    )


def _over_sockets(site: "Site") -> list[SlackSettings]:
    every = site.notify.destinations
    return [one for one in every if isinstance(one, SlackSettings) and one.app_token is not None]


async def _socket_mode(one: SlackSettings, secrets: "Secrets") -> Check:
    """Whether Slack gives a connection, which is not opened: the server that runs has its own."""
    assert one.app_token is not None  # only those are asked  # noqa: S101
    try:
        api, token = address_of(one.url, secrets).rstrip("/"), secrets(one.app_token)
        found = await socket_address(api, token, WallClock())
    except NexusError as error:
        return Check(part=_PART, state=State.BROKEN, found=str(error), advice=_MEND)
    if isinstance(found, str):
        said = f"{one.name}: Slack gives a connection for Socket Mode, by which its buttons come in"
        return Check(part=_PART, state=State.OK, found=said)
    if found.retry_after is not None:  # it gives few in a minute, and the server that runs comes first
        said = f"{one.name}: Slack was asked for a connection too often just now; ask again in a minute"
        return Check(part=_PART, state=State.OK, found=said)
    why = f"{one.name}: its buttons do not come in by Socket Mode: {found.reason}"
    advice = "app_token: an app-level token (xapp-…) with the scope connections:write, and Socket Mode on"
    return Check(part=_PART, state=State.BROKEN, found=why, advice=advice)


def _check(one: DestinationLine) -> Check:
    head = f"{one.name} ({one.kind})"
    if one.disabled_since is not None:
        found = f"{head} is disabled since {minute(one.disabled_since)}: {one.reason}"
        advice = f"once it is mended: `nexus destinations enable {one.name}`"
        return Check(part=_PART, state=State.BROKEN, found=found, advice=advice)
    if one.failing:
        found = f"{head} fails for now, {one.waiting} wait: {one.reason}"
        return Check(part=_PART, state=State.BROKEN, found=found, advice="it is tried again by itself")
    return Check(part=_PART, state=State.OK, found=head, advice=f"`nexus destinations test {one.name}`")
