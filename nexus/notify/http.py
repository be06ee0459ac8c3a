"""One try over HTTP: what was answered, or what became of it where nothing was."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx2

from nexus.notify.destination import Attempt, Outcome
from tools.live.link_local import LinkLocal, guarded
from tools.redaction.redact import redact
from tools.wording import plain

#: More of an answer is not read, in bytes; as much of it as a reason bears, in characters.
LARGEST, QUOTED = 65_536, 200
#: Worth another try: the server is busy or broken for a while. What it took it takes again under one key.
_PASSING = frozenset({404, 408, 409, 423, 425, 429, 500, 502, 503})
#: Nothing that is sent there will be taken until somebody mends the destination.
_OF_THE_DESTINATION = frozenset({401, 402, 403, 405, 407, 410})


class Answer(NamedTuple):
    """What came back; headers by their names in lower case."""

    status: int
    text: str
    headers: Mapping[str, str]


def client(trust: ssl.SSLContext | None = None) -> httpx2.AsyncClient:
    """A client for destinations: it follows nobody elsewhere, and goes nowhere link-local.

    No connection is used twice. A server that closes an idle one just when it is used leaves nobody knowing
    whether it took what was written, and an update whose outcome is unknown is not sent again.
    """
    return httpx2.AsyncClient(
        timeout=None,  # `posted` limits the whole try
        follow_redirects=False,
        limits=httpx2.Limits(max_keepalive_connections=0),
        verify=trust if trust is not None else True,
        event_hooks=guarded(),
    )


async def posted(
    via: httpx2.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    limit: timedelta,
    method: str = "POST",
) -> Answer | Attempt:
    """What a server answers within a limit, or the attempt that it was where it answers nothing."""
    request = via.build_request(method, url, content=body, headers=dict(headers))
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await _answer(via, request)
    except LinkLocal as error:
        return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=str(error), disables=True)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.WriteError) as error:
        return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=f"it cannot be reached: {_named(error)}")
    except TimeoutError:
        return Attempt(
            outcome=Outcome.UNKNOWN, reason=f"it did not answer within {limit.total_seconds():g} s"
        )
    except httpx2.HTTPError as error:
        why = f"the connection broke off before an answer came: {_named(error)}"
        return Attempt(outcome=Outcome.UNKNOWN, reason=why)


async def _answer(via: httpx2.AsyncClient, request: httpx2.Request) -> Answer:
    response = await via.send(request, stream=True)
    read = b""
    try:
        async for part in response.aiter_bytes():
            read += part
            if len(read) > LARGEST:
                break
    finally:
        with suppress(httpx2.HTTPError):
            await response.aclose()
    return Answer(response.status_code, read[:LARGEST].decode("utf-8", errors="replace"), response.headers)


def judged(answer: Answer, now: datetime) -> Attempt:
    """What an answer means where the server says no more than HTTP does."""
    if 200 <= answer.status < 300:
        return Attempt(outcome=Outcome.ACCEPTED)
    reason = f"it answered {answer.status}: {said(answer)}"
    if answer.status == 504:  # a gateway handed it on and nobody knows what became of it
        return Attempt(outcome=Outcome.UNKNOWN, reason=reason)
    if answer.status in _PASSING or answer.status > 504:
        wait = retry_after(answer.headers, now)
        return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=reason, retry_after=wait)
    gone = answer.status in _OF_THE_DESTINATION or 300 <= answer.status < 400
    return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=reason, disables=gone)


def said(answer: Answer) -> str:
    """One line of what the server said."""
    text = answer.text.strip()
    return "an HTML page" if text[:1] == "<" else plain(redact(text), QUOTED) or "nothing"


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long a server wants to be left alone: seconds or a moment (RFC 9110, 10.2.3)."""
    told = headers.get("retry-after", "").strip()
    if told.isdecimal() and len(told) < 9:
        return timedelta(seconds=int(told))
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta())


def _named(error: httpx2.HTTPError) -> str:
    return plain(redact(str(error)), QUOTED) or type(error).__name__
