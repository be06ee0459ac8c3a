"""Whether the models can do what an incident needs: a small trial of each, for `nexus doctor`."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langsmith import tracing_context
from pydantic import ValidationError

from agents.llm.client import THOUGHT, chat_model, dialect_of, http_client, trust
from agents.llm.context import Context, context_by_refusal, context_of
from agents.llm.discover import Listed, models_of
from agents.llm.errors import WIRE_ERRORS, Trouble, explain, refusal_of
from agents.llm.settings import ModelSettings
from agents.llm.wire.caching import Caching
from agents.llm.wire.dialect import Dialect, Mode
from agents.role import Tier
from incidents.errors import SettingsError
from incidents.value import Value
from prompts import SHIPPED
from prompts.text import line

#: How long a model may take for one answer here, in seconds.
PROBE_TIMEOUT = 20.0
#: Tokens that an incident's conversations need: briefs, tools, answers, the report.
CONTEXT_NEEDED = 16_000
#: Tokens of a usual report.
_REPORT_TOKENS = 800
#: How often a model is asked for a call before it counts as one that gives none.
_ASKED_AT_MOST = 3
_NAMED_AT_MOST = 8


class Grade(StrEnum):
    """How bad something is."""

    BAD = "bad"
    NORMAL = "normal"


class Part(Value):
    """One service in a report."""

    service: str
    grade: Grade


class TrialReport(Value):
    """What a trial reports: nested as the real ones are."""

    summary: str
    services: tuple[Part, ...]
    false_alarm: bool


@tool
def look(service: str) -> str:
    """How a service is."""
    return f"{service}: 43 of 100 requests fail"


@dataclass(frozen=True)
class Answered:
    """What came of asking one model. `problem` is None if it can do what an incident needs.

    Attributes:
        mode: how it is asked: with tools, or in text.
        context: tokens that it takes, if its endpoint tells it.
        context_by: who told that.
        api: whether it is asked through the Responses API.
        caching: how its endpoint is told what to keep of a prompt.
        speed: tokens a second that it writes, if it counts them.
        doubts: what may go wrong although it answers.
    """

    model: str
    where: str
    seconds: float
    problem: str | None
    mode: Mode = Mode.TOOLS
    context: int | None = None
    context_by: str = ""
    api: bool = False
    caching: Caching = Caching.NONE
    speed: float | None = None
    doubts: tuple[str, ...] = ()


@dataclass
class _Trial:
    """What one model did so far."""

    tick: Callable[[], float]
    timeout: float
    written: int = 0
    seconds: float = 0.0

    async def ask(self, model: ChatOpenAI, told: list[AnyMessage], names: Sequence[object]) -> AIMessage:
        begun = self.tick()
        async with asyncio.timeout(self.timeout):
            answer = await model.bind_tools(list(names), tool_choice="any").ainvoke(told)  # type: ignore[arg-type]
        if answer.usage_metadata:
            self.written += answer.usage_metadata["output_tokens"]
            self.seconds += self.tick() - begun
        return answer


async def probe(
    endpoints: Sequence[ModelSettings],
    tick: Callable[[], float] = time.monotonic,
    patience: float = PROBE_TIMEOUT,
) -> tuple[Answered, ...]:
    """Let every model that is named, fallbacks too, do a trial, each once and all at the same time.

    Args:
        endpoints: the chain, the preferred one first.
        tick: seconds of wall time.
        patience: how long a model may take for one answer, in seconds.
    """
    asked: dict[tuple[str, str], tuple[ModelSettings, Tier]] = {}
    for settings in endpoints:
        for tier, model in settings.models.items():
            asked.setdefault((model.name, settings.where), (settings, tier))
    return tuple(
        await asyncio.gather(
            *(_answered(settings, tier, _Trial(tick, patience)) for settings, tier in asked.values())
        )
    )


async def _answered(settings: ModelSettings, tier: Tier, trial: _Trial) -> Answered:
    begun, name = trial.tick(), settings.models[tier].name
    dialect = dialect_of(settings, name)
    brief = settings.model_copy(update={"timeout_seconds": trial.timeout})
    problem, missing = await _problem(brief, tier, dialect, trial)
    listed = await asyncio.to_thread(_list, settings)
    mine = next((one for one in listed if one.name == name), None)
    if missing and listed:
        shown = ", ".join(line(one.name, 60) for one in listed[:_NAMED_AT_MOST])
        problem = f"{problem}; it lists {shown}"
    speed = trial.written / trial.seconds if trial.written and trial.seconds > 0 else None
    found = (
        None
        if settings.replay is not None or problem
        else await asyncio.to_thread(_context, settings, name, mine)
    )
    context = found.tokens if found else None
    return Answered(
        model=name, where=settings.where, seconds=trial.tick() - begun, problem=problem, mode=dialect.mode,
        context=context, context_by=found.by if found else "", api=dialect.by_responses,
        caching=dialect.caching, speed=speed, doubts=tuple(_doubts(settings, found, speed)),
    )  # fmt: skip


def _context(settings: ModelSettings, model: str, listed: Listed | None) -> Context | None:
    """How much it takes: what its server says of its own accord, else its list, else a refusal."""
    if listed is not None and listed.context is not None and not listed.at_most:
        return Context(tokens=listed.context, by="its list of models")
    found = context_of(settings, model) or context_by_refusal(settings, model)
    if found is None and listed is not None and listed.context is not None:
        return Context(tokens=listed.context, by="its list of models, as what the model could take")
    return found


def _list(settings: ModelSettings) -> tuple[Listed, ...]:
    if settings.replay is not None:
        return ()
    try:
        return models_of(settings)
    except SettingsError:
        return ()


async def _problem(
    settings: ModelSettings, tier: Tier, dialect: Dialect, trial: _Trial
) -> tuple[str | None, bool]:
    """Why a model cannot do an incident's work, and whether the endpoint does not know it."""
    try:
        async with http_client(settings, trust(settings), dialect) as client:
            with tracing_context(enabled=settings.langsmith):
                return await _work(chat_model(settings, tier, client), trial), False
    except SettingsError as error:
        return str(error), False
    except WIRE_ERRORS as error:
        refusal = refusal_of(error)
        return explain(error), refusal is not None and refusal.trouble is Trouble.NO_MODEL


