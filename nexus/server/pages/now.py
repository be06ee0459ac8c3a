"""The first page: what burns."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.service.lists import IncidentFilter, IncidentPage

#: More than these burn never, or somebody has other troubles.
_MOST = 100


def now_routes(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/`."""

    async def now(request: Request, who: Actor) -> Response:
        items = await context.lists.page(IncidentFilter(not_closed=True), _MOST)
        waiting = await context.lists.waiting()
        return pages.render(request, "now.html", IncidentPage(items=items, next=None, waiting=waiting))

    return [pages.page("/", now)]
