"""The engine that lets a language model do an assignment: prompt, tools, typed report, grounded."""

import asyncio
from contextvars import Context, copy_context
from typing import Any

import structlog
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import HumanMessage
from langchain_core.runnables.config import var_child_runnable_config
from langgraph.errors import GraphRecursionError
from langsmith import tracing_context

from agents.budget import Budget, BudgetTracker, RoleBudget
from agents.engine import Assignment, EngineResult, RoleContext
from agents.failure import ModelFailed
from agents.grounding import Grounds, carried_by, ground, marked, unsupported
from agents.grounding.grounds import grounds_of
from agents.llm.client import chat_model, dialect_of, http_client, trust
from agents.llm.meter import Meter
from agents.llm.middleware import ReportMiddleware
from agents.llm.reports import asked_for, plain
from agents.llm.settings import ModelSettings
from agents.llm.tokenizer import Tokenizer
from agents.llm.tools import answered, offered, plannable, tools_of
from agents.llm.transport import ModelTransport, Timer
from agents.llm.wire.dialect import Dialect
from agents.tracing import Caller
from incidents.action import ActionKind
from incidents.faults import ModelFault
from incidents.findings import Evidence
from incidents.reports import REPORT_TYPES, Report, Task, written_in
from incidents.usage import ModelUse, Usage
from prompts import SHIPPED, Library
from prompts.brief import Order, write_brief
from prompts.text import shown_whole
from tools.redaction.tree import redact_value
from tools.toolbox import TRY_PATCH
from tools.toolbox.watched_series import WATCHED_SERIES

log = structlog.get_logger(__name__)

#: What is told to people at once: no mark can stand in it, so that an unsupported text is not told at all.
_PUBLISHED = frozenset({Task.STATUS_UPDATE, Task.BRIEF})
_LATE = ModelFault.TIMEOUT


