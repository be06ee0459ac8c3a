"""A one-time link: somebody sets their password, and is logged in."""

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from incidents.actor import Via
from incidents.errors import Refused, UsageError
from incidents.value import Value
from nexus.server.auth import address_of
from nexus.server.pages.forms import read_form
from nexus.server.pages.shell import Pages
from nexus.server.problems import in_seconds
from nexus.service.identity import hash_of
from nexus.service.logins import SHORTEST, SPENT, Logins, checked_password
from nexus.store.sessions import LoginBy


class SetupView(Value):
    """Who can set their password with the link, and what was wrong."""

    names: tuple[str, ...]
    name: str = ""
    mistake: str | None = None
    shortest: int = SHORTEST


def setup_routes(pages: Pages) -> list[BaseRoute]:
    """`/setup/{secret}`. To look at it does not use it up: chats look at links that are sent through them."""
    sessions = pages.sessions
    logins, door = Logins(sessions.store, sessions.clock), sessions.door

    async def view(request: Request) -> SetupView:
        address = address_of(request)
        if wait := door.wrong_tokens.wait(address):
            raise HTTPException(429, "too many wrong links came from this address", dict(in_seconds(wait)))
        allowed = await logins.who_may_use(request.path_params["secret"], door.people)
        if not allowed:
            door.wrong_tokens.count(address)
            raise Refused(SPENT)
        return SetupView(names=tuple(one.name for one in allowed))

    async def show(request: Request) -> Response:
        return pages.render(request, "setup.html", await view(request))

    async def use(request: Request) -> Response:
        sessions.check_origin(request)
        shown, form = await view(request), await read_form(request)
        name, password = form.get("name", ""), form.get("password", "")
        try:
            fine = checked_password(password, name, form.get("again", ""))
            hashed = await door.gate.check(partial(hash_of, fine, door.cost))
        except UsageError as error:
            told = shown.model_copy(update={"name": name, "mistake": str(error)})
            return pages.render(request, "setup.html", told, 400)
        found = await logins.use(request.path_params["secret"], name, hashed, door.people)
        answer = RedirectResponse("/", 303)
        await sessions.begin(request, answer, found.actor(Via.WEB), LoginBy.SETUP_LINK)
        return answer

    path = "/setup/{secret}"
    return [
        Route(path, pages.guarded(show)),
        Route(path, pages.guarded(use), methods=["POST"]),
    ]
