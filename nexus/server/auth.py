"""Who a request is from: a person by their own token."""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request

from incidents.actor import Actor, Via
from nexus.service.identity import People

#: As many may wait for their token to be checked; a hash takes some 50 ms of one core each.
_MOST_WAITING = 16


@dataclass
class Authenticator:
    """Knows people by the token that they show. Whoever was known once is known at once again.

    Args:
        people: who may decide; without one nobody may.
    """

    people: People
    _known: dict[bytes, Actor] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def actor(self, request: Request) -> Actor:
        """The person.

        Raises:
            HTTPException: 401 if the token is missing or nobody's, 429 if too many are being checked.
            Refused: two people show it.
        """
        shown = _bearer(request)
        key = hmac.digest(self._key, shown.encode(), hashlib.sha256)
        if (known := self._known.get(key)) is not None:
            return known
        found = await self._checked(shown) if shown else None
        if found is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(
                401, "show your own token of nexus.yaml's `people`: Authorization: Bearer …", challenge
            )
        self._known[key] = found
        return found

    async def _checked(self, shown: str) -> Actor | None:
        if self._waiting >= _MOST_WAITING:
            raise HTTPException(429, "too many tokens are being checked; try again", {"Retry-After": "1"})
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await asyncio.to_thread(self.people.by_token, shown, Via.HTTP)
        finally:
            self._waiting -= 1


def _bearer(request: Request) -> str:
    """The bearer token that is shown; empty if none is."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    # Headers are read as Latin-1; a token in another alphabet comes as the bytes of its UTF-8.
    return shown.strip().encode("latin-1").decode(errors="replace") if scheme.lower() == "bearer" else ""
