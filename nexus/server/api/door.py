"""Who comes in: before anything of a request is looked at it has to be somebody's, and of a usual size."""

from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from incidents.errors import Refused
from nexus.server.api.context import ACTOR
from nexus.server.auth import Doorkeeper
from nexus.server.body import read_again, read_body
from nexus.server.problems import Kind, kind_of, kind_of_status, problem_answer

#: What anybody may read.
OPEN = "/openapi.json"


class ApiDoor:
    """Lets people in by their own token or their browser's cookie, and reads what they send as a whole.

    Half a character or a thousand brackets in a body are told here: the framework would take the one for a
    text, and has no sentence for the other.
    """

    def __init__(self, app: ASGIApp, door: Doorkeeper) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) == OPEN:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            scope[ACTOR] = await self.door.actor(request)
            body = await read_body(request) if request.method == "POST" else b""
            if body:
                from_json(body)
        except HTTPException as error:
            kind = kind_of_status(error.status_code)
            await problem_answer(kind, error.detail, error.headers)(scope, receive, send)
        except Refused as error:
            await problem_answer(kind_of(error), str(error))(scope, receive, send)
        except ValueError as error:
            await problem_answer(Kind.BadRequest, f"the body is no JSON: {error}")(scope, receive, send)
        else:
            await self.app(scope, read_again(body, receive), send)
