"""What a reverse proxy says of a request, if it is ours: from which address, and who has logged in there."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from incidents.actor import person_id
from nexus.config.server import Proxy
from nexus.server.auth import FORWARDED, PROXY_USER


class BehindProxy:
    """Hears what the proxy says, and from anybody else nothing.

    Args:
        app: that answers.
        proxy: from which addresses it comes, and what it calls the person.
    """

    def __init__(self, app: ASGIApp, proxy: Proxy) -> None:
        self.app = app
        self.proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            request = Request(scope)
            if request.client is not None and self.proxy.is_it(request.client.host):
                # The last one is what our proxy has seen itself; those before it anybody may have written.
                scope[FORWARDED] = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
                user = request.headers.get(self.proxy.user_header) if self.proxy.user_header else None
                scope[PROXY_USER] = person_id(user) if user else None
        await self.app(scope, receive, send)
