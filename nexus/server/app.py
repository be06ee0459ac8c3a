"""The HTTP application of a live Nexus: alerts and decisions come in, people look, its health is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from nexus.config.server import Server
from nexus.runtime.apart import Hands, HandsApart, apart
from nexus.runtime.delivering import delivering
from nexus.runtime.warmup import warm
from nexus.server.alerts import alert_routes
from nexus.server.api.app import api
from nexus.server.api.context import ApiContext
from nexus.server.auth import Authenticator
from nexus.server.chat.answering import ChatAnswers
from nexus.server.chat.doing import ChatDoing
from nexus.server.chat.slack import chat_routes
from nexus.server.chat.socket_mode import SocketMode
from nexus.server.decisions import decision_routes
from nexus.server.headers import SecurityHeaders
from nexus.server.health import health_routes
from nexus.server.limits import HttpLimits
from nexus.server.mcp.desk import AgentDesk
from nexus.server.mcp.door import McpDoor
from nexus.server.metrics import MetricsDoor, metrics_route
from nexus.server.oidc import Provider
from nexus.server.pages.app import NAVIGATION, page_routes
from nexus.server.pages.one_time import OneTimeEntry, one_time_route
from nexus.server.pages.provider import BACK
from nexus.server.pages.shell import Pages, shown_to_people
from nexus.server.pages.stream import Streams
from nexus.server.present import Present
from nexus.server.problems import API, HANDLERS
from nexus.server.proxy import BehindProxy
from nexus.server.senders import SenderDoor
from nexus.server.sessions import BrowserSessions
from nexus.server.status_copy import StatusCopy
from nexus.server.status_page import StatusDoor
from nexus.server.subscriptions import public_routes
from nexus.service.decisions import IncidentDecisions
from nexus.service.identity import HASH_COST, HashCost, People
from nexus.service.intake import AlertIntake
from nexus.service.left_out import LeftOutAlerts
from nexus.service.metrics import Load
from nexus.service.tokens import Tokens
from nexus.service.watches import watches


def web(
    intake: AlertIntake,
    hands: Hands | None,
    door: SenderDoor,
    people: People | None = None,
    limits: HttpLimits | None = None,
    metrics: MetricsDoor | None = None,
    entry: OneTimeEntry | None = None,
    cost: HashCost = HASH_COST,
) -> Starlette:
    """The application: doors for alerts and decisions, the API, and the server's health.

    Args:
        intake: takes the deliveries in.
        hands: opens what drives the incidents; None: other processes do.
        door: knows what each sender has to show.
        people: who may look and decide over HTTP; without one nobody may.
        limits: of its server.
        metrics: what it tells Prometheus of itself; without a door nothing.
        entry: lets somebody in by a link, once.
        cost: of the passwords that are set here.
    """
    working: list[HandsApart] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(warm, intake.home.settings)
        async with intake.matcher.watching(), AsyncExitStack() as stack:
            if hands is not None:
                worker = await stack.enter_async_context(apart(hands))
                intake.ring = worker.ring
                working.append(worker)
            async with _beside(intake, status, chat), programs.running():
                yield

    known = _known(intake, people, limits := limits or HttpLimits(), cost)
    context = _context(intake, known, (pages := _pages(intake, known)).sessions)
    status, programs = StatusDoor(intake, pages.static), _programs(intake, context, known)
    chat = ChatAnswers(ChatDoing(context, known))
    streams = Streams.of(pages, context.live, intake)
    app = Starlette(
        routes=[
            *alert_routes(intake, door),
            *_deciding(context, pages, chat),
            Mount(API, api(context, pages.sessions, limits)),
            *page_routes(pages, context, streams),
            programs.route,
            *([one_time_route(pages, entry)] if entry is not None else []),
            *public_routes(status),
            *health_routes(intake, lambda: _sent_away(door, intake), lambda: _turn(working)),
            *_measured(metrics, intake, lambda: _load(working, intake, door)),
        ],
        middleware=_around(intake.site.server),
        exception_handlers=HANDLERS | {HTTPException: shown_to_people(pages)},
        lifespan=lifespan,
    )
    app.state.limits, app.state.authenticator, app.state.chat = limits, known, chat
    app.state.pages, app.state.streams, app.state.programs = pages, streams, programs
    return app


@asynccontextmanager
async def _beside(intake: AlertIntake, status: StatusDoor, chat: ChatAnswers) -> AsyncIterator[None]:
    """What a server does beside answering and driving."""
    fetching, copying = LeftOutAlerts(intake).fetching(), StatusCopy(status).kept()
    telling = delivering(intake.home, lambda: intake.site)
    async with watches(intake).running(), copying, fetching, telling, SocketMode(chat).running():
        yield


def _measured(metrics: MetricsDoor | None, intake: AlertIntake, load: Callable[[], Load]) -> list[Route]:
    return [metrics_route(metrics, intake, load)] if metrics is not None else []


def _load(working: Sequence[HandsApart], intake: AlertIntake, door: SenderDoor) -> Load:
    turns = sum(worker.turns for worker in working)
    return Load(turns, intake.site.worker.at_once, door.turned_away.total)


def _deciding(context: ApiContext, pages: Pages, chat: ChatAnswers) -> list[Route]:
    decisions = IncidentDecisions.of(context.home)
    return [*decision_routes(decisions, pages.sessions, context.ring), *chat_routes(chat)]


async def _turn(working: Sequence[HandsApart]) -> bool:
    return all([await worker.turns_over() for worker in working])


def _sent_away(door: SenderDoor, intake: AlertIntake) -> dict[str, object]:
    return {"turned_away": door.turned_away.total, "sent_away": intake.admission.turned_away}


def _context(intake: AlertIntake, known: Authenticator, sessions: BrowserSessions) -> ApiContext:
    def ring(incident: str) -> None:
        intake.ring(incident)  # whichever drives by then

    return ApiContext(intake, ring, lambda: known.people, sessions.still)


def _programs(intake: AlertIntake, context: ApiContext, known: Authenticator) -> McpDoor:
    base = intake.site.server.public_url or ""
    return McpDoor(AgentDesk(intake.home, intake.home.settings, base, intake, context.ring), known)


def _known(intake: AlertIntake, people: People | None, limits: HttpLimits, cost: HashCost) -> Authenticator:
    tokens = Tokens(intake.home.store, intake.clock)
    return Authenticator.of(people or People(), limits, tokens, Present(intake.path), cost)


def _pages(intake: AlertIntake, known: Authenticator) -> Pages:
    settings, secrets = intake.site.server, intake.home.secrets
    provider = None
    if (login := settings.login) is not None:
        shown = secrets(login.client_secret) if login.client_secret is not None else None
        provider = Provider(login, shown, f"{settings.public_url}{BACK}")
    sessions = BrowserSessions(intake.home.store, intake.clock, known, settings, provider)
    return Pages(sessions, NAVIGATION, language=intake.site.language)


def _around(settings: Server) -> list[Middleware]:
    """What every request goes through, the outermost first."""
    headers = Middleware(SecurityHeaders, tls=(settings.public_url or "").startswith("https:"))
    return [headers, *([Middleware(BehindProxy, settings.proxy)] if settings.proxy is not None else [])]
