"""The page that the link of a letter opens: a button, and what pressing it has done."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from incidents.actor import Actor
from incidents.errors import Refused
from nexus.notify.smtp.links import PATH
from nexus.server.api.context import ApiContext
from nexus.server.auth import address_of
from nexus.server.pages.shell import Pages
from nexus.server.problems import in_seconds
from nexus.service.by_letter import SPENT, ByLetter


def letter_routes(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/acknowledge/{secret}`. To look at it does nothing: mail programs and scanners look at every link."""
    sessions, door = pages.sessions, pages.sessions.door
    letters = ByLetter(context.home, lambda: context.intake.site)

    async def opened(request: Request) -> tuple[str, Actor]:
        address = address_of(request)
        if wait := door.wrong_tokens.wait(address):
            raise HTTPException(429, "too many wrong links came from this address", dict(in_seconds(wait)))
        try:
            incident, who = await letters.opened(request.path_params["secret"], door.people)
        except Refused:
            door.wrong_tokens.count(address)
            raise
        if not await door.still_in(who):
            raise Refused(SPENT)
        door.admit(who)
        return incident, who

    async def show(request: Request) -> Response:
        incident, who = await opened(request)
        return pages.render(request, "by_letter.html", await letters.view(incident, who))

    async def have(request: Request) -> Response:
        sessions.check_origin(request)
        incident, who = await opened(request)
        await letters.acknowledge(incident, who)
        context.ring(incident)
        return pages.render(request, "by_letter.html", await letters.view(incident, who, done=True))

    path = f"{PATH}/{{secret}}"
    return [Route(path, pages.guarded(show)), Route(path, pages.guarded(have), methods=["POST"])]
