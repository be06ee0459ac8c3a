"""An incident's page, its older entries and its stream."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.server.pages.stream import Streams
from nexus.service.incident_moves import incident_moves
from nexus.service.pages.board import incident_board
from nexus.service.pages.timeline import About, kinds_of, timeline_view
from nexus.store.past import PastQueries
from nexus.store.watching import NEWEST

_PATH = "/incidents/{incident}"


def incident_routes(pages: Pages, context: ApiContext, streams: Streams) -> list[BaseRoute]:
    """`/incidents/ID` and what belongs to it."""
    home = context.home

    async def page(request: Request, who: Actor) -> Response:
        about, before = _about(request), _before(request)
        board = await incident_board(home, _incident(request), who)
        if about or before != NEWEST:
            board = board.model_copy(update={"timeline": await timeline_view(home, board.id, before, about)})
        known = await home.find(board.id)
        past = await PastQueries(home.store).like(known, await context.hidden(who), board.now)
        return pages.render(
            request, "incident.html", board, about=about, filters=tuple(About),
            decisions=await context.decisions.cards(board.id, who),
            moves=await incident_moves(home, board.id, who),
            verdict=await context.hindsight.verdict(board.id, who),
            past=past,
        )  # fmt: skip

    async def older(request: Request, who: Actor) -> Response:
        timeline = await timeline_view(home, _incident(request), _before(request), _about(request))
        return pages.render(request, "incident/lines.html", timeline, timeline=timeline)

    async def stream(request: Request, who: Actor) -> Response:
        found = await home.find(_incident(request))
        return streams.of_incident(request, who, found.id, kinds_of(_about(request)))

    return [
        pages.page(_PATH, page),
        pages.page(f"{_PATH}/older", older),
        pages.page(f"{_PATH}/stream", stream),
    ]


def _incident(request: Request) -> str:
    found: str = request.path_params["incident"]
    return found


def _before(request: Request) -> int:
    given = request.query_params.get("before", str(NEWEST))
    if not (given.isascii() and given.isdecimal()) or int(given) > NEWEST:
        raise HTTPException(400, "before: it is the number of an entry")
    return int(given)


def _about(request: Request) -> tuple[About, ...]:
    try:
        return tuple(dict.fromkeys(About(one) for one in request.query_params.getlist("about")))
    except ValueError:
        raise HTTPException(400, f"about: it is one of {', '.join(About)}") from None
