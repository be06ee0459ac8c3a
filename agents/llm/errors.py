"""What can go wrong on the way to a model, and how it is said to people. Pure functions of the error."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import openai

from agents.llm.cassette import CassetteMiss
from agents.llm.wire import responses, server_error
from agents.llm.wire.door import CAME, IN_ANSWER
from agents.llm.wire.faults import Came, CutStream, NotAnAnswer, SilentStream
from agents.llm.wire.waiting import wait_of
from incidents.faults import ModelFault
from incidents.value import minute
from prompts.text import line
from tools.redaction.redact import redact

#: What a client may raise over a body that is not what it should be, beside its own errors.
WIRE_ERRORS = (openai.OpenAIError, OSError, ValueError, LookupError, TypeError, AttributeError)

_NO_MODEL = re.compile(
    r"model\b[^.;,]{0,80}\b(?:not found|not exist|doesn't exist|is not served)"
    r"|(?:no such|invalid|unknown) model\b|not a valid model|model_not_found",
    re.IGNORECASE,
)
#: Gemini refuses a wrong key with 400.
_BAD_KEY = re.compile(
    r"api[ _-]?key\b.{0,20}\b(?:not valid|invalid|incorrect|expired|missing|not found)"
    r"|(?:invalid|incorrect|missing|expired)[ _]api[ _-]?key",
    re.IGNORECASE,
)
_Kind = TypeVar("_Kind", bound=BaseException)


class Trouble(StrEnum):
    """What a refusal means, whatever its status is."""

    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    MODERATED = "moderated"
    UNPAID = "unpaid"
    LOADING = "loading"
    RATE = "rate"
    KEY = "key"
    FORBIDDEN = "forbidden"
    NO_MODEL = "no_model"
    SLOW = "slow"
    SERVER = "server"
    REFUSED = "refused"


@dataclass(frozen=True)
class Refusal:
    """An answer of the endpoint that is an error."""

    trouble: Trouble
    status: int
    said: str
    body: Any
    in_answer: bool
    by_responses: bool = False


_FAULTS = {
    Trouble.TOO_LONG: ModelFault.TOO_LONG,
    Trouble.TOO_LARGE: ModelFault.TOO_LONG,
    Trouble.MODERATED: ModelFault.REFUSED,
    Trouble.UNPAID: ModelFault.QUOTA,
    Trouble.LOADING: ModelFault.SERVER,
    Trouble.RATE: ModelFault.RATE_LIMIT,
    Trouble.KEY: ModelFault.ACCESS,
    Trouble.FORBIDDEN: ModelFault.ACCESS,
    Trouble.NO_MODEL: ModelFault.REFUSED,
    Trouble.SLOW: ModelFault.TIMEOUT,
    Trouble.SERVER: ModelFault.SERVER,
    Trouble.REFUSED: ModelFault.REFUSED,
}
#: What says nothing about the next request.
_OF_THIS_REQUEST = {Trouble.TOO_LONG, Trouble.TOO_LARGE, Trouble.MODERATED, Trouble.REFUSED}
_PASSING = {Trouble.LOADING, Trouble.RATE, Trouble.SLOW, Trouble.SERVER}
_SENTENCES = {
    Trouble.TOO_LARGE: "the endpoint refuses the request as too large ({status}); name one that takes more",
    Trouble.MODERATED: "the endpoint's content filter refuses the request ({status})",
    Trouble.UNPAID: "the account has no quota left ({status}); top it up or name another endpoint",
    Trouble.LOADING: "the model is being loaded ({status}) and was not ready in time; ask again when it is",
    Trouble.KEY: "the endpoint refuses the API key ({status}); check the key and that it belongs here",
    Trouble.FORBIDDEN: "the endpoint forbids the call ({status}); the key has no right to this model "
    "or from this place",
    Trouble.NO_MODEL: "the endpoint does not know this model or path ({status}); check the model's name "
    "(NEXUS_LLM_MODEL) and the URL's /v1",
    Trouble.SLOW: "the endpoint gave up waiting ({status})",
    Trouble.REFUSED: "the endpoint refuses the request ({status})",
}  # fmt: skip


def refusal_of(error: BaseException | None) -> Refusal | None:
    """What the endpoint refused, or None if it was something else."""
    found = _cause(error, openai.APIStatusError)
    if found is None:
        return None
    answer = found.response
    told = _refusal(answer.status_code, answer.text, bool(answer.extensions.get(IN_ANSWER)))
    return replace(told, by_responses=answer.request.url.path.endswith(responses.PATH))


def explain(error: BaseException, *, tries: int = 1, until: datetime | None = None) -> str:
    """One sentence that says what happened and what to do, with the server's own words.

    It never quotes a key or a whole body.

    Args:
        error: what the client raised.
        tries: how often it was asked.
        until: until when the endpoint asked to be left alone, if that is too long to wait for.
    """
    if (refusal := refusal_of(error)) is not None:
        return _explain_refusal(refusal, tries, until)
    if is_timeout(error):
        return (
            "the endpoint did not answer in time; look whether it is overloaded, or allow more seconds "
            "(NEXUS_LLM_TIMEOUT)"
        )
    if missed := _cause(error, CassetteMiss):
        return str(missed)
    if _cause(error, CutStream):
        return "the stream broke off before the answer was finished"
    if odd := _cause(error, NotAnAnswer):
        return _explain_odd(odd)
    if isinstance(error, openai.APIConnectionError):
        return _explain_connection(error)
    return f"the call failed ({type(error).__name__}: {line(error, 120)})"


def fault_of(error: BaseException) -> ModelFault:
    """Which kind of failure it is, as it is counted."""
    if (refusal := refusal_of(error)) is not None:
        return _FAULTS[refusal.trouble]
    if is_timeout(error):
        return ModelFault.TIMEOUT
    if not is_odd(error) and isinstance(error, openai.APIConnectionError):
        return ModelFault.CONNECTION
    return ModelFault.NOT_AN_ANSWER


def came_of(error: BaseException) -> Came:
    """What was written, or told as used, before it failed."""
    if (refused := _cause(error, openai.APIStatusError)) is not None:
        came = refused.response.extensions.get(CAME)
        return came if isinstance(came, Came) else Came(usage=server_error.usage_in(_body(refused)))
    broke = _cause(error, CutStream) or _cause(error, SilentStream) or _cause(error, NotAnAnswer)
    return broke.came if broke is not None else Came()


def _body(refused: openai.APIStatusError) -> Any:
    return server_error.body_of(refused.response.text)


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed in a moment."""
    if (refusal := refusal_of(error)) is not None:
        return refusal.trouble in _PASSING or refusal.status in {409, 425}
    if isinstance(error, openai.APIConnectionError):
        return not any(_cause(error, kind) for kind in (ssl.SSLCertVerificationError, CassetteMiss))
    return is_timeout(error)


