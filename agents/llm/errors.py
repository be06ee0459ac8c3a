"""What can go wrong on the way to a model, and how it is said to people. Pure functions of the error."""

import json
import ssl
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import openai
from langchain_core.exceptions import ContextOverflowError

from agents.llm.cassette import CassetteMiss
from incidents.faults import ModelFault
from prompts.text import line

#: What a client may raise over a body that is not what it should be, beside its own errors.
WIRE_ERRORS = (openai.OpenAIError, OSError, ValueError, LookupError, TypeError, AttributeError)

_TOO_LONG = ("context length", "context_length", "context window", "maximum context", "prompt is too long")
_NO_MONEY = ("insufficient_quota", "exceeded your current quota", "billing")


class CutStream(OSError):
    """A stream ended without saying that it was finished, so that the answer is not whole."""


class NotAnAnswer(ValueError):
    """The endpoint answered 200 with a body that is no chat completion."""


def explain(error: BaseException) -> str:
    """One sentence that says what happened and what to do; it never quotes a key or a whole body."""
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error)
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return "the endpoint did not answer in time; look whether it is overloaded, or allow more seconds"
    if missed := next((cause for cause in _causes(error) if isinstance(cause, CassetteMiss)), None):
        return str(missed)
    if isinstance(error, openai.APIConnectionError):
        return _explain_connection(error)
    if isinstance(error, CutStream):
        return "the stream broke off before the answer was finished"
    if isinstance(error, openai.APIError):
        return f"the endpoint reported an error in the middle of its answer: {line(error.message, 200)}"
    if isinstance(error, WIRE_ERRORS):
        return (
            "the endpoint answered with something that is no chat completion (a web page, a proxy or another "
            "kind of server?); the base URL must be that of an OpenAI-compatible API and mostly ends in /v1"
        )
    return f"the call failed ({type(error).__name__})"


def fault_of(error: BaseException) -> ModelFault:
    """Which kind of failure it is, as it is counted."""
    if isinstance(error, openai.APIStatusError):
        return _fault_of_status(error)
    if is_timeout(error):
        return ModelFault.TIMEOUT
    if isinstance(error, openai.APIConnectionError | CutStream):
        return ModelFault.CONNECTION
    return ModelFault.SERVER if type(error) is openai.APIError else ModelFault.NOT_AN_ANSWER


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed in a moment."""
    if isinstance(error, openai.APIStatusError):
        if error.status_code == 429:
            return not _says(error, _NO_MONEY)
        return error.status_code in {408, 409} or error.status_code >= 500
    if isinstance(error, openai.APIConnectionError):
        final = (ssl.SSLCertVerificationError, CassetteMiss)
        return not any(isinstance(cause, final) for cause in _causes(error))
    return isinstance(error, CutStream) or is_timeout(error) or type(error) is openai.APIError


def is_outage(error: BaseException) -> bool:
    """Whether the endpoint or the access to it is at fault, not this one request."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code not in {400, 413, 422}
    if any(isinstance(cause, CassetteMiss) for cause in _causes(error)):
        return False
    return isinstance(error, WIRE_ERRORS)


def is_unreachable(error: BaseException) -> bool:
    """Whether nothing at that address can serve, whatever the model: no connection, no trust, no API.

    A model that is missing (404), not allowed (403), overloaded (429, 5xx) or slow says nothing about the
    other models of its endpoint.
    """
    if isinstance(error, openai.APIStatusError):
        return error.status_code == 401
    return is_outage(error) and not is_timeout(error) and not isinstance(error, CutStream)


def is_timeout(error: BaseException) -> bool:
    """Whether the time ran out; asking again costs that time again."""
    return isinstance(error, openai.APITimeoutError | TimeoutError)


def retry_after(error: BaseException | None) -> float:
    """How many seconds the endpoint asks to wait; 0 if it says nothing usable.

    Source: RFC 9110, 10.2.3: seconds, or a date, which is read against the endpoint's own clock.
    """
    response = getattr(error, "response", None)
    headers = response.headers if response is not None else {}
    said = headers.get("retry-after", "")
    try:
        seconds = float(said)
    except ValueError:
        try:
            until, now = (parsedate_to_datetime(text) for text in (said, headers.get("date", "")))
            seconds = (until - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return seconds if 0 < seconds < float("inf") else 0.0


def _fault_of_status(error: openai.APIStatusError) -> ModelFault:
    if isinstance(error, ContextOverflowError) or error.status_code == 413 or _says(error, _TOO_LONG):
        return ModelFault.TOO_LONG
    if error.status_code == 429:
        return ModelFault.QUOTA if _says(error, _NO_MONEY) else ModelFault.RATE_LIMIT
    known = {401: ModelFault.ACCESS, 403: ModelFault.ACCESS, 408: ModelFault.TIMEOUT}
    fault = ModelFault.SERVER if error.status_code >= 500 else ModelFault.REFUSED
    return known.get(error.status_code, fault)


def _explain_status(error: openai.APIStatusError) -> str:
    status = error.status_code
    if isinstance(error, ContextOverflowError) or _says(error, _TOO_LONG):
        return (
            "the model refuses the request as too long; name a model with a longer context or a smaller brief"
        )
    if status == 429 and _says(error, _NO_MONEY):
        return "the account has no quota left (429); top it up or name another endpoint"
    known = {
        401: "the endpoint refuses the API key (401); check the key and that it belongs here",
        403: "the endpoint forbids the call (403); the key has no right to this model or from this place",
        404: "the endpoint does not know this model or path (404); check the model's name and the URL's /v1",
        408: "the endpoint gave up waiting (408)",
        413: "the endpoint refuses the request as too large (413); name a smaller brief",
        429: "the endpoint limits the rate and kept refusing (429); ask for a higher limit or less at once",
    }
    if status in known:
        return known[status]
    if status >= 500:
        return f"the endpoint has a fault of its own ({status}) and kept failing; look at its logs or wait"
    return f"the endpoint refuses the request ({status}): {_server_says(error)}"


def _explain_connection(error: BaseException) -> str:
    causes = list(_causes(error))
    text = " ".join(str(cause) for cause in causes).lower()
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "certificate" in text:
        return (
            "the endpoint's certificate is not trusted (self-signed?); give its authority as the certificate "
            "file, or use an endpoint with a certificate that is known"
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes) or "connection attempts" in text:
        return "nothing listens at the endpoint (connection refused); start the server or mend the base URL"
    if "name or service" in text or "getaddrinfo" in text or "name resolution" in text:
        return "the endpoint's host name cannot be found; check the base URL and the network"
    return "the connection to the endpoint broke before it answered; look at the server and the network"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _says(error: openai.APIStatusError, words: tuple[str, ...]) -> bool:
    body = json.dumps(error.body, default=str) if error.body is not None else ""
    said = f"{error.code} {error.message} {body}".lower()
    return any(word in said for word in words)


def _server_says(error: openai.APIStatusError) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    message = body.get("message") or (body.get("error") or {}).get("message") if body else None
    return line(message or "it gives no reason", 200)
