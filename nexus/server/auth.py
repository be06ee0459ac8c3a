"""Who a request is from: a person by their own token, who asks no more often than the limits allow."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, Self

from starlette.exceptions import HTTPException
from starlette.requests import Request

from incidents.access import ToolScope
from incidents.actor import Actor, Via
from incidents.errors import Refused
from nexus.server.gate import Gate
from nexus.server.limits import HttpLimits
from nexus.server.present import Present
from nexus.server.problems import in_seconds
from nexus.server.rates import RateLimit
from nexus.service.identity import HASH_COST, HashCost, People
from nexus.service.tokens import PREFIX, Tokens

#: Where the scope of a request holds what a proxy says of it.
FORWARDED, PROXY_USER = "nexus.forwarded", "nexus.proxy_user"


_INVALID = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Doorkeeper(Protocol):
    """Knows who asks."""

    async def actor(self, request: Request) -> Actor:
        """The person.

        Raises:
            HTTPException: 401 if nothing shows who it is, 429 if they ask too often.
            Refused: what they show does not count.
        """
        ...


@dataclass
class Authenticator:
    """Knows people by the token that they show. Whoever was known once is known at once again.

    Args:
        people: who may come; without one nobody may.
        requests: how often one person may ask.
        wrong_tokens: how many may come from one address; each costs a check of every hash. Who is known
            already is not held up by them, for behind a proxy all have one address.
        tokens: the API tokens that were made; None: there are none.
        present: knows who has left since; None: nobody.
        cost: of the passwords that are set here.
    """

    people: People
    requests: RateLimit
    wrong_tokens: RateLimit
    tokens: Tokens | None = None
    present: Present | None = None
    cost: HashCost = HASH_COST
    _known: dict[bytes, Actor] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    gate: Gate = field(default_factory=Gate)

    @classmethod
    def of(
        cls,
        people: People,
        limits: HttpLimits,
        tokens: Tokens | None = None,
        present: Present | None = None,
        cost: HashCost = HASH_COST,
    ) -> Self:
        """One for a server with these limits."""
        return cls(people, RateLimit(limits.requests), RateLimit(limits.wrong_tokens), tokens, present, cost)

    def use(self, people: People) -> None:
        """Other people from now on: nobody is known any more by what they showed before."""
        self.people = people
        self._known.clear()

    async def actor(self, request: Request) -> Actor:
        """The person.

        Raises:
            HTTPException: 401 if the token is missing or nobody's, 429 if too many are being checked, or this
                person or address has asked too often.
            Refused: two people show it.
        """
        found = await self._found(request)
        if not await self.still_in(found):
            raise HTTPException(401, f"{found.name} may not come in any more", {"WWW-Authenticate": "Bearer"})
        self.admit(found)
        return found

    async def program(self, request: Request) -> Actor:
        """The person for whom a program comes over MCP: by an API token with a scope for that, and no other.

        Raises:
            HTTPException: 401 if none is shown or it is none, 403 if it has no such scope, 429 as `actor`.
        """
        shown = _bearer(request)
        if self.tokens is None or not shown.startswith(PREFIX):
            raise HTTPException(
                401, "show an API token with the scope mcp:read, mcp:note or mcp:open as a bearer token",
                {"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        found = await self._by_api_token(shown, self.tokens, request, Via.MCP)
        if not any(isinstance(scope, ToolScope) for scope in found.scopes or ()):
            raise _lacking("this token has none of the scopes mcp:read, mcp:note, mcp:open", "mcp:read")
        if not await self.still_in(found):
            raise HTTPException(401, f"{found.name} may not come in any more", _INVALID)
        self.admit(found)
        return found

    async def still(self, request: Request) -> bool:
        """Whether what a request has shown counts by now: a stream asks that it opened. It counts as none."""
        try:
            return await self.still_in(await self._found(request))
        except (HTTPException, Refused):
            return False

    async def still_in(self, actor: Actor) -> bool:
        """Whether somebody is still among the people by what their file says now."""
        return self.present is None or await self.present.lets_in(actor)

    def admit(self, actor: Actor) -> None:
        """Count that somebody asks.

        Raises:
            HTTPException: 429 if it is too often.
        """
        if wait := self.requests.wait(actor.id):
            raise HTTPException(429, f"{actor.name} asks too often; wait a moment", dict(in_seconds(wait)))
        self.requests.count(actor.id)

    async def _found(self, request: Request) -> Actor:
        shown = _bearer(request)
        if self.tokens is not None and shown.startswith(PREFIX):
            person = await self._by_api_token(shown, self.tokens, request, Via.HTTP)
            if all(isinstance(scope, ToolScope) for scope in person.scopes or ()):
                raise _lacking("this token is for programs over MCP alone, at /mcp", "viewer")
            return person
        key = hmac.digest(self._key, shown.encode(), hashlib.sha256)
        if (known := self._known.get(key)) is not None:
            return known
        found = await self._checked(shown, request) if shown else None
        if found is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(
                401, "show your own token of nexus.yaml's `people` as a bearer token", challenge
            )
        self._known[key] = found
        return found

    async def _by_api_token(self, shown: str, tokens: Tokens, request: Request, via: Via) -> Actor:
        """Asked of the store each time: one that is revoked does not count from then on."""
        address = address_of(request)
        if wait := self.wrong_tokens.wait(address):
            raise HTTPException(429, "too many wrong tokens came from this address", dict(in_seconds(wait)))
        found = await tokens.actor(shown, self.people, via)
        if found is None:
            self.wrong_tokens.count(address)
            raise HTTPException(
                401, "this token has ended, was revoked, or never was", {"WWW-Authenticate": "Bearer"}
            )
        return found

    async def _checked(self, shown: str, request: Request) -> Actor | None:
        address = address_of(request)
        if wait := self.wrong_tokens.wait(address):
            raise HTTPException(429, "too many wrong tokens came from this address", dict(in_seconds(wait)))
        found = await self.gate.check(partial(self.people.by_token, shown, Via.HTTP))
        if found is None:
            self.wrong_tokens.count(address)
        return found


def _lacking(why: str, scope: str) -> HTTPException:
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    return HTTPException(403, why, {"WWW-Authenticate": challenge})


def address_of(request: Request) -> str:
    """From which address a request comes; behind a proxy as that says."""
    forwarded: str | None = request.scope.get(FORWARDED)
    return forwarded or (request.client.host if request.client is not None else "")


def proxy_user(request: Request) -> str | None:
    """Who has logged in at the proxy, by id; None if no proxy says."""
    user: str | None = request.scope.get(PROXY_USER)
    return user


def _bearer(request: Request) -> str:
    """The bearer token that is shown; empty if none is."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    # Headers are read as Latin-1; a token in another alphabet comes as the bytes of its UTF-8.
    return shown.strip().encode("latin-1").decode(errors="replace") if scheme.lower() == "bearer" else ""
