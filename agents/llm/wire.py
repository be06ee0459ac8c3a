"""The wire to the endpoint: one client, one retry layer, errors in words."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2
import openai
import structlog
from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from agents.failure import ModelFailed
from agents.llm.faults import (
    WIRE_ERRORS,
    CutStream,
    NotAnAnswer,
    explain,
    is_outage,
    is_timeout,
    is_transient,
    retry_after,
)
from agents.llm.meter import Meter
from agents.llm.settings import Model, ModelSettings
from agents.llm.tape import Player, Recorder
from agents.role import Tier
from incidents.errors import SettingsError
from incidents.incident import Usage
from tools.redact import redact

log = structlog.get_logger(__name__)

Request = ModelRequest[None]
Response = ModelResponse[object]
Handler = Callable[[Request], Awaitable[Response]]
#: Why no further call may be made after what was used, or None.
Allowance = Callable[[Usage], str | None]

#: A silent endpoint may be asked once more; a third time would only cost the same again.
_TIMEOUTS_AT_MOST = 2


@dataclass(frozen=True)
class Timer:
    """Wall time for boxes and pauses; tests give their own."""

    tick: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def trust(settings: ModelSettings) -> ssl.SSLContext:
    """The certificates to trust; reading them takes longer than a short request, so it is done once.

    Raises:
        SettingsError: the certificate file holds no certificate.
    """
    try:
        return _context(settings.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"The certificate file {settings.ca_file} cannot be read: {error}") from error


@lru_cache(maxsize=8)
def _context(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def http_client(settings: ModelSettings, context: ssl.SSLContext) -> openai.DefaultAsyncHttpxClient:
    """A client of one assignment; its connections live as long as the assignment."""
    if settings.replay is not None:
        return openai.DefaultAsyncHttpxClient(
            timeout=settings.timeout_seconds, transport=Player(settings.replay)
        )
    if settings.record is not None:
        recorder = Recorder(httpx2.AsyncHTTPTransport(verify=context), settings.record)
        return openai.DefaultAsyncHttpxClient(timeout=settings.timeout_seconds, transport=recorder)
    return openai.DefaultAsyncHttpxClient(timeout=settings.timeout_seconds, verify=context)


class NamingChat(ChatOpenAI):
    """Gives every tool call an id; some servers send none, and a reply has to name its call."""

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002  # the base names it so
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """The answer, with an id for every call, the same whenever the same conversation is had again."""
        answer = await super().ainvoke(input, config, stop=stop, **kwargs)
        if all(call["id"] for call in answer.tool_calls):
            return answer
        turn = len(input) if isinstance(input, Sequence) else 0
        calls = [
            {**call, "id": call["id"] or f"call_{turn}_{place}"}
            for place, call in enumerate(answer.tool_calls)
        ]
        return answer.model_copy(update={"tool_calls": calls})


def chat_model(settings: ModelSettings, tier: Tier, client: openai.DefaultAsyncHttpxClient) -> ChatOpenAI:
    """The chat model of a tier. It never retries by itself: the wire does."""
    return NamingChat(
        base_url=settings.base_url,
        # Servers of one's own want no key, the client wants some text.
        api_key=SecretStr(settings.key or "none"),
        model=settings.models[tier].name,
        timeout=settings.timeout_seconds,
        max_retries=0,
        max_completion_tokens=settings.max_tokens,
        temperature=settings.temperature,
        streaming=settings.streaming,
        stream_usage=settings.streaming,
        stream_chunk_timeout=settings.timeout_seconds,
        use_responses_api=False,
        http_async_client=client,
    )


class Wire:
    """Sends the requests of one assignment: counts them, retries what may pass, and says why it gave up."""

    def __init__(
        self,
        settings: ModelSettings,
        model: Model,
        meter: Meter,
        timer: Timer,
        deadline: float,
        allowance: Allowance = lambda _: None,
    ) -> None:
        self._settings = settings
        self._model = model
        self._meter = meter
        self._timer = timer
        self._begun = timer.tick()
        self._deadline = deadline
        self._allowance = allowance
        self._backoff = wait_random_exponential(multiplier=0.5, max=20)

    @property
    def left(self) -> float:
        """Seconds until the time box ends."""
        return self._deadline - self._timer.tick()

    @property
    def nearly_spent(self) -> bool:
        """Whether a further call like the last ones might be one too many for the budget."""
        used = self._meter.usage(self._timer.tick() - self._begun)
        share = 1 / max(self._meter.answers, 1)
        more = Usage(
            tokens_in=int(used.tokens_in * share),
            tokens_out=int(used.tokens_out * share),
            cost=used.cost * share,
        )
        return self._allowance(used + more + more) is not None

    async def send(self, request: Request, handler: Handler) -> Response:
        """Send one request, without secrets, and return the whole answer.

        Raises:
            ModelFailed: the endpoint gave no answer, or the budget allows no call; the message says why.
        """
        if reason := self._allowance(self._meter.usage(self._timer.tick() - self._begun)):
            raise ModelFailed(reason)
        request = request.override(messages=_redacted(request.messages))
        retrying = AsyncRetrying(
            retry=retry_if_exception(is_transient),
            wait=self._wait,
            stop=self._stop,
            sleep=self._timer.sleep,
            before_sleep=self._note,
            reraise=True,
        )
        try:
            return await retrying(self._once, request, handler)
        except WIRE_ERRORS as error:
            log.info("model_failed", model=self._model.name, error=type(error).__name__)
            message = f"{self._model.name} at {self._settings.where}: {explain(error)}"
            # Without a cause: the client's errors hold the request, and with it the key.
            raise ModelFailed(self.safe(message), outage=is_outage(error)) from None

    def safe(self, text: str) -> str:
        """The text without the key, whoever put it there."""
        return text.replace(self._settings.key, "[key]") if self._settings.key else text

    async def _once(self, request: Request, handler: Handler) -> Response:
        self._meter.requests += 1
        response = await handler(request)
        answer = response.result[0] if response.result else None
        if not isinstance(answer, AIMessage):
            raise NotAnAnswer
        self._meter.answered(list(request.messages), answer)
        if self._settings.streaming and not answer.response_metadata.get("finish_reason"):
            raise CutStream
        return response

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(self._backoff(state), retry_after(error))

    def _stop(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        attempts = (
            _TIMEOUTS_AT_MOST if error is not None and is_timeout(error) else self._settings.max_attempts
        )
        return state.attempt_number >= attempts or state.upcoming_sleep >= self.left

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.info(
            "model_retry",
            model=self._model.name,
            attempt=state.attempt_number,
            wait=round(state.upcoming_sleep, 2),
            error=type(error).__name__,
        )


def _redacted(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """What others wrote, without secrets and personal data; the last door before the endpoint."""
    return [
        message.model_copy(update={"content": redact(message.content)})
        if isinstance(message, HumanMessage | ToolMessage) and isinstance(message.content, str)
        else message
        for message in messages
    ]
