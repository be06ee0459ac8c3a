"""Who a browser is: cookie sessions kept in the store, and the proof that a write comes from our own page.

The cookie holds a random secret, the store its SHA-256 alone. Whoever reads the store cannot log in with it.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response

from incidents.actor import Actor, Via
from incidents.errors import Forbidden
from nexus.config.server import Server
from nexus.server.auth import Authenticator, address_of, proxy_user
from nexus.server.oidc import Provider
from nexus.service.break_glass import tell_everybody
from nexus.service.restricting import require_visible
from nexus.store.audit import Deed, DeedKind
from nexus.store.port import IncidentStore
from nexus.store.sessions import LoginBy, Session
from tools.clock import Clock

log = structlog.get_logger(__name__)

#: The field of a form, and the header of a script, that hold the token of the page they are sent from.
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
#: A browser keeps the first from whatever is not reached by TLS and from neighbours under the same domain.
_SECURE_COOKIE, _COOKIE = "__Host-nexus", "nexus"
_READS = {"GET", "HEAD", "OPTIONS"}


class Visitor(NamedTuple):
    """Somebody who is logged in, and what their forms have to bring along."""

    actor: Actor
    session: Session
    csrf: str


@dataclass
class BrowserSessions:
    """The sessions of one server.

    Args:
        store: keeps them.
        clock: says when they end.
        door: knows the people; whoever is no longer among them is logged out.
        settings: how long they last, and how browsers reach the server.
        provider: where people log in; None: here.
    """

    store: IncidentStore
    clock: Clock
    door: Authenticator
    settings: Server
    provider: Provider | None = None

    @property
    def tls(self) -> bool:
        """Whether browsers reach the server by https, and never otherwise."""
        return (self.settings.public_url or "").startswith("https:")

    async def visitor(self, request: Request) -> Visitor | None:
        """Who a request is from; None if nobody is logged in with it (any more)."""
        secret = request.cookies.get(self._cookie(request), "")
        session = await self.store.session(_hash(secret), self.clock.now()) if secret else None
        if session is None:
            return None
        actor = self._still(session)
        if actor is not None and not await self.door.still_in(actor):
            actor = None
        other = proxy_user(request) not in {None, session.person} and session.by is LoginBy.PROXY
        if actor is None or other or session.browser != _browser(request):
            why = "it is another browser or person" if actor is not None else "the person is gone"
            log.warning("a session was ended", person=session.person, why=why, address=address_of(request))
            await self.store.end_session(session.id)
            return None
        return Visitor(actor, session, _token_of(secret))

    def _still(self, session: Session) -> Actor | None:
        """Whose session it is, as they are now; None if they may not come in any more."""
        if session.roles is None:
            return self.door.people.with_id(session.person, Via.WEB)
        if session.person in self.door.people.disabled:
            return None
        return Actor(
            id=session.person, name=session.name, roles=session.roles, of_provider=True, via=Via.WEB,
            authenticated=True,
        )  # fmt: skip

    async def actor(self, request: Request) -> Actor:
        """Who asks by a bearer token or, where none is shown, by the cookie of a browser.

        A browser sends its cookie also with what another site made: a write has to come from a page of ours.

        Raises:
            HTTPException: as `Authenticator.actor`.
            Forbidden: a write with a cookie comes from elsewhere.
            UnknownName: the address names an incident that they do not see.
            Refused: two people show one token.
        """
        visitor = await self.visitor(request) if "authorization" not in request.headers else None
        if visitor is None:
            found = await self.door.actor(request)
            await require_visible(self.store, found, request.path_params.get("incident"))
            return found
        if request.method not in _READS:
            self.check_origin(request)
            self.check_token(visitor, request.headers.get(CSRF_HEADER, ""))
        self.door.admit(visitor.actor)
        await require_visible(self.store, visitor.actor, request.path_params.get("incident"))
        return visitor.actor

    async def still(self, request: Request) -> bool:
        """Whether the token or the login of a request counts by now."""
        if "authorization" in request.headers:
            return await self.door.still(request)
        return await self.visitor(request) is not None

    async def begin(self, request: Request, response: Response, actor: Actor, by: LoginBy) -> Session:
        """Log somebody in with this browser; what it was logged in with before ends."""
        await self._end(request)
        now, secret = self.clock.now(), secrets.token_urlsafe(32)
        session = Session(
            id=_hash(secret), person=actor.id, name=actor.name, by=by, started_at=now,
            roles=actor.roles if actor.of_provider else None,
            ends_at=now + self.settings.session, browser=_browser(request), address=address_of(request),
        )  # fmt: skip
        await self.store.open_session(session)
        lasts = int(self.settings.session.total_seconds())
        response.set_cookie(
            self._cookie(request), secret, max_age=lasts, path="/", secure=self._secure(request),
            httponly=True, samesite="lax",
        )  # fmt: skip
        log.info("logged in", person=actor.id, by=by, address=session.address)
        await self._record(actor, DeedKind.LOGIN, now, by)
        if by is LoginBy.BREAK_GLASS:
            await tell_everybody(self.store, actor, session)
        return session

    async def end(self, request: Request, response: Response, actor: Actor) -> None:
        """Log this browser out."""
        await self._end(request)
        await self._record(actor, DeedKind.LOGOUT, self.clock.now())
        response.delete_cookie(
            self._cookie(request), path="/", secure=self._secure(request), httponly=True, samesite="lax"
        )

    async def _record(self, actor: Actor, kind: DeedKind, at: datetime, said: str = "") -> None:
        await self.store.record(Deed.by(actor, kind, at, said=said))

    async def _end(self, request: Request) -> None:
        if secret := request.cookies.get(self._cookie(request)):
            await self.store.end_session(_hash(secret))

    async def broken_glass(self) -> tuple[Session, ...]:
        """The sessions in which the break-glass account is in use, the newest first."""
        lasting = await self.store.sessions(self.clock.now())
        return tuple(one for one in lasting if one.by is LoginBy.BREAK_GLASS)

    def check_origin(self, request: Request) -> None:
        """Refuse what another site lets a browser send. Browsers say with each form from where it comes.

        Raises:
            Forbidden: it is from elsewhere, or does not say.
        """
        origin = request.headers.get("origin", "")
        own = self.settings.public_url
        here = origin == own if own is not None else urlsplit(origin).netloc == request.headers.get("host")
        if not origin or not here:
            reached = own or f"{request.url.scheme}://{request.headers.get('host', '')}"
            raise Forbidden(
                f"this was sent from {origin or 'nobody knows where'}, not from {reached}; nothing was "
                "changed. If that is how you reach Nexus, set server.public_url in nexus.yaml"
            )

    def check_token(self, visitor: Visitor, shown: str) -> None:
        """Refuse what does not come from a page that was made for this session.

        Raises:
            Forbidden: the token is missing or another one.
        """
        if not hmac.compare_digest(shown.encode(), visitor.csrf.encode()):
            raise Forbidden(
                "the page that sent this belongs to another login; nothing was changed: load it again"
            )

    def _secure(self, request: Request) -> bool:
        return self.tls or request.url.scheme == "https"

    def _cookie(self, request: Request) -> str:
        return _SECURE_COOKIE if self._secure(request) else _COOKIE


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token_of(secret: str) -> str:
    """What shows that a form knows the session; the cookie cannot be told from it."""
    return hmac.digest(secret.encode(), b"a form of ours", hashlib.sha256).hex()


def _browser(request: Request) -> str:
    """What a browser says of itself; an update in the middle of a shift changes only its numbers."""
    return re.sub(r"[\d.]+", "", request.headers.get("user-agent", ""))[:200]
