"""The page of a decision, its card, and the form that signs what the page has shown."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import Refused, UsageError
from nexus.server.api.context import ApiContext
from nexus.server.pages.forms import Form, filled
from nexus.server.pages.shell import Pages
from nexus.server.problems import kind_of
from nexus.service.decision_answer import Cards, DecisionPage, Notice, Signed, answer, notice_of

_PATH = "/incidents/{incident}/decisions/{action}"


def decision_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/incidents/ID/decisions/A1`, the card of it alone, and what its form sends."""

    async def view(request: Request, who: Actor, notice: Notice | None = None) -> DecisionPage:
        incident, action = request.path_params["incident"], request.path_params["action"]
        other = request.query_params.get("as", "") if request.method == "GET" else ""
        decision = await context.decisions.decision(incident, action, who, other)
        return DecisionPage(decision=decision, notice=notice, asked=bool(other))

    async def page(request: Request, who: Actor) -> Response:
        return pages.render(request, "decision.html", await view(request, who))

    async def card(request: Request, who: Actor) -> Response:
        """The card, unless it is as it was seen; what somebody may just be signing is not replaced."""
        made = await view(request, who)
        if request.query_params.get("seen") == made.decision.seen:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        open_form = request.query_params.get("form") == "open"
        name = "parts/decision_news.html" if open_form else "parts/decision.html"
        return pages.render(request, name, made)

    async def signs(request: Request, who: Actor, form: Form) -> Response:
        incident, action = request.path_params["incident"], request.path_params["action"]
        try:
            await answer(context.doors.decisions, incident, action, filled(Signed, form), who)
        except Refused as error:
            pages.keep(request, form, error)
            shown = await view(request, who, notice_of(error))
            return pages.render(request, "decision.html", shown, kind_of(error).status)
        except UsageError as error:
            pages.keep(request, form, error)
            said = Notice(title="Your answer is not complete", sentence=f"Nothing was decided: {error}.")
            return pages.render(request, "decision.html", await view(request, who, said), 400)
        context.ring(incident)
        return RedirectResponse(f"/incidents/{incident}/decisions/{action}", HTTPStatus.SEE_OTHER)

    async def cards(request: Request, who: Actor) -> Response:
        """The cards of an incident's page, if they are others than those that are shown."""
        incident = request.path_params["incident"]
        found = await context.decisions.cards(incident, who)
        if request.query_params.get("shown") == ",".join(one.id for one in found):
            return Response(status_code=HTTPStatus.NO_CONTENT)
        shown = Cards(incident=incident, decisions=found)
        return pages.render(request, "parts/decisions.html", shown)

    return [
        pages.page("/incidents/{incident}/decisions", cards),
        pages.page(_PATH, page),
        pages.page(f"{_PATH}/card", card),
        # Who may sign is the service's to say, so that the page can say why not beside the change itself.
        pages.form(_PATH, signs, Permission.READ, on=(_PATH,)),
    ]
