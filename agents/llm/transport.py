"""The transport to the endpoint: one retry layer, everything counted and traced, errors in words."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, SystemMessage, ToolMessage
from opentelemetry.trace import Span
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from agents import genai
from agents.budget import RoleBudget
from agents.failure import ModelFailed
from agents.llm.errors import (
    WIRE_ERRORS,
    came_of,
    explain,
    fault_of,
    is_loading,
    is_odd,
    is_outage,
    is_timeout,
    is_transient,
    is_unreachable,
    retry_after,
    until_of,
)
from agents.llm.meter import Meter
from agents.llm.request_text import texts_of
from agents.llm.settings import Model, ModelSettings
from agents.tracing import Caller, chat, content, kind_of
from incidents.faults import ModelFault
from incidents.usage import Usage
from tools.redaction.tree import redact_tree

log = structlog.get_logger(__name__)

Request = ModelRequest[None]
Response = ModelResponse[object]
Handler = Callable[[Request], Awaitable[Response]]

#: A silent endpoint, or one that gave something else than an answer, is asked once more: a third time would
#: only cost the same again.
_TWICE = 2
#: The longest pause while a model is being loaded, in seconds; they grow from one second.
_LOADING_PAUSE = 20.0


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Timer:
    """Wall time for boxes and pauses; tests give their own."""

    tick: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = _utc


class ModelTransport:
    """Sends the requests of one assignment: counts them, retries what may pass, and says why it gave up.

    Args:
        settings: the endpoint and the bounds.
        model: which of its models is asked.
        meter: counts what is used.
        timer: wall time.
        box: seconds until nothing may be asked any more.
        account: says when too much was spent.
        caller: for whom, in spans and log lines.
    """

    def __init__(
        self,
        settings: ModelSettings,
        model: Model,
        meter: Meter,
        timer: Timer,
        box: float,
        account: RoleBudget,
        caller: Caller,
    ) -> None:
        self._settings = settings
        self._model = model
        self._meter = meter
        self._timer = timer
        self._begun = timer.tick()
        self._deadline = self._begun + box
        self._account = account
        self._caller = caller

    @property
    def left(self) -> float:
        """Seconds until the time box ends."""
        return self._deadline - self._timer.tick()

    @property
    def nearly_spent(self) -> bool:
        """Whether a further call like the last ones might be one too many for the budget."""
        used = self._used
        share = 1 / max(self._meter.answers, 1)
        more = Usage(
            tokens_in=int(used.tokens_in * share),
            tokens_out=int(used.tokens_out * share),
            cost=used.cost * share,
            seconds=used.seconds * share,
        )
        return self._account.would_stop(used + more + more)

    @property
    def _used(self) -> Usage:
        return self._meter.usage(self._timer.tick() - self._begun)

    async def send(self, request: Request, handler: Handler) -> Response:
        """Send one request, without secrets, and return the whole answer.

        Raises:
            ModelFailed: the endpoint gave no answer, or the budget allows no call; the message says why.
        """
        if reason := self._account.why_not(self._used):
            raise ModelFailed(reason, faults=(ModelFault.BUDGET,))
        request = request.override(messages=_redacted(request.messages))
        patience = _Patience(self._settings.max_attempts, self.left, self._timer)
        retrying = AsyncRetrying(
            retry=retry_if_exception(is_transient),
            wait=patience.wait,
            stop=patience.stop,
            sleep=self._timer.sleep,
            before_sleep=self._note,
            reraise=True,
        )
        try:
            return await retrying(self._once, request, handler)
        except WIRE_ERRORS as error:
            log.info("model_failed", model=self._model.name, error=kind_of(error))
            rest = patience.rest
            until = until_of(self._timer.now(), rest) if rest is not None else None
            said = explain(error, tries=patience.tries, until=until)
            # Without a cause: the client's errors hold the request, and with it the key.
            raise ModelFailed(
                self.safe(f"{self._model.name} at {self._settings.where}: {said}"), outage=is_outage(error),
                unreachable=is_unreachable(error), faults=(fault_of(error),), rest=rest,
            ) from None  # fmt: skip

    def safe(self, text: str) -> str:
        """The text without the key, whoever put it there."""
        return text.replace(self._settings.key, "[key]") if self._settings.key else text

    async def _once(self, request: Request, handler: Handler) -> Response:
        """One request: counted, traced and logged, whatever comes of it."""
        self._meter.requests += 1
        begun, before = self._timer.tick(), self._meter.usage(0)
        problem: str | None = None
        try:
            with chat(self._caller, self._model.name, *self._settings.server) as span:
                response = await handler(request)
                self._count(request, response, span)
                return response
        except BaseException as error:
            problem = kind_of(error)
            self._meter.failed(texts_of(request), came_of(error))
            raise
        finally:
            used = self._meter.usage(0)
            log.info(
                "model_call",
                **self._caller.model_dump(),
                model=self._model.name,
                tokens_in=used.tokens_in - before.tokens_in,
                tokens_out=used.tokens_out - before.tokens_out,
                seconds=round(self._timer.tick() - begun, 3),
                error=problem,
            )

    def _count(self, request: Request, response: Response, span: Span) -> None:
        answer = response.result[0] if response.result else None
        if not isinstance(answer, AIMessage):
            raise ModelFailed("the model gave no answer")
        before = self._meter.usage(0)
        self._meter.answered(texts_of(request), answer)
        used, told = self._meter.usage(0), answer.response_metadata
        span.set_attribute(genai.INPUT_TOKENS, used.tokens_in - before.tokens_in)
        span.set_attribute(genai.OUTPUT_TOKENS, used.tokens_out - before.tokens_out)
        if cached := used.cached - before.cached:
            span.set_attribute(genai.CACHED_TOKENS, cached)
        span.set_attribute(genai.RESPONSE_MODEL, str(told.get("model_name") or self._model.name))
        finish = str(told.get("finish_reason") or "")
        if finish:
            span.set_attribute(genai.FINISH_REASONS, [finish])
        if self._settings.trace_content:
            given = [{**one, "finish_reason": finish} for one in _said([answer])]
            span.set_attribute(genai.INPUT_MESSAGES, content(_said(request.messages)))
            span.set_attribute(genai.OUTPUT_MESSAGES, content(given))

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.info(
            "model_retry",
            model=self._model.name,
            attempt=state.attempt_number,
            wait=round(state.upcoming_sleep, 2),
            error=type(error).__name__,
        )


class _Patience:
    """How long to wait before the next try of one call, and when it is enough.

    Attributes:
        tries: how often it was asked.
        rest: seconds for which the endpoint asked to be left alone, if that was too long to wait for.
    """

    def __init__(self, attempts: int, seconds: float, timer: Timer) -> None:
        self.tries = 1
        self.rest: float | None = None
        self._attempts = attempts
        self._seconds = seconds
        self._timer = timer
        self._begun = timer.tick()
        self._backoff = wait_random_exponential(multiplier=0.5, max=20)

    def wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = retry_after(error, self._timer.now())
        if error is not None and is_loading(error):
            return max(min(2.0 ** (state.attempt_number - 1), _LOADING_PAUSE), asked)
        return max(self._backoff(state), asked)

    def stop(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        self.tries = state.attempt_number
        spent = max(self._timer.tick() - self._begun, state.idle_for)
        late = spent + state.upcoming_sleep >= self._seconds
        asked = retry_after(error, self._timer.now())
        if late and asked > 0 and asked >= state.upcoming_sleep:
            self.rest = asked
        if error is not None and is_loading(error):
            return late
        once = error is not None and (is_timeout(error) or is_odd(error))
        return late or state.attempt_number >= (min(_TWICE, self._attempts) if once else self._attempts)


def _said(messages: Sequence[AnyMessage]) -> list[dict[str, object]]:
    """Messages as the conventions write them: a role and parts."""
    names = {"human": "user", "ai": "assistant"}
    return [{"role": names.get(message.type, message.type), "parts": _parts(message)} for message in messages]


def _parts(message: AnyMessage) -> list[dict[str, object]]:
    if isinstance(message, ToolMessage):
        return [{"type": "tool_call_response", "id": message.tool_call_id, "response": message.text}]
    parts: list[dict[str, object]] = [{"type": "text", "content": message.text}] if message.text else []
    for call in message.tool_calls if isinstance(message, AIMessage) else ():
        parts.append({"type": "tool_call", "id": call["id"], "name": call["name"], "arguments": call["args"]})
    return parts


def _redacted(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """All but the instructions, without secrets and personal data; the last door before the endpoint."""
    return [
        message
        if isinstance(message, SystemMessage)
        else message.model_copy(update=_without_secrets(message))
        for message in messages
    ]


def _without_secrets(message: AnyMessage) -> dict[str, object]:
    clean: dict[str, object] = {"content": redact_tree(message.content)}
    if isinstance(message, AIMessage):
        clean["tool_calls"] = [{**call, "args": redact_tree(call["args"])} for call in message.tool_calls]
    return clean
