"""Every incident that there was: found by words, severity, service and state; and how long they took."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from incidents.severity import Severity, Status
from nexus.server.api.context import ApiContext
from nexus.server.api.parameters import IncidentList
from nexus.server.pages.forms import asked
from nexus.server.pages.shell import Pages
from nexus.service.browsing import incident_page
from nexus.service.pages.times import DAYS, times_view


def history_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/history`, newest first, with what people said of the causes that were named."""

    async def history(request: Request, who: Actor) -> Response:
        wanted = asked(IncidentList, request)
        unseen = await context.hidden(who)
        view = await incident_page(context.lists, wanted.among, wanted.limit, wanted.after, unseen)
        return pages.render(
            request,
            "history.html",
            view,
            asked=wanted,
            calibration=await context.hindsight.calibration(unseen),
            times=await times_view(context.home, DAYS, unseen),
            severities=tuple(Severity),
            statuses=tuple(Status),
            going_on=(Status.OPEN, Status.HANDED_OVER),
            following=request.url.include_query_params(after=view.next).query,
        )

    return [pages.page("/history", history)]
