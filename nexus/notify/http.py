"""One request to a provider over HTTP, and what its answer means for a notice.

A request is made once and on a connection of its own: one that was kept open may have been closed by the
other side, and then nobody knows whether the notice arrived. No redirect is followed: 302 turns a POST into
an empty GET. Whether the body had left decides what a failure means: before, nothing has arrived; after, it
is unknown.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

import httpx2

from nexus.notify.destination import Attempt, Outcome
from nexus.notify.wording import cut
from nexus.sanitize import line
from tools.clock import Clock
from tools.live.link_local import LinkLocal, guarded
from tools.live.secrets import without
from tools.live.trust import system_trust
from tools.redaction.redact import redact

#: As much of an answer as is read, in bytes; and as much of it as a reason quotes, in characters.
_READ, _QUOTED = 65_536, 300
#: A server is left alone no longer than this, whatever it asks for.
_LONGEST_REST = timedelta(days=1)

#: The destination itself is what fails: who sends may not, or there is nobody there (any more).
_NOT_ALLOWED = frozenset({401, 402, 403, 407, 511})
_NOT_THERE = frozenset({404, 405, 410})
_FOR_NOW = frozenset({408, 409, 421, 423, 425, 429})
#: A gateway says that it never heard what became of it (504; 524 is Cloudflare's).
_NEVER_HEARD = frozenset({504, 524})


class Answer(NamedTuple):
    """What a provider answered; `whole` unless its body broke off or did not end in time."""

    status: int
    headers: Mapping[str, str]
    text: str
    whole: bool = True

    def json(self) -> Mapping[str, object]:
        """The body as an object; empty if it is none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Exchange:
    """Requests to one provider. Nothing that it says holds a secret.

    Args:
        provider: how reasons name it, such as `Slack`.
        secrets: what must appear in no reason: tokens, and addresses that are one.
        limit: how long a request may take in all.
        clock: what a date in `Retry-After` is compared with.
        most: as much of an answer is read, in bytes.
    """

    def __init__(
        self,
        provider: str,
        secrets: Iterable[str] = (),
        *,
        limit: timedelta,
        clock: Clock,
        most: int = _READ,
    ) -> None:
        self._most = most
        self.provider = provider
        self._limit = limit.total_seconds()
        self._secrets = frozenset(word for secret in secrets for word in _spellings(secret))
        self._clock = clock
        self._client: httpx2.AsyncClient | None = None

    async def post(
        self, address: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Answer | Attempt:
        """Post JSON; an answer, or what became of the try where none came."""
        sent = json.dumps(body, ensure_ascii=False).encode()
        return await self.ask("POST", address, sent, {"content-type": "application/json", **(headers or {})})

    async def ask(
        self, method: str, address: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer | Attempt:
        """Ask once; an answer, or what became of the try where none came."""
        left = asyncio.Event()
        try:
            async with asyncio.timeout(self._limit) as limit:
                client = self._connected()
                extensions = {_LEFT: left}
                request = client.build_request(
                    method, address, content=body, headers=headers, extensions=extensions
                )
                response = await client.send(request, stream=True)
                until = limit.when()
                limit.reschedule(None)  # a status that came counts, whatever becomes of its body
                try:
                    return await self._read(response, until)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return self._unanswered(error, sent=left.is_set())

    def judged(self, answer: Answer, said: str | None = None) -> Attempt:
        """What a status means that the provider gives no meaning of its own.

        Args:
            answer: the provider's.
            said: its words; not given: its body.
        """
        status = answer.status
        words = self.reason(f"{self.provider} answered {status}: {self._said(answer, said)}")
        if 200 <= status < 300:
            return Attempt(outcome=Outcome.ACCEPTED)
        if status in _NEVER_HEARD:
            return Attempt(outcome=Outcome.UNKNOWN, reason=words)
        if status in _FOR_NOW or (status >= 500 and status not in _NOT_ALLOWED):
            return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=words, retry_after=self.rest(answer))
        if 300 <= status < 400:
            words = f"{self.provider} answered {status}, which leads elsewhere: name the last address itself"
            return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=words, disables=True)
        disables = status in _NOT_ALLOWED or status in _NOT_THERE
        return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=words, disables=disables)

    def rest(self, answer: Answer) -> timedelta | None:
        """How long `Retry-After` asks to be left alone: in seconds, or until a date."""
        return retry_after(answer.headers.get("retry-after", ""), self._clock.now())

    def reason(self, text: str) -> str:
        """What a provider said, on one short line, without secrets."""
        return cut(redact(without(line(text), self._secrets)), _QUOTED)

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _said(self, answer: Answer, said: str | None) -> str:
        if said is not None:
            return said
        return "an HTML page" if answer.text.lstrip()[:1] == "<" else answer.text or "nothing more"

    def _unanswered(self, error: Exception, *, sent: bool) -> Attempt:
        """A try that got no answer: it is unknown what became of it if everything had left."""
        if sent:
            how = "did not answer in time" if isinstance(error, _TIMEOUTS) else "broke the connection off"
            return Attempt(
                outcome=Outcome.UNKNOWN,
                reason=f"{self.provider} {how} after it was sent everything; nobody knows whether it arrived",
            )
        if isinstance(error, LinkLocal):
            return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=str(error), disables=True)
        if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol | ValueError):
            return Attempt(
                outcome=Outcome.FAILED_FOR_GOOD,
                reason=f"the address of {self.provider} cannot be read as one",
                disables=True,
            )
        how = "cannot be reached in time" if isinstance(error, _TIMEOUTS) else "cannot be reached"
        why = self.reason(str(error) or type(error).__name__)
        return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=f"{self.provider} {how}: {why}")

    async def _read(self, response: httpx2.Response, until: float | None) -> Answer:
        """The answer, as far as it comes in time."""
        parts, size, whole = list[bytes](), 0, True
        try:
            async with asyncio.timeout_at(until):
                async for part in response.aiter_raw():
                    parts.append(part)
                    if (size := size + len(part)) > self._most:
                        break
        except (TimeoutError, httpx2.HTTPError):
            whole = False
        text = b"".join(parts)[: self._most].decode("utf-8", errors="replace")
        return Answer(response.status_code, response.headers, text, whole)

    def _connected(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                verify=system_trust(),
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # `ask` limits the whole try
                limits=httpx2.Limits(max_keepalive_connections=0),
                event_hooks={"request": [*guarded()["request"], _watch]},
                headers={"user-agent": "nexus-incident", "accept-encoding": "identity"},
            )
        return self._client


