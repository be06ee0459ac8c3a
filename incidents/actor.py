"""Who asks for something, and by which door."""

import unicodedata
from enum import StrEnum
from typing import Self

from pydantic import Field

from incidents.access import AGENT_MAY, AccessRole, Permission, Scope, why_not
from incidents.errors import UsageError
from incidents.value import Value


class Via(StrEnum):
    """The doors by which people come."""

    CLI = "cli"
    HTTP = "http"
    WEB = "web"
    MCP = "mcp"
    CHAT = "chat"
    MAIL = "mail"


class Actor(Value):
    """A person who asks for something. `id` stays the same whatever the door and the spelling."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    roles: tuple[AccessRole, ...] = ()
    scopes: tuple[Scope, ...] | None = Field(
        default=None, description="what the token with which they ask is limited to; None: it is not"
    )
    of_provider: bool = Field(
        default=False, description="an identity provider vouches for them, `people` does not name them"
    )
    via: Via
    authenticated: bool = Field(default=False, description="they showed that it is them, not just a name")

    def why_not(self, permission: Permission) -> str | None:
        """Why they may not do it, in a sentence; None if they may.

        A program that comes for them (over MCP) may look, leave its own kind of note and open an incident,
        whatever they may themselves.
        """
        if self.via is Via.MCP and permission not in AGENT_MAY:
            return f"a program of {self.name} may not {permission}: a person does, at a page of Nexus's own"
        return why_not(self.name, self.roles, permission, self.scopes)

    @classmethod
    def named(cls, name: str, via: Via) -> Self:
        """Somebody who gives a name and shows nothing.

        Raises:
            UsageError: it is empty.
        """
        if not name.strip():
            raise UsageError("Say who you are: --by NAME")
        return cls(id=person_id(name), name=name.strip(), via=via)


def person_id(name: str) -> str:
    """What makes two spellings the same person: `Dana Lee` and `dana  lee` are one."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
