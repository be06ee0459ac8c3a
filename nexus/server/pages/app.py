'''Every page's routes, one module for each page beside this one.

How to hang up a page. Its service makes a frozen view, from one query; its template lays it out; its module
here has its routes, and `page_routes` lists them:

    # nexus/server/pages/services.py
    def services_routes(pages: Pages, context: ApiContext) -> list[BaseRoute]:
        """`/services`, and the form that tells of one."""

        async def services(request: Request, who: Actor) -> Response:
            view = service_names(context.intake.site, context.intake.path)  # a Value
            return pages.render(request, "services.html", view)

        async def note(request: Request, who: Actor, form: Form) -> Response:
            asked = filled(Note, form)                     # a wrong field becomes a page that names it
            await asked.put(context.doors, request.path_params["incident"], who, None)
            return RedirectResponse(f"/incidents/{incident}", 303)

        return [
            pages.page("/services", services),             # READ, unless another permission is named
            pages.form("/incidents/{incident}/note", note, Permission.NOTE),
        ]

    {# nexus/templates/pages/services.html #}
    {% extends "base.html" %}
    {% from "macros.html" import csrf with context %}
    {% block title %}Services{% endblock %}
    {% block main %}
    <h1>{{ view.items | length }} services</h1>
    <form method="post" action="/incidents/{{ id }}/note">
    {{ csrf() }} <input name="text"> <button>Note it</button></form>
    {% endblock %}

A handler raises what the service raises: `Forbidden`, `UnknownName`, `Refused` and what nobody foresaw are
pages then. htmx sends the token by itself (`hx-headers` at the body), a form without htmx has it from
`csrf()`. All that is shown is escaped, and freed of control characters. Nothing stands inline: no style, no
script, no handler. A new route has to stand in `tests/nexus/server/test_access_table.py`.
'''

from starlette.routing import BaseRoute

from nexus.server.api.context import ApiContext
from nexus.server.pages.alerts import alert_pages
from nexus.server.pages.by_letter import letter_routes
from nexus.server.pages.decision import decision_pages
from nexus.server.pages.duty import duty_pages
from nexus.server.pages.evidence import evidence_routes
from nexus.server.pages.history import history_pages
from nexus.server.pages.incident import incident_routes
from nexus.server.pages.login import login_routes
from nexus.server.pages.moves import move_pages
from nexus.server.pages.now import now_routes
from nexus.server.pages.post_mortem import post_mortem_pages
from nexus.server.pages.provider import provider_routes
from nexus.server.pages.queue import queue_pages
from nexus.server.pages.regroup import regroup_routes
from nexus.server.pages.settings import settings_pages
from nexus.server.pages.setup import setup_routes
from nexus.server.pages.shell import Link, Pages
from nexus.server.pages.stream import Streams
from nexus.server.pages.trust import trust_pages
from nexus.server.pages.updates import updates_routes
from nexus.server.pages.you import you_routes

#: What every page links to.
NAVIGATION = (
    Link("Now", "/"),
    Link("History", "/history"),
    Link("Alerts", "/alerts"),
    Link("Duty", "/oncall"),
    Link("Queue", "/queue"),
    Link("Trust", "/trust"),
    Link("Settings", "/settings"),
)


def page_routes(pages: Pages, context: ApiContext, streams: Streams) -> list[BaseRoute]:
    """The routes of all pages.

    Args:
        pages: the shell.
        context: the service.
        streams: what open pages follow.
    """
    provider = pages.sessions.provider
    return [
        pages.static.route,
        *(provider_routes(pages, provider) if provider is not None else ()),
        *login_routes(pages),
        *setup_routes(pages),
        *letter_routes(pages, context),
        *now_routes(pages, context, streams),
        *incident_routes(pages, context, streams),
        *evidence_routes(pages, context),
        *regroup_routes(pages, context),
        *you_routes(pages, context),
        *decision_pages(pages, context),
        *updates_routes(pages, context),
        *move_pages(pages, context),
        *post_mortem_pages(pages, context),
        *history_pages(pages, context),
        *alert_pages(pages, context),
        *duty_pages(pages, context),
        *queue_pages(pages, context),
        *trust_pages(pages, context),
        *settings_pages(pages, context),
    ]
