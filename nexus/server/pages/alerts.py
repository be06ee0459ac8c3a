"""What the monitoring sent, and what became of each alert: the list of deliveries, and one of them whole."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from incidents.disposition import AlertDisposition
from incidents.errors import UnknownName
from nexus.server.api.context import ApiContext
from nexus.server.api.parameters import DeliveryList
from nexus.server.pages.forms import asked
from nexus.server.pages.shell import Pages
from nexus.service.browsing import delivery_of, delivery_page


def alert_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/alerts`, newest first, and `/alerts/N`."""

    async def alerts(request: Request, who: Actor) -> Response:
        wanted = asked(DeliveryList, request)
        unseen = await context.hidden(who)
        view = await delivery_page(context.deliveries, wanted.among, wanted.limit, wanted.before, unseen)
        webhook = f"{request.url.scheme}://{request.url.netloc}/alerts"
        return pages.render(
            request,
            "alerts.html",
            view,
            asked=wanted,
            dispositions=tuple(AlertDisposition),
            following=request.url.include_query_params(before=view.next).query,
            webhook=webhook,
        )

    async def alert(request: Request, who: Actor) -> Response:
        number = request.path_params["number"]
        if not number.isdecimal() or len(number) > len(str(2**63)) - 1:
            raise UnknownName("delivery", number, ())
        view = await delivery_of(context.deliveries, int(number), await context.hidden(who))
        return pages.render(request, "alert.html", view)

    return [pages.page("/alerts", alerts), pages.page("/alerts/{number}", alert)]
