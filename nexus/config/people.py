"""The people of `nexus.yaml`: what they may do, and what shows that it is them."""

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from incidents.access import DEFAULT_ROLES, AccessRole, Permission, allows
from incidents.action import ActionKind
from incidents.actor import person_id
from incidents.value import Value
from tools.live.secrets import SecretRef

#: The encoded form of argon2id, with what it costs: KiB of memory, and rounds.
_HASH = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,3}),p=\d{1,2}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}"
)
_MOST_MEMORY, _MOST_ROUNDS = 1 << 20, 16


def _hashed(text: Any) -> Any:
    """Refuse what is no hash, without repeating it: it may be the token itself."""
    made = _HASH.fullmatch(text) if isinstance(text, str) else None
    if made is None:
        raise PydanticCustomError("secret", "no hash; `nexus people hash` makes one ($argon2id$…)")
    if int(made[1]) > _MOST_MEMORY or int(made[2]) > _MOST_ROUNDS:
        raise PydanticCustomError("secret", "it costs too much to check; `nexus people hash` makes one")
    return text


#: What `nexus people hash` makes of a token.
TokenHash = Annotated[str, BeforeValidator(_hashed)]


class Contact(Value):
    """A way on which a person is reached."""

    to: str = Field(min_length=1, description="a destination of `notify`")
    at: str = Field(
        min_length=1, description="the device or account at which it arrives: phone, watch, mailbox"
    )


class Person(Value):
    """Somebody who works with Nexus; as an approver without `may` and `services` on every change."""

    name: str = Field(min_length=1)
    id: str | None = Field(
        default=None, min_length=1, description="stays the same if the name changes; not given: the name"
    )
    roles: tuple[AccessRole, ...] = Field(
        default=DEFAULT_ROLES, min_length=1, description="viewer, responder, approver, commander, admin"
    )
    may: tuple[ActionKind, ...] = Field(default=(), description="the kinds of change to decide on; none: all")
    services: tuple[str, ...] = Field(default=(), description="those whose changes to decide on; none: all")
    token: SecretRef | None = Field(default=None, description="what shows that it is them")
    token_hash: TokenHash | None = Field(
        default=None, description="instead of the token, its hash by `nexus people hash`"
    )

    contacts: tuple[Contact, ...] = Field(default=(), description="the ways on which they are reached")
    disabled: bool = Field(
        default=False, description="no longer lets them in: sessions, tokens and signatures end at once"
    )
    break_glass: bool = Field(
        default=False, description="for when the identity provider is down; everybody is told of its use"
    )

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if self.token is not None and self.token_hash is not None:
            raise ValueError(f"{self.name} has both `token` and `token_hash`; keep the hash")
        return self

    @model_validator(mode="after")
    def _limits_an_approver(self) -> Self:
        for field in ("may", "services"):
            if getattr(self, field) and not self.decides:
                raise ValueError(f"`{field}` limits an approver, and {self.name} is none: add it to `roles`")
        return self

    @property
    def decides(self) -> bool:
        """Whether they decide on changes at all."""
        return allows(self.roles, Permission.DECIDE)

    @property
    def identity(self) -> str:
        """What is the same for one person, however the name is spelled."""
        return person_id(self.id or self.name)


def same_people(people: Sequence[Person]) -> list[str]:
    """A sentence for each two who are one person, or who could not be told apart by what they show."""
    wrong = []
    for one, other in combinations(people, 2):
        if one.name != other.name and {one.identity, person_id(one.name)} & {
            other.identity,
            person_id(other.name),
        }:
            wrong.append(f"people: {one.name!r} and {other.name!r} are the same person; keep one of them")
        for field in ("token", "token_hash"):
            shown = getattr(one, field)
            if shown is not None and shown == getattr(other, field):
                wrong.append(
                    f"people.{one.name}.{field}, people.{other.name}.{field}: both show the same; give each "
                    "a token of their own"
                )
    return wrong


def owner_of_mailbox(people: Sequence[Person], destination: str) -> Person | None:
    """The one person whose `contacts` name a destination; None: nobody's do, or those of several."""
    theirs = [
        one for one in people if not one.disabled and any(way.to == destination for way in one.contacts)
    ]
    return theirs[0] if len(theirs) == 1 else None


def person_known_as(people: Sequence[Person], said: str) -> Person | None:
    """The person whom another tool means by a name, an id or a mail address; None: it is none of them.

    A mail address is also theirs whose id or name stands before its `@`, if that is one person.
    """
    told = person_id(said)
    whole = [one for one in people if told and told in {one.identity, person_id(one.name)}]
    local = person_id(told.partition("@")[0].replace(".", " ")) if "@" in told else ""
    found = whole or [one for one in people if local and local in _written(one)]
    return found[0] if len(found) == 1 else None


def _written(one: Person) -> set[str]:
    """How a person may be written before an `@`."""
    return {person_id(name.partition("@")[0].replace(".", " ")) for name in (one.identity, one.name)}
