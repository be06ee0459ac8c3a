"""The settings as they are read: where a file is the truth, a page only shows it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.service.settings_view import settings_view


def settings_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/settings`: the runbook, the roles, the services, the people, the destinations."""

    async def settings(request: Request, who: Actor) -> Response:
        view = await settings_view(context.home, context.intake.site, context.intake.path)
        return pages.render(request, "settings.html", view)

    return [pages.page("/settings", settings)]
