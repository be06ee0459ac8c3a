"""What a role is: data, with a prompt file of the same name. A further developer role needs no code."""

from enum import StrEnum

from pydantic import Field

from incidents.action import ActionKind
from incidents.catalogue import Catalogue
from incidents.errors import UnknownName
from incidents.reports import Task
from incidents.value import Value


class Tier(StrEnum):
    """Which class of model a role gets; the settings map each to a model name."""

    LIGHT = "light"
    STANDARD = "standard"
    DEEP = "deep"


class Role(Value):
    """One named role. Its prompt is `prompts/roles/<slug>.md`."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    mission: str
    tier: Tier
    tasks: tuple[Task, ...] = Field(min_length=1)
    tools: tuple[str, ...] = ()
    actions: tuple[ActionKind, ...] = Field(default=(), description="kinds of change it may propose")
    owns: tuple[str, ...] = Field(
        default=(),
        description="owners in the service catalogue that it develops for; makes it a developer role",
    )


#: The role that the runbook calls the Relevant Developer Agent.
RELEVANT_DEVELOPER = "relevant_developer"


class Roster(Value):
    """All roles, in the order of the runbook."""

    roles: tuple[Role, ...]

    def get(self, slug: str) -> Role:
        """The role of that slug.

        Raises:
            UnknownName: there is none.
        """
        for role in self.roles:
            if role.slug == slug:
                return role
        raise UnknownName("role", slug, (role.slug for role in self.roles))

    def developer_of(self, service: str | None, catalogue: Catalogue) -> Role:
        """The developer role of the owner of a service; the Relevant Developer itself if nobody is named."""
        found = catalogue.find(service)
        if found is not None and found.owner is not None:
            for role in self.roles:
                if found.owner in role.owns:
                    return role
        return self.get(RELEVANT_DEVELOPER)