async def _work(model: ChatOpenAI, trial: _Trial) -> str | None:
    """A question to a tool, then a report: what is missing, if anything is."""
    told: list[AnyMessage] = [HumanMessage(SHIPPED.render("probe/look", report=TrialReport.__name__))]
    for _ in range(_ASKED_AT_MOST):
        answer = await trial.ask(model, told, (look, TrialReport))
        if answer.tool_calls:
            break
    else:
        thought = not answer.text.strip() and answer.additional_kwargs.get(THOUGHT)
        what = "only thinks" if thought else "writes text instead"
        return f"it answers, but calls no tool and fills in no report: it {what}"
    if all(call["name"] != TrialReport.__name__ for call in answer.tool_calls):
        replies = [
            ToolMessage(look.invoke({"service": "checkout"}), tool_call_id=call["id"], name=call["name"])
            for call in answer.tool_calls
        ]
        answer = await trial.ask(model, [*told, answer, *replies], (TrialReport,))
    return _misfit(answer)


def _misfit(answer: AIMessage) -> str | None:
    given = next((call["args"] for call in answer.tool_calls if call["name"] == TrialReport.__name__), None)
    if given is None:
        return "it calls a tool, but gives no report when it is asked for one"
    try:
        TrialReport.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"it calls a tool, but its report does not fit the schema ({place}: {line(first['msg'], 80)})"
    return None


def _doubts(settings: ModelSettings, context: Context | None, speed: float | None) -> list[str]:
    found = []
    if context is not None and context.tokens < CONTEXT_NEEDED:
        cut = (
            "; it cuts what is longer without a word, so that the model reads half of it: load it with more "
            "(num_ctx, OLLAMA_CONTEXT_LENGTH)"
            if context.cuts
            else ""
        )
        few = f"{context.tokens} tokens of context are few: an incident needs about {CONTEXT_NEEDED}"
        found.append(few + cut)
    if speed is not None and _REPORT_TOKENS / speed > settings.assignment_seconds / 2:
        found.append(
            f"it is slow: a report of {_REPORT_TOKENS} tokens takes {_REPORT_TOKENS / speed:.0f} of the "
            f"{settings.assignment_seconds:.0f} s of a role's work (NEXUS_LLM_ASSIGNMENT_SECONDS)"
        )
    return found