def is_outage(error: BaseException) -> bool:
    """Whether the endpoint or the access to it is at fault, not this one request or one odd reply."""
    if (refusal := refusal_of(error)) is not None:
        return refusal.trouble not in _OF_THIS_REQUEST
    if odd := _cause(error, NotAnAnswer):
        return odd.page
    return _cause(error, CassetteMiss) is None and isinstance(error, openai.APIConnectionError | OSError)


def is_unreachable(error: BaseException) -> bool:
    """Whether nothing at that address can serve, whatever the model: no connection, no trust, no API.

    A model that is missing (404), not allowed (403), overloaded (429, 5xx) or slow says nothing about the
    other models of its endpoint.
    """
    if (refusal := refusal_of(error)) is not None:
        return refusal.trouble is Trouble.KEY
    return is_outage(error) and not is_timeout(error) and _cause(error, CutStream) is None


def is_timeout(error: BaseException) -> bool:
    """Whether the time ran out; asking again costs that time again."""
    return isinstance(error, openai.APITimeoutError | TimeoutError)


def is_odd(error: BaseException) -> bool:
    """Whether it was a success without an answer in it."""
    return _cause(error, NotAnAnswer) is not None


def is_loading(error: BaseException) -> bool:
    """Whether the model is being loaded, which is worth more patience than a few tries."""
    refusal = refusal_of(error)
    return refusal is not None and refusal.trouble is Trouble.LOADING


def retry_after(error: BaseException | None, now: datetime | None = None) -> float:
    """How many seconds the endpoint asks to wait; 0 if it says nothing usable."""
    found = _cause(error, openai.APIStatusError)
    if found is None or found.response.status_code not in {408, 409, 425, 429, *range(500, 600)}:
        return 0.0
    headers = {name.lower(): value for name, value in found.response.headers.items()}
    return wait_of(headers, found.response.text, now or datetime.now(UTC))


