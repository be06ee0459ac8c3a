"""The page of who looks: what they may, their sessions, their tokens."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import UnknownName
from nexus.server.api.context import ApiContext
from nexus.server.chat.app import slack_apps
from nexus.server.pages.forms import Form, filled
from nexus.server.pages.shell import Pages
from nexus.service.chat_accounts import ChatAccounts, LinkAsked
from nexus.service.tokens import TokenAsked, Tokens
from nexus.service.you import You, you


def you_routes(pages: Pages, context: ApiContext) -> list[BaseRoute]:
    """`/you`, and the forms that make and revoke a token, link an account of a chat, and end a session."""
    sessions = pages.sessions
    tokens = Tokens(sessions.store, sessions.clock)

    def app_secrets() -> list[str]:
        apps = slack_apps(context.intake.site, context.home.secrets, sessions.clock)
        return [app.seal.get_secret_value() for app in apps]

    async def view(request: Request, who: Actor) -> You:
        this = await sessions.visitor(request)
        made = await you(
            sessions.store, sessions.clock, who, sessions.door.people, this.session.id if this else ""
        )
        return made.model_copy(update={"chat": bool(app_secrets())})

    async def link(request: Request, who: Actor, form: Form) -> Response:
        accounts = ChatAccounts(sessions.store, sessions.clock)
        await accounts.link(filled(LinkAsked, form).code, app_secrets(), by=who)
        return RedirectResponse("/you", 303)

    async def show(request: Request, who: Actor) -> Response:
        return pages.render(request, "you.html", await view(request, who))

    async def make(request: Request, who: Actor, form: Form) -> Response:
        asked = filled(TokenAsked, form, many=("scopes",))
        made = await tokens.make(asked, sessions.door.people.find(who.id), by=who)
        return pages.render(request, "token.html", made)

    async def revoke(request: Request, who: Actor, form: Form) -> Response:
        await tokens.revoke(request.path_params["token"], by=who)
        return RedirectResponse("/you", 303)

    async def end(request: Request, who: Actor, form: Form) -> Response:
        identity = request.path_params["session"]
        theirs = {one.id for one in (await view(request, who)).sessions}
        if identity not in theirs:
            raise UnknownName("session", identity, ())
        await sessions.store.end_session(identity)
        return RedirectResponse("/you", 303)

    return [
        pages.page("/you", show),
        pages.form("/you/chat", link, Permission.READ, on=("/you",)),
        pages.form("/you/tokens", make, Permission.READ, on=("/you",)),
        pages.form("/you/tokens/{token}/revoke", revoke, Permission.READ),
        pages.form("/you/sessions/{session}/end", end, Permission.READ),
    ]
