"""The login: a name and what shows that it is them. And the way out."""

from functools import partial
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from incidents.access import Permission
from incidents.actor import Actor, Via, person_id
from incidents.value import Value
from nexus.server.auth import address_of, proxy_user
from nexus.server.pages.forms import Form, read_form
from nexus.server.pages.shell import Pages
from nexus.server.problems import in_seconds
from nexus.service.logins import shown_by
from nexus.store.audit import Deed, DeedKind
from nexus.store.sessions import LoginBy


class LoginView(Value):
    """What the login shows: where it leads, what was typed, and what was wrong."""

    following: str
    provider: str | None = None
    name: str = ""
    mistake: str | None = None
    anybody: bool = True


def login_routes(pages: Pages) -> list[BaseRoute]:
    """`/login` and `POST /logout`."""
    door = pages.sessions.door

    def show(request: Request, view: LoginView, status: int = 200) -> Response:
        provider = pages.sessions.provider
        issuer = urlsplit(provider.settings.issuer).hostname if provider is not None else None
        view = view.model_copy(update={"anybody": bool(door.people or provider), "provider": issuer})
        return pages.render(request, "login.html", view, status)

    async def login(request: Request) -> Response:
        following = here(request.query_params.get("next", ""))
        if await pages.sessions.visitor(request) is not None:
            return RedirectResponse(following, 303)
        found = door.people.called(proxy_user(request) or "")
        if found is not None:
            entered = RedirectResponse(following, 303)
            await pages.sessions.begin(request, entered, found.actor(Via.WEB), LoginBy.PROXY)
            return entered
        return show(request, LoginView(following=following))

    async def log_in(request: Request) -> Response:
        pages.sessions.check_origin(request)
        form = await read_form(request)
        name, following = form.get("name", ""), here(form.get("next", ""))
        view = LoginView(following=following, name=name)
        try:
            known = await _known(pages, request, name, form.get("secret", ""))
        except HTTPException as error:
            answer = show(request, view.model_copy(update={"mistake": error.detail}), error.status_code)
            answer.headers.update(error.headers or {})
            return answer
        if known is None:
            mistake = "The name or what you showed is wrong."
            return show(request, view.model_copy(update={"mistake": mistake}), 401)
        answer = RedirectResponse(following, 303)
        await pages.sessions.begin(request, answer, *known)
        return answer

    async def log_out(request: Request, who: Actor, form: Form) -> Response:
        answer = RedirectResponse("/login", 303)
        await pages.sessions.end(request, answer, who)
        return answer

    return [
        Route("/login", pages.guarded(login)),
        Route("/login", pages.guarded(log_in), methods=["POST"]),
        pages.form("/logout", log_out, Permission.READ),
    ]


async def _known(pages: Pages, request: Request, name: str, secret: str) -> tuple[Actor, LoginBy] | None:
    """Who somebody is by name and secret, and what it was; None if they are not.

    Raises:
        HTTPException: 429 if too many wrong ones came from this address, or for this name.
    """
    door, store, address = pages.sessions.door, pages.sessions.store, address_of(request)
    account = f"login of {person_id(name)}"
    wait = max(door.wrong_tokens.wait(address), door.wrong_tokens.wait(account))
    if wait:
        raise HTTPException(429, "Too many wrong logins came; wait a moment.", dict(in_seconds(wait)))
    found = door.people.called(name)
    if found is not None and pages.sessions.provider is not None and not found.break_glass:
        found = None  # the identity provider knows whether they still may
    password = await store.password(found.person) if found is not None else None
    by = await door.gate.check(partial(shown_by, found, password, secret, door.cost))
    if found is None or by is None:
        door.wrong_tokens.count(address)
        door.wrong_tokens.count(account)
        about = found.person if found is not None else ""
        at = pages.sessions.clock.now()
        await store.record(Deed(at=at, kind=DeedKind.LOGIN_REFUSED, person="", via=Via.WEB, about=about))
        return None
    return found.actor(Via.WEB), by


def here(path: str) -> str:
    """A place of ours to go to; whatever may lead elsewhere is the first page."""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if own and path.isascii() else "/"