async def _watch(request: httpx2.Request) -> None:
    """Let a request's own event tell when all of it has left; the guard goes on listening."""
    guard, left = request.extensions["trace"], request.extensions[_LEFT]

    async def trace(event: str, told: Mapping[str, Any]) -> None:
        await guard(event, told)
        if event.endswith("send_request_body.complete"):
            left.set()

    request.extensions = {**request.extensions, "trace": trace}


#: Where a request carries the event that is set once everything was written.
_LEFT = "nexus_left"
_TIMEOUTS = (TimeoutError, httpx2.TimeoutException)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """What a `Retry-After` header asks for; None if it says nothing that can be read."""
    value = value.strip()
    try:
        rest = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        try:
            until = parsedate_to_datetime(value)
            rest = (until if until.tzinfo is not None else until.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(rest, timedelta()), _LONGEST_REST)


def _spellings(secret: str) -> set[str]:
    """A secret in the ways an answer may repeat it; of an address also its parts."""
    found = {secret}
    parts = _parts(secret)
    if parts is not None:
        found |= {f"{parts.path}?{parts.query}", parts.path, parts.query, parts.netloc.rpartition("@")[0]}
        found |= {one for one in parts.path.split("/") if len(one) >= 8}
        found |= {one.partition("=")[2] for one in parts.query.split("&")}
    found |= {unquote(one) for one in found} | {quote(one, safe="") for one in found}
    return {one for one in found if len(one) >= 4 and one != "/"}


def _parts(secret: str) -> SplitResult | None:
    try:
        return urlsplit(secret) if "://" in secret else None
    except ValueError:
        return None