@lru_cache(maxsize=32)
def _refusal(status: int, text: str, in_answer: bool) -> Refusal:
    body = server_error.body_of(text)
    said = line(redact(server_error.words_of(body)), 240)
    return Refusal(_trouble(status, body, said), status, said, body, in_answer)


def _trouble(status: int, body: Any, said: str) -> Trouble:
    whole = f"{server_error.codes_of(body)} {said}"
    if status not in {401, 429} and server_error.too_long(whole):
        return Trouble.TOO_LONG
    if status in {400, 402, 403, 429} and (status == 402 or server_error.is_unpaid(whole)):
        return Trouble.UNPAID
    if status < 500 and status != 429 and server_error.is_moderated(whole):
        return Trouble.MODERATED
    if status not in {401, 403} and server_error.is_loading(said):
        return Trouble.LOADING
    if status in {400, 403} and _BAD_KEY.search(whole):
        return Trouble.KEY
    if status in {400, 422} and _NO_MODEL.search(whole):
        return Trouble.NO_MODEL
    known = {
        401: Trouble.KEY, 403: Trouble.FORBIDDEN, 404: Trouble.NO_MODEL, 408: Trouble.SLOW,
        413: Trouble.TOO_LARGE, 429: Trouble.RATE,
    }  # fmt: skip
    return known.get(status, Trouble.SERVER if status >= 500 else Trouble.REFUSED)


def _explain_refusal(refusal: Refusal, tries: int, until: datetime | None) -> str:
    said = refusal.said
    if refusal.in_answer:
        said = f"{said or 'nothing more'} (an error in the middle of its answer)"
    tail = f"; it says: {said}" if said else "; it gives no reason"
    if refusal.trouble is Trouble.TOO_LONG:
        found = server_error.figures(refusal.body, refusal.said)
        figures = f" ({found[0]} of {found[1]} tokens)" if found else ""
        return f"the model refuses the request as too long{figures}; name a model with a longer context{tail}"
    if until is not None:
        left = f"asks to be left alone until {minute(until)}"
        what = "limits the rate" if refusal.trouble is Trouble.RATE else "does not serve now"
        return f"the endpoint {what} ({refusal.status}) and {left}{tail}"
    kept = (
        "" if tries < 2 else " and kept refusing" if refusal.trouble is Trouble.RATE else " and kept failing"
    )
    if refusal.trouble is Trouble.RATE:
        mend = "ask for a higher limit or less at once"
        return f"the endpoint limits the rate{kept} ({refusal.status}); {mend}{tail}"
    if refusal.trouble is Trouble.SERVER:
        return f"the endpoint has a fault of its own ({refusal.status}){kept}; look at its logs or wait{tail}"
    told = _SENTENCES[refusal.trouble].format(status=refusal.status)
    if refusal.trouble is Trouble.NO_MODEL and refusal.by_responses:
        told += "; if it does not know the Responses API, ask by chat (NEXUS_LLM_API)"
    return told + tail


def _explain_odd(odd: NotAnAnswer) -> str:
    what = line(redact(str(odd)), 160)
    told = f"the endpoint answered with something that is no chat completion: {what}"
    if odd.page:
        return (
            f"{told}; the base URL must be that of an OpenAI-compatible API (NEXUS_LLM_BASE_URL) and mostly "
            "ends in /v1"
        )
    return f"{told}; look at its logs"


def _explain_connection(error: BaseException) -> str:
    causes = list(_causes(error))
    text = " ".join(str(cause) for cause in causes).lower()
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "certificate" in text:
        return (
            "the endpoint's certificate is not trusted (self-signed?); give its authority as the certificate "
            "file (NEXUS_LLM_CA_FILE), or use an endpoint with a certificate that is known"
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes) or "connection attempts" in text:
        return "nothing listens at the endpoint (connection refused); start the server or mend the base URL"
    if "name or service" in text or "getaddrinfo" in text or "name resolution" in text:
        return "the endpoint's host name cannot be found; check the base URL and the network"
    return "the connection to the endpoint broke before it answered; look at the server and the network"


def until_of(now: datetime, seconds: float) -> datetime:
    """When a wait ends, to the next full minute."""
    whole = now + timedelta(seconds=seconds + 59)
    return whole.replace(second=0, microsecond=0)


def _cause(error: BaseException | None, kind: type[_Kind]) -> _Kind | None:
    return next((one for one in _causes(error) if isinstance(one, kind)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
