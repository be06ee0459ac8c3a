"""A link that logs somebody in, once: for who has started the server and sits at the same machine."""

import hmac
import secrets
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from incidents.actor import Via
from incidents.errors import Refused
from nexus.server.auth import address_of
from nexus.server.pages.login import here
from nexus.server.pages.shell import Pages
from nexus.server.problems import in_seconds
from nexus.store.sessions import LoginBy

_SPENT = "this link was used already, or never was; end what printed it and start it again for another"


@dataclass
class OneTimeEntry:
    """The link of one person. It lies in no store: it ends with the process that made it.

    Args:
        person: the id of one of the people.
    """

    person: str
    _secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _used: bool = False

    @property
    def path(self) -> str:
        """The way to it on the server; `?next=` leads on to a page."""
        return f"/enter/{self._secret}"

    def use(self, secret: str) -> bool:
        """Whether it lets somebody in, who has used it up then."""
        if self._used or not hmac.compare_digest(secret.encode(), self._secret.encode()):
            return False
        self._used = True
        return True


def one_time_route(pages: Pages, entry: OneTimeEntry) -> BaseRoute:
    """`GET /enter/{secret}`. To ask for its head does not use it up; who is logged in needs it no more."""
    sessions, door = pages.sessions, pages.sessions.door

    async def enter(request: Request) -> Response:
        answer = RedirectResponse(here(request.query_params.get("next", "")), 303)
        if request.method == "HEAD" or await sessions.visitor(request) is not None:
            return answer
        address = address_of(request)
        if wait := door.wrong_tokens.wait(address):
            raise HTTPException(429, "too many wrong links came from this address", dict(in_seconds(wait)))
        who = door.people.with_id(entry.person, Via.WEB)
        if who is None or not entry.use(request.path_params["secret"]):
            door.wrong_tokens.count(address)
            raise Refused(_SPENT)
        await sessions.begin(request, answer, who, LoginBy.ONE_TIME_LINK)
        return answer

    return Route("/enter/{secret}", pages.guarded(enter))
