"""The page of a post-mortem, its exports, and the forms that edit it, judge it, change what is to be done."""

from http import HTTPStatus

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import Forbidden, Refused, UsageError
from nexus.server.api.context import ApiContext
from nexus.server.pages.forms import Form, filled
from nexus.server.pages.shell import Pages
from nexus.server.problems import kind_of
from nexus.service.hindsight_requests import ChangeItem, JudgeDiagnosis
from nexus.service.post_mortem_page import HEADINGS, Draft, Edit, PostMortemDesk
from nexus.service.ticket_requests import MakeTickets


class ItemForm(ChangeItem):
    """An action item as a form sends it: its fields are texts."""

    version: int = 0


_PAGE = "/incidents/{incident}"
_PATH = f"{_PAGE}/post-mortem"


def post_mortem_pages(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/incidents/ID/post-mortem`, `.md` and `.html` of it, and what its forms send."""
    desk = PostMortemDesk.of(context.home)

    async def page(request: Request, who: Actor) -> Response:
        number = request.query_params.get("version", "")
        made = await desk.page(_incident(request), who, int(number) if number.isdecimal() else None)
        return pages.render(request, "post_mortem.html", made)

    async def edit(request: Request, who: Actor, form: Form) -> Response:
        said = filled(Edit, form)
        try:
            await desk.edit(_incident(request), said, who)
        except (Refused, UsageError) as error:
            if isinstance(error, Forbidden):
                raise
            draft = Draft(**dict(said), why=str(error))
            made = await desk.page(_incident(request), who, draft=draft)
            return pages.render(request, "post_mortem.html", made, kind_of(error).status)
        return _back(request, f"#{said.field}")

    async def judge(request: Request, who: Actor, form: Form) -> Response:
        asked = filled(JudgeDiagnosis, form)
        await asked.put(context.doors, _incident(request), who)
        return RedirectResponse(_local(request) or f"{_place(request)}#verdict", HTTPStatus.SEE_OTHER)

    async def items(request: Request, who: Actor, form: Form) -> Response:
        await filled(ItemForm, form).put(context.doors, _incident(request), who)
        return _back(request, "#action-items")

    async def tickets(request: Request, who: Actor, form: Form) -> Response:
        await MakeTickets().put(context.doors, _incident(request), who)
        return _back(request, "#action-items")

    async def markdown(request: Request, who: Actor) -> Response:
        return _file(request, await desk.markdown(_incident(request)), "md", "text/markdown")

    async def export(request: Request, who: Actor) -> Response:
        made = await desk.page(_incident(request), who)
        style = Markup("<style>{}</style>").format(Markup(pages.static.body("nexus.css").decode()))  # noqa: S704 - our own
        text = pages.part("post_mortem_export.html", view=made, headings=HEADINGS, style=style)
        return _file(request, text, "html", "text/html")

    return [
        pages.page(_PATH, page),
        pages.page(f"{_PATH}.md", markdown),
        pages.page(f"{_PATH}.html", export),
        pages.form(_PATH, edit, Permission.RESPOND, on=(_PATH,)),
        pages.form(
            "/incidents/{incident}/verdict", judge, Permission.NOTE, on=(_PATH, "/incidents/{incident}")
        ),
        pages.form("/incidents/{incident}/action-items", items, Permission.RESPOND, on=(_PATH,)),
        pages.form("/incidents/{incident}/tickets", tickets, Permission.RESPOND, on=(_PATH,)),
    ]


def _incident(request: Request) -> str:
    return str(request.path_params["incident"])


def _place(request: Request) -> str:
    return f"/incidents/{_incident(request)}/post-mortem"


def _local(request: Request) -> str:
    """The page of ours that sent a form, if it says so: the verdict's buttons stand on two pages."""
    place = f"/incidents/{_incident(request)}"
    return f"{place}#verdict" if request.headers.get("referer", "").endswith(place) else ""


def _back(request: Request, part: str) -> Response:
    return RedirectResponse(f"{_place(request)}{part}", HTTPStatus.SEE_OTHER)


def _file(request: Request, text: str, kind: str, media: str) -> Response:
    name = f"{_incident(request)}-post-mortem.{kind}"
    return Response(text, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})
