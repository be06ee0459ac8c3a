"""Incidents that not everybody sees: misuse, a breach, something about people. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from incidents.access import AccessRole
from incidents.actor import Actor
from incidents.value import Moment, Value


class Sensitive(StrEnum):
    """Why not everybody sees an incident."""

    MISUSE = "misuse"
    BREACH = "breach"
    PEOPLE = "people"


class Restriction(Value):
    """Who sees an incident: those who are named, and whoever is commander."""

    incident: str
    why: Sensitive
    people: tuple[str, ...] = Field(description="their ids")
    by: str
    at: Moment

    def lets_see(self, actor: Actor) -> bool:
        """Whether somebody sees the incident; a token that is limited to less than a commander does not."""
        commands = AccessRole.COMMANDER in actor.roles and (
            actor.scopes is None or AccessRole.COMMANDER in actor.scopes
        )
        return commands or actor.id in self.people


def hidden_from(actor: Actor, restrictions: Iterable[Restriction]) -> frozenset[str]:
    """The ids of the incidents that somebody does not see."""
    return frozenset(one.incident for one in restrictions if not one.lets_see(actor))
