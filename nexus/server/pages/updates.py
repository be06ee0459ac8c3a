"""What customers are told of one incident: what went out, the drafts, and a form for words of one's own."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from incidents.access import Permission
from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.forms import Form, filled
from nexus.server.pages.shell import Pages
from nexus.service.request import Request as Asked
from nexus.service.status_requests import DropStatusUpdate, ReleaseStatusUpdate, WriteStatusUpdate
from nexus.service.status_updates import StatusUpdates

_PATH = "/incidents/{incident}/updates"


def updates_routes(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/incidents/ID/updates` and its three forms."""

    async def shown(request: Request, who: Actor) -> Response:
        view = await StatusUpdates.of(context.home).view(request.path_params["incident"])
        return pages.render(request, "updates.html", view)

    def form(path: str, kind: type[Asked]) -> BaseRoute:
        async def taken(request: Request, who: Actor, given: Form) -> Response:
            incident = request.path_params["incident"]
            await filled(kind, given).put(context.doors, incident, who)
            return RedirectResponse(f"/incidents/{incident}/updates", 303)

        return pages.form(f"{_PATH}{path}", taken, Permission.RESPOND, on=(_PATH,))

    return [
        pages.page(_PATH, shown),
        form("", WriteStatusUpdate),
        form("/release", ReleaseStatusUpdate),
        form("/drop", DropStatusUpdate),
    ]
