"""What people show that `nexus.yaml` does not hold: passwords, one-time links, API tokens; only as hashes."""

import hashlib
from datetime import datetime
from typing import Protocol

from pydantic import Field

from incidents.access import Scope
from incidents.value import Moment, Value


def hash_of_secret(secret: str) -> str:
    """The SHA-256 of a secret that we made: 256 random bits need no slow hash, and are found by it."""
    return hashlib.sha256(secret.encode()).hexdigest()


class SetupLink(Value):
    """An address that lets somebody set their password, once.

    Attributes:
        id: the SHA-256 of what the address holds.
        person: whose; None: of whoever sets up a Nexus in which nobody can log in.
    """

    id: str
    person: str | None
    ends_at: Moment


class ApiToken(Value):
    """A token with which a program asks on a person's behalf.

    Attributes:
        id: by which it is listed and revoked; the token begins with it.
        person: whose; without that person it does not count.
        purpose: what it is for, as its maker says.
        scopes: it may at most what these roles may, and never more than its person.
        ends_at: None: when it is revoked.
    """

    id: str = Field(pattern=r"^[0-9a-f]{12}$")
    person: str
    purpose: str
    scopes: tuple[Scope, ...] = Field(min_length=1)
    made_at: Moment
    ends_at: Moment | None = None


class Credentials(Protocol):
    """Hashes by person."""

    async def set_password(self, person: str, hashed: str, at: datetime) -> None:
        """Keep a person's password in place of the one before, and end every session of theirs."""
        ...

    async def password(self, person: str) -> str | None:
        """The hash of a person's password, or None."""
        ...

    async def forget_password(self, person: str) -> bool:
        """Delete it; whether there was one."""
        ...

    async def with_password(self) -> tuple[str, ...]:
        """The ids of those who have one, in order."""
        ...

    async def keep_link(self, link: SetupLink, now: datetime) -> None:
        """Keep a link in place of that person's earlier ones, and forget those that have ended."""
        ...

    async def link(self, identity: str, now: datetime) -> SetupLink | None:
        """The link of an id, unless it has ended by then or was used."""
        ...

    async def use_link(self, identity: str, now: datetime) -> SetupLink | None:
        """As `link`, once: of all who use it at the same time one gets it."""
        ...

    async def signing_key(self, name: str, fresh: str) -> str:
        """The key of a name: what was kept first; `fresh` if nothing was, which is kept from then on."""
        ...

    async def add_token(self, token: ApiToken, hashed: str) -> None:
        """Keep a token."""
        ...

    async def token_of(self, hashed: str, now: datetime) -> ApiToken | None:
        """The token of a hash, unless it has ended by then."""
        ...

    async def tokens(self, person: str | None = None) -> tuple[ApiToken, ...]:
        """Those of a person or of all, the oldest first, also what has ended."""
        ...

    async def revoke_token(self, identity: str) -> bool:
        """Delete one; whether there was one."""
        ...
