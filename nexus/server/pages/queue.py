"""The queue: who works, what is due, what broke off."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.service.pages.queue import queue_view


def queue_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/queue`, as it stands when it is asked for."""

    async def queue(request: Request, who: Actor) -> Response:
        site = context.intake.site.site
        return pages.render(
            request, "queue.html", await queue_view(context.home, site, await context.hidden(who))
        )

    return [pages.page("/queue", queue)]
