"""The public page at `/status`, its feeds and its JSON: for everybody, and cheap while everybody asks."""

from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from incidents.errors import NexusError
from nexus.config.site import Site
from nexus.server.static_files import StaticFiles
from nexus.server.status_rendering import ICON, SHEETS, Document, StatusRendering
from nexus.service.intake import AlertIntake
from nexus.service.status_page import PublicPage

#: Caches may keep it so long, and go on with what they have while nobody answers here.
_CACHED = "public, max-age=15, stale-while-revalidate=30, stale-if-error=86400"
#: By its path, the form that is answered.
_FORMS = {
    "/status": "index.html", "/status.json": "status.json", "/status.atom": "status.atom",
    "/status.rss": "status.rss",
}  # fmt: skip


@dataclass
class StatusDoor:
    """What everybody may read, made once a minute and with every update, however many ask.

    Args:
        intake: of the live world; what its `nexus.yaml` says now counts.
        static: where the sheets of the page lie.
    """

    intake: AlertIntake
    static: StaticFiles
    _made: tuple[object, Site | None, dict[str, Document]] = field(default=((), None, {}))

    def routes(self) -> list[Route]:
        """The page and its other forms."""
        return [Route(path, self._answer) for path in _FORMS]

    @property
    def page(self) -> PublicPage:
        """As the site is now."""
        return PublicPage(self.intake.home.store, self.intake.site)

    async def _answer(self, request: Request) -> Response:
        try:
            documents = await self._documents(str(request.base_url).rstrip("/"))
        except NexusError:  # why is for those who run it, not for everybody
            text = "The status cannot be shown just now. Ask again in a moment.\n"
            return PlainTextResponse(text, 503, {"retry-after": "15"})
        found = documents[_FORMS[request.url.path]]
        headers = {"etag": found.etag, "cache-control": _CACHED, "vary": "accept-encoding"}
        if request.url.path != "/status":  # pages of others may read these
            headers |= {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
        if found.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(found.body, headers=headers | {"content-type": found.kind})

    async def _documents(self, reached: str) -> dict[str, Document]:
        site, now = self.intake.site, self.intake.clock.now()
        home = site.server.public_url or reached
        last = await self.page.store.last_place(site.site)
        # Whatever the page shows is in its key, so that no two processes have to tell each other.
        key = (last, now.replace(second=0, microsecond=0), home)
        if self._made[0] != key or self._made[1] is not site:
            sheets = tuple(self.static.url(name) for name in SHEETS)
            icon, mail = self.static.url(ICON), site.status.mail is not None
            rendering = StatusRendering(home, sheets, icon, mail=mail, language=site.language)
            self._made = key, site, rendering.documents(await self.page.shown(now))
        return self._made[2]
