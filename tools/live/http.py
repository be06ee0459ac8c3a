"""Asking a backend over HTTP: time and size limits, one retry layer, and a sentence for each way to fail."""

import asyncio
import base64
import json
import ssl
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from incidents.errors import Declined, SettingsError, ToolFailed
from tools.clock import Clock, WallClock
from tools.live.limits import TooLarge, times_too_large
from tools.live.link_local import guarded
from tools.live.rate_limit import Pause, throttled
from tools.live.secrets import Secrets, cores
from tools.live.settings import Http
from tools.live.values import value_of
from tools.redaction.redact import redact
from tools.telemetry.data_gaps import OutageNote, note_gap
from tools.wording import plain

#: An answer that is larger is not read to its end, in bytes.
LARGEST = 32_000_000
#: How often a question is asked that failed for a passing reason.
TRIES = 3
#: A backend's clock that is further off than this is named as a gap, in seconds.
SKEW = 60
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
#: With these a server may say how long it wants to be left alone.
_PAUSING = frozenset({403, 429, 503})
#: How a server, or a proxy before it, says that it does not tell this to whoever asks.
NOT_LET_IN = frozenset({401, 403, 407})
_PAGE = "an HTML page"
#: As much of an error page as a sentence bears.
_QUOTED = 200

Query = Mapping[str, str | int | float | Sequence[str]]


class Answer(NamedTuple):
    """What came back: the body, and the headers by their names in lower case."""

    text: str
    headers: Mapping[str, str]


