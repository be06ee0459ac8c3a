"""Logging in at the identity provider: out to it, and back from it."""

import base64

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from incidents.actor import Actor, Via, person_id
from incidents.errors import Refused
from nexus.server.oidc import Known, Provider, Started
from nexus.server.pages.login import here
from nexus.server.pages.shell import Pages
from nexus.service.identity import People
from nexus.store.sessions import LoginBy

#: Where people come back to.
BACK = "/login/provider/back"
#: What a browser keeps of a login that it has begun, and for how many seconds.
_COOKIE, _LASTS = "nexus-login", 600


def provider_routes(pages: Pages, provider: Provider) -> list[BaseRoute]:
    """`/login/provider` and the way back; both are looked at by who is not logged in yet."""
    sessions = pages.sessions
    cookie = f"__Host-{_COOKIE}" if sessions.tls else _COOKIE

    async def begin(request: Request) -> Response:
        url, started = await provider.begin(here(request.query_params.get("next", "")))
        answer = RedirectResponse(url, 303)
        kept = base64.urlsafe_b64encode(started.model_dump_json().encode()).decode()
        answer.set_cookie(
            cookie, kept, max_age=_LASTS, path="/", secure=sessions.tls, httponly=True, samesite="lax"
        )
        return answer

    async def back(request: Request) -> Response:
        asked = request.query_params
        if "error" in asked:
            raise Refused(f"the identity provider let nobody in: {asked['error']}")
        started = _started(request.cookies.get(cookie, ""))
        known = await provider.finish(started, asked.get("state", ""), asked.get("code", ""))
        actor = actor_of(known, provider, sessions.door.people)
        answer = RedirectResponse(started.following, 303)
        answer.delete_cookie(cookie, path="/", secure=sessions.tls, httponly=True, samesite="lax")
        await sessions.begin(request, answer, actor, LoginBy.PROVIDER)
        return answer

    return [Route("/login/provider", pages.guarded(begin)), Route(BACK, pages.guarded(back))]


def actor_of(known: Known, provider: Provider, people: People) -> Actor:
    """Who somebody is here whom the provider knows: one of `people`, or what their groups may.

    Raises:
        Refused: they are disabled, or neither named nor in a group that has a role.
    """
    if (found := people.called(known.person)) is not None:
        return found.actor(Via.WEB)
    identity, mapped = person_id(known.person), provider.settings.roles
    roles = tuple(dict.fromkeys(role for group in known.groups for role in mapped.get(group, ())))
    if identity in people.disabled or not roles:
        raise Refused(
            f"{known.person} may not come in: nexus.yaml's `people` does not name them (any more), and none "
            "of their groups stands in `server.login.roles`"
        )
    # Not the display name: anybody may call themselves like somebody of `people`.
    return Actor(
        id=identity, name=known.person, roles=roles, of_provider=True, via=Via.WEB, authenticated=True
    )


def _started(kept: str) -> Started:
    try:
        return Started.model_validate_json(base64.urlsafe_b64decode(kept))
    except (ValidationError, ValueError):
        raise Refused("this login was not begun in this browser, or is too old; log in again") from None
