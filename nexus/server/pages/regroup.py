"""The forms that take alerts out of an incident, and merge another one into it."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from incidents.access import Permission, why_not
from incidents.actor import Actor
from incidents.errors import UsageError
from nexus.server.api.context import ApiContext
from nexus.server.pages.forms import Form, filled
from nexus.server.pages.shell import Pages
from nexus.service.pages.regroup import regroup_view
from nexus.service.requests import Merge, Split

_PATH = "/incidents/{incident}"


def regroup_routes(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/incidents/ID/regroup` and what its forms send."""
    home = context.home

    async def regroup(request: Request, who: Actor) -> Response:
        view = await regroup_view(home, request.path_params["incident"], who)
        mayn_t = why_not(who.name, who.roles, Permission.RESPOND)
        return pages.render(request, "regroup.html", view, why_not=mayn_t)

    async def split(request: Request, who: Actor, form: Form) -> Response:
        taken = tuple(form.getlist("alerts"))
        if not taken:
            raise UsageError("alerts: choose at least one that is to be taken out; nothing was changed")
        asked = Split.model_validate({"alerts": taken, "reason": _reason(form)})
        done = await asked.put(context.doors, request.path_params["incident"], who)
        return _regrouped(context, done.incident, done.split_into)

    async def merge(request: Request, who: Actor, form: Form) -> Response:
        done = await filled(Merge, form).put(context.doors, request.path_params["incident"], who)
        return _regrouped(context, done.merged, done.incident)

    return [
        pages.page(f"{_PATH}/regroup", regroup),
        pages.form(f"{_PATH}/split", split, Permission.RESPOND, on=(f"{_PATH}/regroup",)),
        pages.form(f"{_PATH}/merge", merge, Permission.RESPOND, on=(f"{_PATH}/regroup",)),
    ]


def _reason(form: Form) -> str:
    reason = form.get("reason", "")
    if not reason.strip():
        raise UsageError("reason: say why; it stands in both timelines. Nothing was changed")
    return reason


def _regrouped(context: ApiContext, one: str | None, other: str | None) -> Response:
    """Who drives both is told, and the page of the one that goes on is shown."""
    for incident in (one, other):
        if incident is not None:
            context.ring(incident)
    return RedirectResponse(f"/incidents/{other or one}", HTTPStatus.SEE_OTHER)
