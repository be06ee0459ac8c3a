"""The frame of every page: who looks, where else to go, what is said where a page cannot be shown."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import structlog
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import Forbidden, NexusError
from incidents.language import Language
from incidents.texts import Sentences
from incidents.value import Moment, Value
from nexus.sanitize import role_name, visible
from nexus.server.pages import words
from nexus.server.pages.forms import Form, Refusal, read_form
from nexus.server.problems import UNFORESEEN, kind_of, problem, retry_of, sentence_of
from nexus.server.sessions import CSRF_FIELD, CSRF_HEADER, BrowserSessions, Visitor
from nexus.server.static_files import StaticFiles
from nexus.service.drawing.service_drawing import service_drawing
from nexus.service.drawing.signal_chart import signal_chart
from nexus.service.restricting import require_visible
from nexus.store.search import parts_of
from nexus.store.sessions import Session
from tools.felt import without_rule
from tools.plainly import level, plainly
from tools.redaction.redact import redact
from tools.retold import retold

log = structlog.get_logger(__name__)

#: What the pages say themselves: headings, labels, buttons.
LABELS = Sentences("nexus.server.pages", "labels")

PageHandler = Callable[[Request, Actor], Awaitable[Response]]
FormHandler = Callable[[Request, Actor, Form], Awaitable[Response]]

#: Where the scope of a request holds who is logged in with it.
_VISITOR, _BROKEN_GLASS = "nexus.visitor", "nexus.broken_glass"
#: And which form of its page was not taken.
_REFUSED = "nexus.refused"


class Link(NamedTuple):
    """A place of the navigation."""

    words: str
    path: str


class Frame(Value):
    """What stands around a page; templates know it as `page`.

    Attributes:
        path: of the page itself.
        person: who is logged in; None on the pages for everybody.
        csrf: what a form has to bring along, see `macros.html`; empty if nobody is logged in.
        navigation: where else to go.
        now: the moment at which the page was made.
        broken_glass: the sessions of the break-glass account.
        refused: the form of this page that was just sent and not taken; it is shown with what was typed.
    """

    path: str
    person: Actor | None
    csrf: str
    navigation: tuple[Link, ...]
    now: Moment
    broken_glass: tuple[Session, ...] = ()
    refused: Refusal | None = None


class Trouble(Value):
    """Why a page cannot be shown."""

    title: str
    sentence: str


@dataclass(frozen=True)
class Pages:
    """Makes the routes of pages and forms, and fills their templates (`nexus/templates/pages`).

    Args:
        sessions: know who looks.
        navigation: what every page links to.
        static: the files that templates name by `static("nexus.css")`.
        language: in which labels are, and what code said of an incident, as far as it is translated.
    """

    sessions: BrowserSessions
    navigation: tuple[Link, ...] = ()
    static: StaticFiles = field(default_factory=StaticFiles.read)
    language: Language = Language.EN
    _handlers: dict[str, PageHandler] = field(default_factory=dict, init=False)

    def page(self, path: str, handler: PageHandler, permission: Permission = Permission.READ) -> Route:
        """The route of a page for those who are logged in and may; others come to the login."""
        self._handlers[path] = handler

        async def answer(request: Request) -> Response:
            visitor = await self._visitor(request)
            if visitor is None:
                return _to_login(request)
            self.sessions.door.admit(visitor.actor)
            _require(visitor.actor, permission)
            await self._require_visible(request, visitor.actor)
            return await handler(request, visitor.actor)

        return Route(path, self.guarded(answer))

    def form(self, path: str, handler: FormHandler, permission: Permission, on: Sequence[str] = ()) -> Route:
        """The route of a form, `POST path`: it has to come from a page of ours, made for who sends it.

        Args:
            path: where it is sent.
            handler: takes it.
            permission: that it needs.
            on: the pages on which it stands, by their paths; if it is not taken, the one from which it came,
                else the first, is shown again with what was typed and why.
        """

        async def answer(request: Request) -> Response:
            self.sessions.check_origin(request)
            visitor = await self._visitor(request)
            if visitor is None:
                raise HTTPException(401, "your login has ended; nothing was changed, log in and do it again")
            form = await read_form(request)
            self.sessions.door.admit(visitor.actor)
            await self._require_visible(request, visitor.actor)
            try:
                shown = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD, "")
                self.sessions.check_token(visitor, shown)
                _require(visitor.actor, permission)
                return await handler(request, visitor.actor, form)
            except NexusError as error:
                if not on:
                    raise
                return await self._again(on, request, visitor.actor, form, error)

        return Route(path, self.guarded(answer), methods=["POST"])

    def keep(self, request: Request, form: Form, error: NexusError) -> None:
        """Whatever page answers shows what was typed, and why it was not taken."""
        request.scope[_REFUSED] = Refusal.of(request.url.path, form, redact(str(error)))

    async def _again(
        self, on: Sequence[str], request: Request, who: Actor, form: Form, error: NexusError
    ) -> Response:
        """The page of a form that was not taken; where that cannot be shown either, why it was not taken."""
        await self._require_visible(request, who)
        came = urlsplit(request.headers.get("referer", "")).path
        page = next((one for one in on if came == _filled(one, request)), on[0])
        self.keep(request, form, error)
        try:
            answer = await self._handlers[page](request, who)
        except NexusError:
            raise error from None
        answer.status_code = kind_of(error).status
        answer.headers.update(retry_of(error))
        return answer

    def guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A handler whose errors are pages."""

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except HTTPException as error:
                made = self.trouble(request, error.status_code, sentence_of(request, error))
                made.headers.update(error.headers or {})
                return made
            except NexusError as error:
                made = self.trouble(request, kind_of(error).status, str(error))
                made.headers.update(retry_of(error))
                return made
            except Exception:
                log.exception("a page is broken", path=request.url.path)
                return self.trouble(request, 500, UNFORESEEN)

        return answer

    def render(
        self, request: Request, name: str, view: Value, status: int = 200, **beside: object
    ) -> HTMLResponse:
        """A page from its template, which finds the `view`, the `Frame` as `page`, and what is beside."""
        return HTMLResponse(self.part(name, view=view, page=self.frame(request), **beside), status)

    def frame(self, request: Request) -> Frame:
        """What stands around the page of a request."""
        visitor: Visitor | None = request.scope.get(_VISITOR)
        return Frame.model_construct(
            path=request.url.path,
            person=visitor.actor if visitor else None,
            csrf=visitor.csrf if visitor else "",
            navigation=self.navigation if visitor else (),
            now=self.sessions.clock.now(),
            broken_glass=request.scope.get(_BROKEN_GLASS, ()),
            refused=request.scope.get(_REFUSED),
        )

    def part(self, name: str, **values: object) -> Markup:
        """A template alone, such as a card that a stream replaces."""
        return Markup(_environment(self.static, self.language).get_template(name).render(**values))  # noqa: S704  # it escapes

    def trouble(self, request: Request, status: int, sentence: str) -> HTMLResponse:
        """The page of what cannot be shown: not allowed, not found, broken."""
        told = Trouble(title=_TITLES.get(status, HTTPStatus(status).phrase), sentence=redact(sentence))
        return self.render(request, "trouble.html", told, status)

    async def _require_visible(self, request: Request, who: Actor) -> None:
        """An incident that somebody does not see is none."""
        await require_visible(self.sessions.store, who, request.path_params.get("incident"))

    async def _visitor(self, request: Request) -> Visitor | None:
        request.scope[_VISITOR] = visitor = await self.sessions.visitor(request)
        if visitor is not None:
            request.scope[_BROKEN_GLASS] = await self.sessions.broken_glass()
        return visitor


