"""What the server answers where it does not do what was asked: a status, and one sentence that says why."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from incidents.errors import NexusError, Refused, UnknownName, UsageError
from tools.redaction.redact import redact

#: How HTTP says why something was not done, the most particular first.
_STATUS: Mapping[type[NexusError], int] = {UnknownName: 404, UsageError: 400, Refused: 409, NexusError: 503}


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer; what it quotes of what was sent holds no secret."""
    return JSONResponse({"error": redact(sentence)}, status, headers)


def refusal(error: NexusError) -> JSONResponse:
    """The answer to what an error of ours stopped."""
    return problem(next(status for kind, status in _STATUS.items() if isinstance(error, kind)), str(error))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # it is registered for these  # noqa: S101
    sentence = {404: f"there is nothing at {request.url.path}", 405: f"{request.method} is not taken here"}
    return problem(error.status_code, sentence.get(error.status_code, error.detail), error.headers)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    return problem(500, "this could not be handled; whether it was kept is not known, the log says why")


#: For the application: whatever goes wrong, the answer has one form.
HANDLERS = {HTTPException: _http, Exception: _unforeseen}
