"""How far proposals can be trusted: what people judged, by service and kind of change."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from incidents.trust import Where
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.service.trust import TrustQueries


def trust_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/trust`, what was put to people, what stood in shadow and what was replayed, each apart."""

    async def trust(request: Request, who: Actor) -> Response:
        view = await TrustQueries.of(context.home).view(await context.hidden(who))
        return pages.render(request, "trust.html", view, places=(Where.SHADOW, Where.LIVE, Where.BACKTEST))

    return [pages.page("/trust", trust)]