class LlmEngine:
    """Performs assignments with models behind any OpenAI-compatible endpoint.

    Telemetry of the libraries is off here, whatever the environment says, unless `settings.langsmith` asks
    for it: an incident's texts leave the house only for the endpoint that is configured.

    Args:
        settings: the endpoint, the models and the bounds.
        library: the prompts, a team's own included.
        timer: wall time for boxes and pauses.
        purse: what counts the spending of all roles and says when it is too much.

    Raises:
        SettingsError: the settings cannot be used.
    """

    def __init__(
        self,
        settings: ModelSettings,
        library: Library = SHIPPED,
        *,
        timer: Timer | None = None,
        purse: BudgetTracker | None = None,
    ) -> None:
        self._settings = settings.checked()
        self._trust = trust(self._settings)
        self._library = library
        self._timer = timer or Timer()
        self._purse = purse or BudgetTracker(Budget())
        # What one model refuses says nothing about another of the same endpoint.
        self._dialects: dict[str, Dialect] = {}
        self._tokenizer = Tokenizer(self._settings, self._trust)

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """Do the work and return its report, grounded in the evidence.

        Raises:
            ModelFailed: no usable report; the message says why, and what was used is counted.
        """
        begun = self._timer.tick()
        model = self._settings.models[context.role.tier]
        meter = Meter(model)
        account = self._purse.account(assignment.role, context.incident)
        try:
            report, cut = await self._boxed(assignment, context, meter, account)
            report = redact_value(plain(report))  # before anything is bound to its words
            grounds = await self._grounds(assignment, context)
            _publishable(assignment.task, report, grounds)
        except ModelFailed as failed:
            used = meter.usage(self._timer.tick() - begun)
            raise failed.costing(used, model.name, self._settings.where) from None
        finally:
            account.used = meter.usage(self._timer.tick() - begun)
        grounded, dropped = ground(report, grounds)
        for sentence in dropped:
            log.info("ungrounded", incident=assignment.incident, role=assignment.role, removed=sentence)
        if (
            assignment.task is not Task.STATUS_UPDATE
        ):  # its free words are a draft, which a person reads first
            grounded = marked(grounded, grounds, carried_by(context.incident), [context.role.name])
        return EngineResult(
            report=grounded,
            engine="llm",
            usage=account.used,
            cut=str(cut) if cut is not None else None,
            faults=cut.faults if cut is not None else (),
            model=model.name,
            models=(_use(model.name, self._settings.where, account.used, cut),),
            prompt_version=self._library.version(
                assignment.role,
                assignment.task,
                assignment.acting_as,
                _names(assignment, context),
                written_in(assignment.task, context.incident.language),
            ),
            dropped=dropped,
        )

    async def _boxed(
        self, assignment: Assignment, context: RoleContext, meter: Meter, account: RoleBudget
    ) -> tuple[Report, ModelFailed | None]:
        """The report, and why the work was cut short if it was: then it is the best so far."""
        box = min(self._settings.assignment_seconds, (assignment.deadline - context.now).total_seconds())
        if box <= 0:
            raise ModelFailed(
                "the time box of the step had ended before the model was asked", faults=(_LATE,)
            )
        turns = self._turns(assignment, context, meter, box, account)
        try:
            async with asyncio.timeout(box):
                return await self._converse(assignment, context, turns, meter), None
        except TimeoutError:
            # An endpoint that gave not one answer in the whole box is as good as down.
            silent, cut = meter.answers == 0, f"the time box of {box:.0f} s ended"
            if turns.best is not None:
                return turns.best, ModelFailed(cut, faults=(_LATE,))
            said = "without an answer" if silent else f"after {meter.answers} answers without a report"
            raise ModelFailed(f"{cut} {said}", outage=silent, faults=(_LATE,)) from None
        except ModelFailed as failed:
            if turns.best is None:
                raise
            # What it gave first counts, without what it could not support.
            return turns.best, failed

    def _turns(
        self, assignment: Assignment, context: RoleContext, meter: Meter, box: float, account: RoleBudget
    ) -> ReportMiddleware:
        async def check(report: Report) -> tuple[str, ...]:
            found = unsupported(report, await self._grounds(assignment, context))
            return tuple(str(one) for one in found)

        model = self._settings.models[context.role.tier]
        caller = Caller(incident=assignment.incident, role=assignment.role, task=assignment.task)
        wire = ModelTransport(self._settings, model, meter, self._timer, box, account, caller)
        return ReportMiddleware(wire, self._settings, self._library, _report(assignment, context), box, check)

    async def _converse(
        self, assignment: Assignment, context: RoleContext, turns: ReportMiddleware, meter: Meter
    ) -> Report:
        settings, kind = self._settings, _report(assignment, context)
        brief = await self._brief(assignment, context)
        model = settings.models[context.role.tier].name
        if brief != (whole := await self._brief(assignment, context, share=0)):
            # It was cut by an estimate: what the model's own tokenizer says may leave more room, or less.
            share = await self._tokenizer.share(model, whole)
            brief = await self._brief(assignment, context, share=share)
        shown, kept = shown_whole(brief), await _evidence(assignment, context)
        async with http_client(settings, self._trust, self._dialect(context)) as client:
            agent: Any = create_agent(
                chat_model(settings, context.role.tier, client),
                tools_of(
                    context.toolset,
                    assignment.task,
                    settings.answer_chars,
                    plans=_plans(assignment, context),
                    shown=shown,
                    told=answered(context.toolset, assignment.task, kept, shown),
                    trace_content=settings.trace_content,
                ),
                system_prompt=self._library.system_prompt(),
                middleware=[turns],
                response_format=ToolStrategy(
                    kind, handle_errors=turns.refuse, tool_message_content="Report received."
                ),
            )
            asked = {"messages": [HumanMessage(brief)]}
            limit = {"recursion_limit": 4 * settings.max_calls + 10}
            try:
                with tracing_context(enabled=settings.langsmith):
                    state = await asyncio.create_task(agent.ainvoke(asked, limit), context=_detached())
            except GraphRecursionError:
                raise ModelFailed("the conversation went round in circles without a report") from None
        if meter.estimated:
            meter.measured(await self._tokenizer.share(model, brief))
        report = state.get("structured_response")
        if not isinstance(report, kind):
            raise ModelFailed("the model ended the conversation without a report")
        return report

    def _dialect(self, context: RoleContext) -> Dialect:
        name = self._settings.models[context.role.tier].name
        return self._dialects.setdefault(name, dialect_of(self._settings, name, self._library))

    async def _brief(self, assignment: Assignment, context: RoleContext, share: float = 1.0) -> str:
        playing = assignment.acting_as is not None and assignment.acting_as != assignment.role
        order = Order(
            name=assignment.role.replace("_", " ").title() if playing else context.role.name,
            acting_as=context.role.name if playing else None,
            task=assignment.task,
            does=assignment.does,
            checks=assignment.checks,
            actions=tuple(kind.value for kind in assignment.actions),
            question=assignment.question,
            report=REPORT_TYPES[assignment.task].__name__,
            tools=bool(_names(assignment, context)),
        )
        return write_brief(
            self._library,
            context.incident,
            order,
            now=context.now,
            evidence=await _evidence(assignment, context),
            catalogue=context.toolset.sources.world.catalogue,
            severities=context.runbook.severities,
            pages=self._library.pages(
                assignment.role,
                assignment.task,
                assignment.acting_as,
                _names(assignment, context),
                written_in(assignment.task, context.incident.language),
            ),
            history=context.history,
            budget=self._settings.brief_tokens,
            share=share,
        )

    async def _grounds(self, assignment: Assignment, context: RoleContext) -> Grounds:
        return await grounds_of(assignment, context, self._library.load(f"roles/{assignment.role}"))


async def _evidence(assignment: Assignment, context: RoleContext) -> list[Evidence]:
    """What a role is told of; what is kept for the charts that people see, it can ask for as metrics."""
    kept = await context.toolset.store.evidence(assignment.incident)
    return [one for one in kept if one.tool != WATCHED_SERIES.name]


def _use(model: str, endpoint: str, used: Usage, cut: ModelFailed | None) -> ModelUse:
    """What the model cost; one that was cut short failed, although its best report stands."""
    if cut is None:
        return ModelUse(model=model, endpoint=endpoint, usage=used)
    return cut.costing(used, model, endpoint).models[0]


def _names(assignment: Assignment, context: RoleContext) -> list[str]:
    return [tool.name for tool in offered(context.toolset, assignment.task, _plans(assignment, context))]


def _report(assignment: Assignment, context: RoleContext) -> type[Report]:
    patches = TRY_PATCH.name in _names(assignment, context)
    return asked_for(assignment.task, assignment.actions, patches=patches)


def _plans(assignment: Assignment, context: RoleContext) -> tuple[ActionKind, ...]:
    return plannable(assignment.task, context.role.actions, assignment.actions, assignment.checks)


def _publishable(task: Task, report: Report, grounds: Grounds) -> None:
    if task in _PUBLISHED and (found := unsupported(report, grounds)):
        raise ModelFailed(f"its text would tell people what is not known: {found[0]}")


def _detached() -> Context:
    """This context without the graph that may be running: a conversation is no part of its checkpoints.

    As a subgraph it would inherit the graph's durability too; LangGraph 1.2 fails on that without a saver.
    """
    context = copy_context()
    context.run(var_child_runnable_config.set, None)
    return context
