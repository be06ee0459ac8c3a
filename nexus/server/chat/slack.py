"""Slack's doors over HTTP: buttons and modals at `/chat/slack/interactions`, commands, events.

A request counts by its signature over the raw body; what it is answered is the same as over Socket Mode.
"""

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from incidents.errors import UsageError
from nexus.server.body import read_body
from nexus.server.chat.answering import Answered, ChatAnswers
from nexus.server.chat.app import SlackApp, sender, slack_apps
from nexus.server.chat.payloads import command_of, event_of, interaction_of


def chat_routes(answers: ChatAnswers) -> list[Route]:
    """The doors; 404 while `nexus.yaml` names no app that sends there, 401 for what none of them signed."""

    async def interactions(request: Request) -> Response:
        app, body = await _signed(answers, request)
        told = interaction_of(body)
        if told is None:
            raise HTTPException(400, "this is no interaction")
        try:
            return _response(await answers.interaction(told, app))
        except UsageError as error:
            raise HTTPException(400, str(error)) from None

    async def commands(request: Request) -> Response:
        app, body = await _signed(answers, request)
        command = command_of(body)
        if command is None:
            raise HTTPException(400, "this is no command")
        return _response(await answers.command(command, app))

    async def events(request: Request) -> Response:
        app, body = await _signed(answers, request)
        told = event_of(body)
        if told is None:
            raise HTTPException(400, "this is no event")
        try:
            return _response(await answers.event(told, app))
        except UsageError as error:
            raise HTTPException(400, str(error)) from None

    return [
        Route("/chat/slack/events", events, methods=["POST"]),
        Route("/chat/slack/interactions", interactions, methods=["POST"]),
        Route("/chat/slack/commands", commands, methods=["POST"]),
    ]


async def _signed(answers: ChatAnswers, request: Request) -> tuple[SlackApp, bytes]:
    """The app that sent it, and its raw body."""
    context = answers.doing.context
    apps = slack_apps(context.intake.site, context.home.secrets, context.intake.clock)
    if not any(one.signing for one in apps):
        raise HTTPException(404, "no chat is connected")
    body = await read_body(request)
    app = sender(apps, request, body, context.intake.clock.now())
    if app is None:
        raise HTTPException(401, "this is not signed by a chat that is connected")
    return app, body


def _response(answered: Answered) -> Response:
    later = BackgroundTask(answered.later) if answered.later is not None else None
    if answered.body is None:
        return Response(background=later)
    return JSONResponse(dict(answered.body), background=later)
