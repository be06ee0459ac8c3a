"""What somebody is to Nexus: what they may and why, where they are logged in, what asks on their behalf."""

from typing import Self

from incidents.access import AccessRole, Right, Scope, rights
from incidents.actor import Actor
from incidents.value import Value
from nexus.service.identity import People
from nexus.store.credentials import ApiToken
from nexus.store.port import IncidentStore
from nexus.store.sessions import Session
from tools.clock import Clock


class May(Value):
    """What somebody may and may not do, each with a sentence that says why."""

    id: str
    name: str
    roles: tuple[AccessRole, ...]
    scopes: tuple[Scope, ...] | None
    rights: tuple[Right, ...]

    @classmethod
    def of(cls, actor: Actor, people: People, other: str | None = None) -> Self:
        """Of who asks, or of somebody else, who need not be there.

        Raises:
            UnknownName: there is nobody of that name.
        """
        if other is not None:
            actor = people.find(other).actor(actor.via)
        found = rights(actor.name, actor.roles, actor.scopes)
        return cls(id=actor.id, name=actor.name, roles=actor.roles, scopes=actor.scopes, rights=found)


class You(Value):
    """The page of who looks. An admin sees everybody's sessions and tokens.

    Attributes:
        chat: whether an account of a chat can be linked.
    """

    may: May
    everybody: bool
    sessions: tuple[Session, ...]
    tokens: tuple[ApiToken, ...]
    this: str
    chat: bool = False


async def you(store: IncidentStore, clock: Clock, actor: Actor, people: People, this: str) -> You:
    """Who somebody is.

    Args:
        store: of the sessions and tokens.
        clock: says which have ended.
        actor: who looks.
        people: of the site.
        this: the id of the session with which they look.
    """
    everybody = AccessRole.ADMIN in actor.roles
    lasting = await store.sessions(clock.now())
    return You(
        may=May.of(actor, people),
        everybody=everybody,
        sessions=tuple(one for one in lasting if everybody or one.person == actor.id),
        tokens=await store.tokens(None if everybody else actor.id),
        this=this,
    )
