"""Who is on duty, as the schedules say that are planned elsewhere."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.service.oncall import oncall_view
from nexus.service.pages.duty import duty_page


def duty_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/oncall`: every schedule is asked anew; one that is silent is shown as it was known last."""

    async def duty(request: Request, who: Actor) -> Response:
        home, site = context.home, context.intake.site
        found = await oncall_view(site, home.settings, home.secrets, home.clock.now())
        return pages.render(request, "duty.html", duty_page(found, site.catalogue.names))

    return [pages.page("/oncall", duty)]