_TITLES = {
    401: "You are not logged in",
    403: "That is not allowed",
    404: "There is nothing here",
    409: "That does not count as things stand",
    500: "This page is broken",
    503: "This cannot be shown just now",
}


def shown_to_people(pages: Pages) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What the framework refuses, such as a path that there is not: a page for a browser, else a problem."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # it is registered for these  # noqa: S101
        sentence = sentence_of(request, error)
        if "text/html" in request.headers.get("accept", ""):
            return pages.trouble(request, error.status_code, sentence)
        return problem(error.status_code, sentence, error.headers)

    return answer


def _require(actor: Actor, permission: Permission) -> None:
    if (why := actor.why_not(permission)) is not None:
        raise Forbidden(why)


def _filled(path: str, request: Request) -> str:
    """A page's path with what stands in the address of a request."""
    return path.format_map(request.path_params)


def _to_login(request: Request) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    login = "/login" if path == "/" else f"/login?next={quote(path, safe='/')}"
    if request.headers.get("hx-request"):  # a part of a page cannot become the login: the page has to
        return Response(status_code=401, headers={"hx-refresh": "true"})
    return RedirectResponse(login, 303)


@cache
def _environment(static: StaticFiles, language: Language) -> Environment:
    """What fills the templates, each compiled once in a process: it takes longer than filling it."""

    def say(key: str, **values: object) -> Markup:
        """A label in the pages' language; its values are escaped."""
        return Markup(LABELS.text(language, key)).format(**values)  # noqa: S704 - ours

    def told(text: str, group: str = "sentence") -> str:
        """What code said in English, in the pages' language where it is translated."""
        return retold(text, language, group)

    made = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
        auto_reload=False,
    )
    made.globals |= {"static": static.url, "signal_chart": _drawn(signal_chart)}
    made.globals["service_drawing"] = _drawn(service_drawing)
    made.filters |= {name: getattr(words, name) for name in ("ago", "clock", "day", "minute", "span")}
    made.filters |= {"role": role_name, "level": level, "plainly": plainly, "parts": parts_of}
    made.filters |= {"without_rule": without_rule, "told": told}
    made.globals |= {"say": say, "language": language.value}
    return made


def _template(name: str) -> str | None:
    """The text of a template; None: there is none, which an `include ... ignore missing` passes over."""
    file = files("nexus.templates").joinpath("pages", name)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _harmless(value: object) -> object:
    """Whatever a template shows; characters that steer a terminal or turn a line around are seen as such."""
    return visible(value) if type(value) is str else value


def _drawn(draw: Callable[..., str]) -> Callable[..., Markup]:
    """A drawing as a template shows it: its texts are escaped where they are drawn."""
    return lambda *asked: Markup(draw(*asked))  # noqa: S704
