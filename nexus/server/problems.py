"""What the server answers where it does not do what was asked: a problem (RFC 9457), in a sentence.

A problem's `type` is where the API's own description tells of it. The doors that were there before the API
repeat the sentence under `error`, as they always did.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from math import ceil

from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from incidents.errors import Forbidden, NexusError, Refused, SettingsError, UnknownName, UsageError
from incidents.value import Value
from nexus.service.admission import RETRY_AFTER, Busy
from nexus.service.idempotency import KeyReused
from tools.redaction.redact import redact

#: Where the API is.
API = "/api/v1"


class Kind(Enum):
    """Every kind of problem: its status, and what it means."""

    BadRequest = (400, "The request cannot be read, or cannot be meant so; the sentence names what to mend.")
    Unauthenticated = (401, "Nothing shows whose request it is: send your own token as a bearer token.")
    Forbidden = (403, "Whoever asks may not do this; the sentence names the role that may.")
    NotFound = (404, "What is named does not exist; the sentence has the nearest names.")
    MethodNotAllowed = (405, "There is something here, and it is not asked like this.")
    Timeout = (408, "The body did not come in time; nothing was read.")
    Refused = (409, "It is understood, and does not count as things stand; nothing was changed.")
    KeyReused = (409, "The idempotency key was used for another request; nothing was changed.")
    TooLarge = (413, "The body is larger than any that is taken; nothing was read.")
    TooManyRequests = (
        429,
        "Too much was asked in a short time; Retry-After says when to ask again.",
    )
    Unforeseen = (500, "This could not be handled; whether it was kept is not known.")
    Unavailable = (503, "It could not be kept or looked up just now; send it again later.")

    @property
    def status(self) -> int:
        """HTTP's."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """In a sentence."""
        return self.value[1]

    @property
    def place(self) -> str:
        """Where it is described."""
        return f"{API}/openapi.json#/components/responses/{self.name}"


class Fault(Value):
    """One part of a request that cannot be taken."""

    at: str = Field(description="where it stands, such as `body.digest`")
    mistake: str


class Problem(Value):
    """Why something was not done (RFC 9457)."""

    type: str = Field(description="where this kind of problem is described")
    title: str
    status: int
    detail: str = Field(description="what happened and what to do about it, in a sentence")
    faults: tuple[Fault, ...] = Field(default=(), description="every part of the request that is wrong")


#: Which kind of problem an error of ours is, the most particular first.
_KINDS: Mapping[type[NexusError], Kind] = {
    SettingsError: Kind.Unavailable, UnknownName: Kind.NotFound, KeyReused: Kind.KeyReused,
    UsageError: Kind.BadRequest, Forbidden: Kind.Forbidden, Refused: Kind.Refused,
    NexusError: Kind.Unavailable,
}  # fmt: skip


def problem_answer(
    kind: Kind, sentence: str, headers: Mapping[str, str] | None = None, faults: Iterable[Fault] = ()
) -> JSONResponse:
    """A problem as the API answers it; what it quotes of what was sent holds no secret."""
    told = _told(kind, kind.status, sentence, faults)
    return JSONResponse(told, kind.status, headers, media_type=_MEDIA_TYPE)


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem as the doors outside the API answer it."""
    told = _told(kind_of_status(status), status, sentence)
    return JSONResponse({"error": told["detail"]} | told, status, headers, media_type=_MEDIA_TYPE)


def refusal(error: NexusError) -> JSONResponse:
    """The answer to what an error of ours stopped, outside the API."""
    return problem(kind_of(error).status, str(error), retry_of(error))


def kind_of(error: NexusError) -> Kind:
    """Which kind of problem an error of ours is."""
    return next(kind for one, kind in _KINDS.items() if isinstance(error, one))


def kind_of_status(status: int) -> Kind:
    """Which kind of problem a status of the framework's is."""
    return next((kind for kind in Kind if kind.status == status), Kind.BadRequest)


def retry_of(error: NexusError) -> Mapping[str, str]:
    """The headers that say when to ask again, where that is known."""
    return {"Retry-After": str(RETRY_AFTER)} if isinstance(error, Busy) else {}


def in_seconds(wait: float) -> Mapping[str, str]:
    """The header that says in how many seconds to ask again."""
    return {"Retry-After": str(max(1, ceil(wait)))}


def sentence_of(request: Request, error: HTTPException) -> str:
    """What an error of the framework's says in our words."""
    own = {404: f"there is nothing at {request.url.path}", 405: f"{request.method} is not taken here"}
    return own.get(error.status_code, error.detail)


#: What is said of what nobody foresaw.
UNFORESEEN = "this could not be handled; whether it was kept is not known, the log says why"
_MEDIA_TYPE = "application/problem+json"


def _told(kind: Kind, status: int, sentence: str, faults: Iterable[Fault] = ()) -> dict[str, object]:
    told = Problem(
        type=kind.place, title=kind.meaning, status=status, detail=redact(sentence), faults=tuple(faults)
    )
    return told.model_dump(mode="json", exclude_defaults=True)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # it is registered for these  # noqa: S101
    return problem(error.status_code, sentence_of(request, error), error.headers)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    return problem(500, UNFORESEEN)


#: For the application: whatever goes wrong, the answer has one form.
HANDLERS = {HTTPException: _http, Exception: _unforeseen}
