"""API tokens: a program asks on a person's behalf, for what it is limited to and never more than they may."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from incidents.access import AccessRole, Scope, ToolScope
from incidents.actor import Actor, Via
from incidents.errors import Forbidden, UnknownName
from incidents.value import Value
from nexus.service.identity import Credential, People
from nexus.store.audit import Deed, DeedKind
from nexus.store.credentials import ApiToken, hash_of_secret
from nexus.store.port import IncidentStore
from tools.clock import Clock

#: How every token begins, so that a leaked one is recognised.
PREFIX = "nxs_"


def _scope(text: object) -> object:
    """A scope by its name; told here, since of a union every member would complain."""
    known: dict[object, Scope] = {str(one): one for one in (*AccessRole, *ToolScope)}
    if text not in known:
        raise ValueError(f"it is none of {', '.join(map(str, known))}")
    return known[text]


class TokenAsked(Value):
    """A token that somebody wants."""

    purpose: str = Field(min_length=1, max_length=100, description="what it is for, for whoever lists it")
    scopes: tuple[Annotated[Scope, BeforeValidator(_scope)], ...] = Field(
        min_length=1, description="it may at most what these roles may; mcp: ones are for programs over MCP"
    )
    days: int = Field(default=90, ge=1, le=365, description="how long it lasts: none must count for ever")


class NewToken(Value):
    """A token that was made: it is shown this once."""

    token: ApiToken
    secret: str


@dataclass(frozen=True)
class Tokens:
    """The API tokens of a home."""

    store: IncidentStore
    clock: Clock

    async def make(self, asked: TokenAsked, of: Credential, *, by: Actor | None) -> NewToken:
        """Make a token; only its hash is kept.

        Args:
            asked: what for, for how long, and what it may at most.
            of: whose.
            by: who makes it; None: somebody at the command line.

        Raises:
            Forbidden: it is another person's, or is made with a token.
        """
        if by is not None and (by.id != of.person or by.scopes is not None or by.via is Via.MCP):
            raise Forbidden("a token is made by whose it is, logged in with a browser")
        now, identity = self.clock.now(), secrets.token_hex(6)
        secret = f"{PREFIX}{identity}_{secrets.token_urlsafe(32)}"
        token = ApiToken(
            id=identity, person=of.person, purpose=asked.purpose, scopes=asked.scopes, made_at=now,
            ends_at=now + timedelta(days=asked.days),
        )  # fmt: skip
        await self.store.add_token(token, hash_of_secret(secret))
        await self._record(by, token, "made")
        return NewToken(token=token, secret=secret)

    async def actor(self, shown: str, people: People, via: Via = Via.HTTP) -> Actor | None:
        """On whose behalf a token asks; None if it is none (any more), or its person is gone."""
        token = await self.store.token_of(hash_of_secret(shown), self.clock.now())
        found = people.with_id(token.person, via) if token is not None else None
        return found.model_copy(update={"scopes": token.scopes}) if found is not None and token else None

    async def revoke(self, identity: str, *, by: Actor | None) -> None:
        """Revoke a token; it does not count any more at once.

        Raises:
            UnknownName: there is none of that id, or it is another person's.
        """
        only = None if by is None or AccessRole.ADMIN in by.roles else by.id
        theirs = await self.store.tokens(only)
        found = next((one for one in theirs if one.id == identity), None)
        if found is None or not await self.store.revoke_token(identity):
            raise UnknownName("token", identity, (one.id for one in theirs))
        await self._record(by, found, "revoked")

    async def _record(self, by: Actor | None, token: ApiToken, said: str) -> None:
        at = self.clock.now()
        if by is not None:
            deed = Deed.by(by, DeedKind.API_TOKEN, at, about=token.id, said=said)
        else:
            deed = Deed(at=at, kind=DeedKind.API_TOKEN, person="", via=Via.CLI, about=token.id, said=said)
        await self.store.record(deed)