class Reply(BaseModel):
    """The base of what a backend answers: only what is needed is named, everything else is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


F = TypeVar("F")


class Transient(ToolFailed):
    """Worth another try: the connection broke, or the server said that it is busy."""


class NotSent(Transient):
    """No connection came about, so nothing of the request has left this machine."""


class TimedOut(ToolFailed):
    """It did not answer in time; asked again it would only be slower."""


class Rejected(Declined):
    """The server understood and said no. `status` is HTTP's, `text` the answer's body."""

    def __init__(self, sentence: str, status: int, text: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.text = text


class Backend:
    """One backend over HTTP. No error of it holds a credential, or more than a line of what it answered.

    Args:
        name: how sentences name it, such as `Prometheus`.
        spec: its address, credentials and time limit.
        secrets: resolves the credentials when the first question is asked.
        clock: what the backend's clock is compared with; an answer's date tells that one.
        largest: an answer that is larger is not read to its end, in bytes.
    """

    def __init__(
        self, name: str, spec: Http, secrets: Secrets, clock: Clock | None = None, largest: int = LARGEST
    ) -> None:
        self.name = name
        self.where = str(spec.url).rstrip("/")
        self._spec = spec
        self._secrets = secrets
        self._clock = clock or WallClock()
        self._largest = largest
        self._client: httpx2.AsyncClient | None = None
        self._used: set[str] = set()
        self._outage = OutageNote(self._clock)
        self._pause = Pause(self._clock)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(
        self, path: str, query: Query | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON that a GET answers.

        Raises:
            Rejected: it answered with a 4xx status.
            ToolFailed: it does not answer in time, answers no JSON, or too much of it.
        """
        return self.parsed(await self.ask("GET", path, query=query, headers=headers))

    async def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON that a POST answers which only reads; raises like `get`."""
        return self.parsed(await self.ask("POST", path, body=body, headers=headers))

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        form: Query | None = None,
        headers: Mapping[str, str] | None = None,
        tries: int = TRIES,
    ) -> str:
        """The text of an answer; `tries=1` for what must not be sent twice. Raises like `get`."""
        return (
            await self.answer(method, path, query=query, body=body, form=form, headers=headers, tries=tries)
        ).text

    async def answer(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        form: Query | None = None,
        headers: Mapping[str, str] | None = None,
        tries: int = TRIES,
    ) -> Answer:
        """An answer with its headers; `body` is sent as JSON, `form` as a form. Raises like `get`."""
        if until := self._pause.lasts():
            sentence = f"{self.name} at {self.where} {until}"
            raise NotSent(self._outage.told(sentence)) if self._pause.outage else Declined(sentence)
        attempts = AsyncRetrying(
            stop=stop_after_attempt(tries),
            wait=wait_random_exponential(multiplier=0.1, max=1.0),
            retry=retry_if_exception(lambda error: isinstance(error, Transient) and not self._pause.lasts()),
            reraise=True,
        )
        answer = Answer("", {})
        try:
            async for attempt in attempts:
                with attempt:
                    shown = {**await self.credentials(), **(headers or {})}
                    answer = await self._once(method, path, query, {"json": body, "data": form}, shown)
        except (Transient, TimedOut) as error:
            raise type(error)(self._outage.told(str(error))) from None
        return answer

    def parsed(self, text: str) -> Any:
        """An answer's JSON.

        Raises:
            ToolFailed: it is none.
        """
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise self._no_json(text) from None

    def read(self, form: type[F], text: str) -> F:
        """An answer's JSON as a value; an answer that lacks what it must have is not guessed at.

        Raises:
            ToolFailed: it is no JSON, or of another form.
        """
        try:
            return value_of(form, text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            if first["type"] == "json_invalid":
                raise self._no_json(text) from None
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise ToolFailed(
                f"{self.name} at {self.where} answered in an unexpected form ({plain(place, 80)}: "
                f"{first['msg']}); check that the URL is that of {self.name}"
            ) from None

    def _no_json(self, text: str) -> ToolFailed:
        what = "HTML" if text.lstrip()[:1] == "<" else "no JSON"
        return ToolFailed(
            f"{self.name} at {self.where} answered {what} where JSON was expected; check the URL"
        )

    async def _once(
        self,
        method: str,
        path: str,
        query: Query | None,
        sent: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> Answer:
        params = {name: list(v) if isinstance(v, tuple) else v for name, v in (query or {}).items()}
        client = self._connected()
        seconds = self._spec.timeout.total_seconds()
        try:
            async with (
                asyncio.timeout(seconds),  # of the whole answer: the client's own limit is for each read
                client.stream(
                    method, self.where + path, params=params or None, headers=dict(headers), **sent
                ) as response,
            ):
                text = await self._body(response)
        except (TimeoutError, httpx2.TimeoutException):
            raise TimedOut(f"{self.name} at {self.where} did not answer within {seconds:g} s") from None
        except httpx2.HTTPError as error:
            # One wording, so that questions which broke off at different bytes are told as one.
            broke = isinstance(error, (httpx2.ReadError, httpx2.RemoteProtocolError))
            why = "the connection breaks off" if broke else self.quoted(str(error)) or type(error).__name__
            kind = NotSent if isinstance(error, httpx2.ConnectError) else Transient
            raise kind(f"{self.name} at {self.where} cannot be reached: {why}") from None
        self._compare_clocks(response.headers.get("date", ""))
        if response.status_code not in _PASSING:
            self._outage.over()
        if response.is_success:
            return Answer(text, response.headers)
        raise self.complaint(response.status_code, text, response.headers)

    async def credentials(self) -> Mapping[str, str]:
        """The header that logs in, looked up for each request: a file may hold a newer token by now."""
        bearer = self._spec.auth.bearer
        return {} if bearer is None else self.bearing(self._secret(bearer), bearer)

    def bearing(self, token: str, source: str) -> Mapping[str, str]:
        """The header for a token; raises like `credentials` where none can carry it."""
        self._used.add(token)
        return {"Authorization": f"Bearer {self._carried(token, source)}"}

    async def _body(self, response: httpx2.Response) -> str:
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._largest:
                raise TooLarge(
                    f"{self.name} at {self.where} answered more than {self._largest // 1_000_000} MB; "
                    "ask for a shorter time or for fewer services"
                )
            parts.append(part)
        return b"".join(parts).decode("utf-8", errors="replace")

    def _compare_clocks(self, date: str) -> None:
        try:
            ahead = (parsedate_to_datetime(date) - self._clock.now()).total_seconds()
        except (ValueError, TypeError):  # no date, none that can be read, or one without a zone
            return
        if abs(ahead) > SKEW:
            way = "ahead of" if ahead > 0 else "behind"
            note_gap(
                f"the clock of {self.name} at {self.where} is {abs(ahead) / 60:.0f} min {way} this machine's;"
                " its times are shown as it gives them"
            )

    def complaint(self, status: int, text: str, headers: Mapping[str, str]) -> ToolFailed:
        """The error of an answer that is no success."""
        said = self.quoted(text) if text.lstrip()[:1] != "<" else _PAGE
        sentence = f"{self.name} at {self.where} answered {status}: {said}"
        if until := (
            pause := self._pause.asked(headers, outage=status == 503) if status in _PAUSING else None
        ):
            sentence = f"{self.name} at {self.where} {until}: {said}"
            return Transient(sentence) if status == 503 else Rejected(sentence, status, text)
        if (times := times_too_large(text)) is not None:
            return TooLarge(sentence, times)
        if status in _PASSING or pause is not None or throttled(text):
            return Transient(sentence)
        if status in NOT_LET_IN:
            why = f"; it says: {said}" if said and said != _PAGE else ""
            tenant = "; it serves tenants: name yours in `auth.headers`, X-Scope-OrgID" * (
                "no org id" in said
            )
            sentence = (
                f"{self.name} at {self.where} refused the credentials ({status}); check `auth`{why}{tenant}"
            )
        elif 300 <= status < 400:
            sentence = f"{self.name} at {self.where} answered {status}: it sends elsewhere; check the URL"
        return Rejected(sentence, status, text)

    def quoted(self, text: str, longest: int = _QUOTED) -> str:
        """One line of what a backend said, without a credential that it may repeat."""
        text = text[: 10 * _QUOTED]
        for secret in self._used:
            text = text.replace(secret, "<credential>")
        return plain(redact(text), longest)

    def _connected(self) -> httpx2.AsyncClient:
        if self._client is None:
            auth = self._spec.auth
            headers = {name: self._carried(self._secret(ref), ref) for name, ref in auth.headers.items()}
            password = self._secret(auth.password) if auth.password is not None else ""
            if auth.user is not None:
                self._used.add(base64.b64encode(f"{auth.user}:{password}".encode()).decode())
            self._client = httpx2.AsyncClient(
                auth=(auth.user, password) if auth.user is not None else None,
                headers=headers,
                timeout=self._spec.timeout.total_seconds(),
                verify=self._trust(),
                event_hooks=guarded(),
            )
        return self._client

    def _carried(self, value: str, ref: str) -> str:
        if not value.isascii() or not value.isprintable():
            raise ToolFailed(
                f"{self.name} at {self.where} was not asked: {ref} holds a line break or a character that "
                "no header can carry"
            )
        return value

    def _secret(self, ref: str) -> str:
        try:
            value = self._secrets(ref).get_secret_value()
        except SettingsError as error:
            raise ToolFailed(f"{self.name} at {self.where} was not asked: {error}") from None
        self._used |= {value, *cores(value)}
        return value

    def _trust(self) -> ssl.SSLContext | bool:
        if not self.where.startswith("https:"):
            return False  # nothing to verify; loading the system's certificates takes a tenth of a second
        file = self._spec.auth.ca_file
        try:
            return ssl.create_default_context(cafile=str(file) if file else None)
        except OSError as error:
            raise ToolFailed(f"{self.name} at {self.where}: ca_file cannot be read: {error}") from None
