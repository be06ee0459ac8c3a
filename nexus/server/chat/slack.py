"""Slack's doors: buttons and modals at `/chat/slack/interactions`, commands at `/chat/slack/commands`.

A request counts by its signature over the raw body; whose it is, by an account that somebody linked while
logged in. One that is sent again changes nothing: a decision that was made is made, whoever repeats it.
"""

from collections.abc import Awaitable, Callable

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from incidents.action import Verdict
from incidents.actor import Actor
from incidents.errors import NexusError
from nexus.notify.slack.blocks import ACKNOWLEDGE, APPROVE, DECISION, PAGE, REJECT
from nexus.server.api.context import ApiContext
from nexus.server.auth import Authenticator
from nexus.server.body import read_body
from nexus.server.chat.app import SlackApp, sender, slack_apps
from nexus.server.chat.doing import Asked, ChatDoing, said_of
from nexus.server.chat.payloads import Command, Interaction, command_of, interaction_of
from nexus.server.chat.views import SIGN, closing, fits, modal, only_to_them
from nexus.service.chat_accounts import ChatAccount

_HELP = "`/nexus link` makes you known here, `/nexus ask INCIDENT QUESTION` answers from its timeline."
#: Buttons that only open a page: Slack tells of them, and wants to hear that it was heard.
_LINKS = frozenset({PAGE, DECISION})


def chat_routes(context: ApiContext, known: Authenticator) -> list[Route]:
    """The doors of Slack; 404 while `nexus.yaml` names no app, 401 for what no app of ours has signed."""
    doing = ChatDoing(context, known)

    async def interactions(request: Request) -> Response:
        app, body = await _signed(context, request)
        told = interaction_of(body)
        if told is None:
            raise HTTPException(400, "this is no interaction")
        if told.type == "view_submission":
            return await _submitted(doing, told, app)
        if told.type == "block_actions" and told.actions:
            said = await _pressed(doing, told, app)
            if said:
                await _tell(app, told, said)
        return Response()

    async def commands(request: Request) -> Response:
        app, body = await _signed(context, request)
        command = command_of(body)
        if command is None:
            raise HTTPException(400, "this is no command")
        said = await _commanded(doing, command, app)
        return JSONResponse({"response_type": "ephemeral", **only_to_them(said)})

    return [
        Route("/chat/slack/interactions", interactions, methods=["POST"]),
        Route("/chat/slack/commands", commands, methods=["POST"]),
    ]


async def _signed(context: ApiContext, request: Request) -> tuple[SlackApp, bytes]:
    """The app that sent it, and its raw body."""
    apps = slack_apps(context.intake.site, context.home.secrets, context.intake.clock)
    if not apps:
        raise HTTPException(404, "no chat is connected")
    body = await read_body(request)
    app = sender(apps, request, body, context.intake.clock.now())
    if app is None:
        raise HTTPException(401, "this is not signed by a chat that is connected")
    return app, body


async def _commanded(doing: ChatDoing, command: Command, app: SlackApp) -> str:
    """The answer to a command."""
    verb, _, rest = command.text.strip().partition(" ")
    incident, _, question = rest.strip().partition(" ")

    async def ask(who: Actor) -> str:
        return await doing.answer(incident, question, who)

    if verb == "link":
        return _how_to_link(doing, command.account, app)
    return await _as_them(doing, command.account, app, ask) if verb == "ask" else _HELP


async def _pressed(doing: ChatDoing, told: Interaction, app: SlackApp) -> str:
    """What is said, to them alone, to who pressed a button; nothing where a modal opens or a page did."""
    button = told.actions[0]

    async def press(who: Actor) -> str:
        if button.action_id == ACKNOWLEDGE:
            return await doing.acknowledge(button.value, who)
        asked = Asked.of(button.value)
        if button.action_id == REJECT:
            return await doing.decide(asked, Verdict.REJECT, who)
        page = doing.page(f"/incidents/{asked.incident}/decisions/{asked.action}")
        decision = await doing.shown(asked, who)
        if not fits(decision):
            return f"It is too long to be shown here whole; decide at {page}"
        view = modal(decision, asked.value)
        opened = await app.call("views.open", {"trigger_id": told.trigger_id, "view": view})
        return "" if opened else f"Slack did not open it; decide at {page}"

    if button.action_id in _LINKS:
        return ""
    if button.action_id not in {ACKNOWLEDGE, APPROVE, REJECT}:
        return "This button is none of Nexus'; nothing was done."
    return await _as_them(doing, _account(told), app, press)


async def _submitted(doing: ChatDoing, told: Interaction, app: SlackApp) -> Response:
    """The answer to a modal that was sent."""
    if told.view.callback_id != SIGN:
        raise HTTPException(400, "this form is none of ours")

    async def sign(who: Actor) -> str:
        return await doing.decide(Asked.of(told.view.private_metadata), Verdict.APPROVE, who)

    said = await _as_them(doing, _account(told), app, sign)
    return JSONResponse(closing("Nexus", said))


async def _as_them(
    doing: ChatDoing, account: ChatAccount, app: SlackApp, do: Callable[[Actor], Awaitable[str]]
) -> str:
    """What comes of it, or why nothing does."""
    who = await doing.actor(account)
    if who is None:
        return f"Nobody knows here who you are. {_how_to_link(doing, account, app)}"
    try:
        return await do(who)
    except NexusError as error:
        return said_of(error)


def _how_to_link(doing: ChatDoing, account: ChatAccount, app: SlackApp) -> str:
    code = doing.accounts.code(account, app.secret.get_secret_value())
    return (
        f"Log in to Nexus, open your own page (your name, at the top) and give this code there within ten "
        f"minutes. Show it to nobody, and give there no code that somebody else sent you: {code}"
    )


def _account(told: Interaction) -> ChatAccount:
    try:
        return told.account
    except ValidationError:
        raise HTTPException(400, "nobody is named as its sender") from None


async def _tell(app: SlackApp, told: Interaction, said: str) -> None:
    where: dict[str, object] = {"channel": told.channel.id, "user": told.user.id}
    thread = told.message.thread_ts or told.message.ts
    await app.call(
        "chat.postEphemeral", where | ({"thread_ts": thread} if thread else {}) | only_to_them(said)
    )
