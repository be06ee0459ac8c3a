"""LangChain middleware round one assignment: its bounds, and the rules for reports that are not usable."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain.agents.structured_output import MultipleStructuredOutputsError, StructuredOutputValidationError
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from pydantic import ValidationError

from agents.failure import ModelFailed
from agents.llm.client import THOUGHT
from agents.llm.settings import ModelSettings
from agents.llm.transport import Handler, ModelTransport, Request, Response
from agents.llm.wire.fitting import fit
from agents.llm.wire.json_text import values_in
from incidents.faults import ModelFault
from incidents.reports import Report
from prompts import Library
from prompts.text import line

log = structlog.get_logger(__name__)

#: Tells what a report claims beyond its evidence, in sentences.
Check = Callable[[Report], Awaitable[tuple[str, ...]]]

#: How often one assignment's answers are sent back before the playbook takes over.
_REPAIRS = 2
#: How many unsupported sentences the model is told of at once.
_NAMED_AT_MOST = 12
#: How many questions of one turn are answered; the rest is dropped.
_CALLS_PER_TURN = 8
#: The share of the time box that is kept for the report.
_KEPT_FOR_REPORT = 0.25


class ReportMiddleware(AgentMiddleware[AgentState[Any], None, Any]):
    """Wraps every model call of one assignment. An unusable answer never enters the conversation.

    Attributes:
        best: a report that was given and could be better; it counts if no better one comes.
    """

    def __init__(
        self,
        wire: ModelTransport,
        settings: ModelSettings,
        library: Library,
        report: type[Report],
        box: float,
        check: Check,
    ) -> None:
        super().__init__()
        self.best: Report | None = None
        self._check = check
        self._wire = wire
        self._settings = settings
        self._library = library
        self._report = report
        self._box = box
        self._turns = 0
        self._repairs = 0
        self._why = ""
        self._tools: tuple[str, ...] = ()

    async def awrap_model_call(self, request: ModelRequest[None], handler: Handler) -> ModelResponse[Any]:
        """Send the request; ask again for an answer that cannot be used, a bounded number of times.

        Raises:
            ModelFailed: no usable answer within the bounds.
        """
        self._tools = tuple(tool.name for tool in request.tools if isinstance(tool, BaseTool))
        request = self._begin(request)
        while True:
            response = await self._wire.send(request, handler)
            answer = _answer_of(response)
            complaint = self._complaint(response, answer)
            report = self._report_of(response, answer, complaint)
            if report is not None:
                note = await self._outruns(report)
                if note is None:
                    return _given(response, answer, report)
                request = request.override(messages=_answered(request.messages, answer, note))
                continue
            if complaint is None:
                return _bounded(response, answer)
            name, why = complaint
            self._count_repair(why)
            request = request.override(messages=self._with_note(request.messages, name))

    def refuse(self, error: Exception) -> str:
        """What a model is told about a report that does not fit; called by the agent for each one.

        Raises:
            ModelFailed: it was told often enough.
        """
        problems = _problems(error)
        self._count_repair(f"the report does not fit ({problems})")
        return self._library.render("notes/refused_report", report=self._report.__name__, problems=problems)

    async def _outruns(self, report: Report) -> str | None:
        """What the model is told, once, about a report that claims more than its evidence holds."""
        found = await self._check(report) if self.best is None else ()
        if not found:
            return None
        self.best = report
        log.info("report_outruns_evidence", report=self._report.__name__, sentences=len(found))
        problems = "\n".join(f"- {line(sentence, 300)}" for sentence in found[:_NAMED_AT_MOST])
        return self._library.render("notes/unsupported", report=self._report.__name__, problems=problems)

    def _report_of(
        self, response: Response, answer: AIMessage, complaint: tuple[str, str] | None
    ) -> Report | None:
        """The report that an answer holds: called for, or written as text."""
        given = response.structured_response
        if complaint is None:
            return given if isinstance(given, self._report) else None
        return self._plain_report(answer)

    def _begin(self, request: Request) -> Request:
        self._turns += 1
        if self._turns > self._settings.max_calls:
            after = f"; last time {self._why}" if self._why else ""
            raise ModelFailed(
                f"the model used up its {self._settings.max_calls} calls without a report{after}"
            )
        hurried = self._turns > 1 and self._wire.left < self._box * _KEPT_FOR_REPORT
        hurried = hurried or (self._turns > 1 and self._wire.nearly_spent)
        if self._turns < self._settings.max_calls and not hurried:
            return request
        return request.override(tools=[], messages=self._with_note(request.messages, "last_turn"))

    def _complaint(self, response: Response, answer: AIMessage) -> tuple[str, str] | None:
        """Which note the model gets, and why in words for people; None if the answer can be used."""
        finish = answer.response_metadata.get("finish_reason")
        if finish == "content_filter":
            raise ModelFailed(
                "the endpoint's content filter withheld the answer", faults=(ModelFault.REFUSED,)
            )
        silent = not answer.tool_calls and not answer.text.strip()
        thought = silent and bool(answer.additional_kwargs.get(THOUGHT))
        if finish == "length":
            most = f"{self._settings.max_tokens} tokens (NEXUS_LLM_MAX_TOKENS allows more"
            if thought:
                return "cut", f"the model only thought and was cut at {most}, or name one that thinks less)"
            # A call that was cut can look whole, because some servers close its brackets.
            return "cut", f"the answer was cut at {most}, or name a terser model)"
        if response.structured_response is not None:
            return None
        if answer.additional_kwargs.get("refusal"):
            return "refusal", "the model refused to answer"
        if answer.invalid_tool_calls or finish == "broken_call":
            return "broken_call", "a tool call was not valid JSON"
        if thought:
            return "thought", (
                "the model only thought and gave no answer (NEXUS_LLM_MAX_TOKENS allows more tokens, or name "
                "a model that thinks less)"
            )
        if silent:
            return "missing", "the answer was empty"
        return self._about_calls(answer)

    def _about_calls(self, answer: AIMessage) -> tuple[str, str] | None:
        if not answer.tool_calls:
            return "missing", "the answer held no report"
        unknown = [call["name"] for call in answer.tool_calls]
        if any(name in {*self._tools, self._report.__name__} for name in unknown):
            return None
        return "unknown_tool", f"it called a tool that does not exist ({line(unknown[0], 60)})"

    def _plain_report(self, answer: AIMessage) -> Report | None:
        """The report of an endpoint that ignores tools and writes the JSON as text; the last that fits."""
        if answer.tool_calls or answer.invalid_tool_calls or answer.additional_kwargs.get("refusal"):
            return None
        schema = self._report.model_json_schema()
        for found in reversed(list(values_in(answer.text))):
            for value in _whole_or_inside(found.value):
                with suppress(ValidationError):
                    return self._report.model_validate(fit(value, schema))
        return None

    def _count_repair(self, why: str) -> None:
        self._repairs += 1
        self._why = why
        if self._repairs > _REPAIRS:
            raise ModelFailed(f"the model gave no usable report after {_REPAIRS} reminders: {why}")

    def _with_note(self, messages: Sequence[AnyMessage], name: str) -> list[AnyMessage]:
        """The conversation with a note at its end; some endpoints refuse two human messages in a row."""
        tools = ", ".join(self._tools)
        text = self._library.render(f"notes/{name}", report=self._report.__name__, tools=tools)
        if messages and isinstance(messages[-1], HumanMessage):
            return [*messages[:-1], HumanMessage(f"{messages[-1].text}\n\n{text}")]
        return [*messages, HumanMessage(text)]


def _whole_or_inside(value: object) -> tuple[object, ...]:
    """A value, and what it holds under its only key, such as `report`."""
    if isinstance(value, dict) and len(value) == 1:
        return (value, *value.values())
    return (value,)


def _answer_of(response: Response) -> AIMessage:
    answer = response.result[0]
    if not isinstance(answer, AIMessage):
        raise ModelFailed("the model gave no answer")
    return answer


def _given(response: Response, answer: AIMessage, report: Report) -> Response:
    if response.structured_response is not None:
        return response
    return ModelResponse(result=[answer], structured_response=report)


def _answered(messages: Sequence[AnyMessage], answer: AIMessage, note: str) -> list[AnyMessage]:
    """The conversation with the report and what is wrong with it; every call needs its reply."""
    if not answer.tool_calls:
        return [*messages, answer, HumanMessage(note)]
    replies = [ToolMessage(note, tool_call_id=call["id"], name=call["name"]) for call in answer.tool_calls]
    return [*messages, answer, *replies]


def _bounded(response: Response, answer: AIMessage) -> Response:
    if len(answer.tool_calls) <= _CALLS_PER_TURN or response.structured_response is not None:
        return response
    replied = {message.tool_call_id for message in response.result if isinstance(message, ToolMessage)}
    asked = answer.tool_calls
    others = [call for call in asked[_CALLS_PER_TURN:] if call["id"] not in replied]
    # One of them says it for all: a flood is not to be read again with each turn.
    note = f"not asked, nor what came after it: {len(asked)} calls in one turn, {_CALLS_PER_TURN} are asked"
    refused = [
        ToolMessage(note, tool_call_id=call["id"], name=call["name"], status="error") for call in others[:1]
    ]
    calls = [call for call in asked if call not in others[1:]]
    return ModelResponse(
        result=[answer.model_copy(update={"tool_calls": calls}), *response.result[1:], *refused]
    )


def _problems(error: Exception) -> str:
    """What does not fit, without the model's own text: it would only be repeated."""
    if isinstance(error, MultipleStructuredOutputsError):
        return "it was given more than once in one turn"
    source: BaseException | None = (
        error.source if isinstance(error, StructuredOutputValidationError) else error
    )
    while source is not None and not isinstance(source, ValidationError):
        source = source.__cause__
    if source is None:
        return "it cannot be read"
    found = source.errors(include_url=False, include_input=False, include_context=False)
    places = [f"{'.'.join(str(part) for part in e['loc']) or 'report'}: {e['msg']}" for e in found[:5]]
    return line("; ".join(places), 400)
