"""Subscribing to the status page by mail. To open a link changes nothing, for machines open links too."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.server.auth import address_of
from nexus.server.pages.forms import read_form
from nexus.server.problems import in_seconds, kind_of
from nexus.server.rates import RateLimit
from nexus.server.status_page import StatusDoor
from nexus.server.status_rendering import ICON, SHEETS, Notice, StatusRendering
from nexus.service.status_page import SENTENCES
from nexus.service.subscribers import Subscribers

#: What one address on the network may ask in a minute: each may send a letter to somebody else.
PER_MINUTE = 10


@dataclass
class _Subscriptions:
    status: StatusDoor
    limit: RateLimit = field(default_factory=lambda: RateLimit(PER_MINUTE))

    @property
    def theirs(self) -> Subscribers:
        found = Subscribers.of(self.status.intake.home, self.status.intake.site)
        if found is None:
            raise HTTPException(404)
        return found

    async def form(self, request: Request) -> str:
        """What the form holds, an address or a token; a mail provider's one click has it in the address."""
        address = address_of(request)
        if wait := self.limit.wait(address):
            raise HTTPException(429, "Too much was asked; wait a moment.", dict(in_seconds(wait)))
        self.limit.count(address)
        sent = await read_form(request)
        return sent.get("address") or sent.get("token") or request.query_params.get("token", "")

    def say(self, key: str) -> str:
        """A sentence of the page, in the language of the site."""
        return SENTENCES.said(self.status.intake.site.language, f"notice.{key}")

    def shown(self, notice: Notice, status: int = 200) -> Response:
        """A page of one sentence, which no cache keeps."""
        site = self.status.intake.site
        sheets = tuple(self.status.static.url(name) for name in SHEETS)
        icon, home = self.status.static.url(ICON), site.server.public_url or ""
        made = StatusRendering(home, sheets, icon, language=site.language)
        text = made.notice(site.status.title, notice)
        return HTMLResponse(text, status)


def public_routes(status: StatusDoor) -> list[Route]:
    """The page with its other forms; subscribing, and the pages that the links of letters open."""
    door = _Subscriptions(status)
    clock = status.intake.clock

    async def subscribe(request: Request) -> Response:
        await door.theirs.ask(await door.form(request), clock.now())
        return door.shown(Notice(heading=door.say("asked_heading"), sentence=door.say("asked")))

    async def confirm(request: Request) -> Response:
        await door.theirs.confirm(await door.form(request), clock.now())
        return door.shown(Notice(heading=door.say("confirmed_heading"), sentence=door.say("confirmed")))

    async def unsubscribe(request: Request) -> Response:
        await door.theirs.end(await door.form(request))
        return door.shown(Notice(heading=door.say("ended_heading"), sentence=door.say("ended")))

    def ask(path: str, heading: str, button: str) -> Callable[[Request], Awaitable[Response]]:
        async def asked(request: Request) -> Response:
            token = request.query_params.get("token", "")
            title, sentence, label = door.say(heading), door.say("click"), door.say(button)
            return door.shown(
                Notice(heading=title, sentence=sentence, button=label, action=path, token=token)
            )

        return asked

    return [
        *status.routes(),
        Route("/status/subscribe", _told(door, subscribe), methods=["POST"]),
        Route("/status/confirm", ask("/status/confirm", "mail_heading", "confirm")),
        Route("/status/confirm", _told(door, confirm), methods=["POST"]),
        Route("/status/unsubscribe", ask("/status/unsubscribe", "end_heading", "end")),
        Route("/status/unsubscribe", _told(door, unsubscribe), methods=["POST"]),
    ]


def _told(
    door: _Subscriptions, handler: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """A handler whose errors are pages of one sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except NexusError as error:
            kind = kind_of(error)
            sentence = str(error) if kind.status < 500 else "It cannot be done just now; try again later."
            told = f"{sentence[:1].upper()}{sentence[1:]}".rstrip(".") + "."
            return door.shown(Notice(heading="That did not work", sentence=told), kind.status)

    return answer
