"""The settings of a home as anybody who is let in may see them: no secret, no proof of anybody."""

from pathlib import Path

from pydantic import Field

from agents.role import Role
from incidents.access import AccessRole
from incidents.action import ActionKind
from incidents.runbook import Runbook
from incidents.value import Value
from nexus.config.runbook import roster_of, runbook_of
from nexus.config.service_aliases import ServiceNames
from nexus.config.site import Site
from nexus.home import Home
from nexus.service.catalogue import service_names
from nexus.service.destinations import DestinationLine, how_destinations_stand


class PersonLine(Value):
    """One of the people, with what they may decide on; empty: all."""

    name: str
    roles: tuple[AccessRole, ...]
    may: tuple[ActionKind, ...]
    services: tuple[str, ...]


class SettingsView(Value):
    """What is set, and in which file."""

    path: str
    runbook: Runbook
    roles: tuple[Role, ...]
    catalogue: ServiceNames
    people: tuple[PersonLine, ...]
    destinations: tuple[DestinationLine, ...] = Field(description="where people are told outside")

    def role_name(self, slug: str) -> str:
        """What the runbook's people call a role."""
        return next((role.name for role in self.roles if role.slug == slug), slug)


async def settings_view(home: Home, site: Site, path: Path) -> SettingsView:
    """The settings as they stand.

    Raises:
        SettingsError, RunbookError: a file of them breaks a rule.
    """
    settings, stand = home.settings, await how_destinations_stand(home.store, site)
    return SettingsView(
        path=str(path),
        runbook=runbook_of(settings),
        roles=roster_of(settings).roles,
        catalogue=service_names(site, path),
        people=tuple(
            PersonLine(name=one.name, roles=one.roles, may=one.may, services=one.services)
            for one in site.people
        ),
        destinations=stand.items,
    )
