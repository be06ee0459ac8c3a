"""One evidence: the question, what came back, raw and as a chart."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from incidents.actor import Actor
from nexus.server.api.context import ApiContext
from nexus.server.pages.shell import Pages
from nexus.service.pages.evidence import evidence_view, raw_evidence

_PATH = "/incidents/{incident}/evidence/{evidence}"


def evidence_routes(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/incidents/ID/evidence/E`, and what is stored of it as it is."""
    home = context.home

    async def evidence(request: Request, who: Actor) -> Response:
        view = await evidence_view(home, request.path_params["incident"], request.path_params["evidence"])
        return pages.render(request, "evidence.html", view)

    async def raw(request: Request, who: Actor) -> Response:
        incident, evidence = request.path_params["incident"], request.path_params["evidence"]
        found, body = await raw_evidence(home, incident, evidence, who)
        if body is None:
            raise HTTPException(404, f"what {found.id} answered is not kept any more")
        return raw_answer(found.id, body)

    return [pages.page(_PATH, evidence), pages.page(f"{_PATH}/raw", raw)]


def raw_answer(name: str, body: bytes) -> Response:
    """A stored answer as it is: a picture is shown, text is not read as a page."""
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return Response(body, media_type="image/png")
    told = {"content-disposition": f'attachment; filename="{name}.json"'}
    return Response(body, headers=told, media_type="text/plain; charset=utf-8")
