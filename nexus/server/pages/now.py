"""The first page: what burns, and its stream."""

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.server.pages.stream import Streams
from nexus.service.pages.now import now_view


def now_routes(pages: Pages, context: ApiContext, streams: Streams) -> list[BaseRoute]:
    """`/` and `/incidents`, which are one page, and its stream."""

    async def now(request: Request, who: Actor) -> Response:
        view = await now_view(context.home, context.intake.site.site, who)
        webhook = f"{request.url.scheme}://{request.url.netloc}/alerts"
        listed = streams.now_list(view)
        return pages.render(
            request,
            "now.html",
            view,
            webhook=webhook,
            listed=Markup(listed.html),  # noqa: S704  # a template rendered it
            seen=listed.digest,
        )

    async def stream(request: Request, who: Actor) -> Response:
        return streams.of_now(request, who)

    return [pages.page("/", now), pages.page("/incidents", now), pages.page("/now/stream", stream)]
