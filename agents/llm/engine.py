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

from agents.engine import Assignment, Desk, Performed
from agents.failure import ModelFailed
from agents.llm.belt import tools_of
from agents.llm.ground import Grounds, ground
from agents.llm.meter import Meter
from agents.llm.settings import ModelSettings
from agents.llm.turns import Turns
from agents.llm.wire import Timer, Wire, chat_model, http_client, trust
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.reports import REPORT_TYPES, Report
from prompts import SHIPPED, Library
from prompts.brief import Order, write_brief

log = structlog.get_logger(__name__)


class LlmEngine:
    """Performs assignments with models behind any OpenAI-compatible endpoint.

    Telemetry of the libraries is off here, whatever the environment says, unless `settings.langsmith` asks
    for it: an incident's texts leave the house only for the endpoint that is configured.

    Args:
        settings: the endpoint, the models and the bounds.
        library: the prompts, a team's own included.
        timer: wall time for boxes and pauses.

    Raises:
        SettingsError: the settings cannot be used.
    """

    def __init__(
        self, settings: ModelSettings, library: Library = SHIPPED, *, timer: Timer | None = None
    ) -> None:
        self._settings = settings.checked()
        self._trust = trust(self._settings)
        self._library = library
        self._timer = timer or Timer()

    async def perform(self, assignment: Assignment, desk: Desk) -> Performed:
        """Do the work and return its report, grounded in the evidence.

        Raises:
            ModelFailed: no usable report; the message says why, and what was used is counted.
        """
        begun = self._timer.tick()
        meter = Meter(self._settings.models[desk.role.tier])
        try:
            report = await self._boxed(assignment, desk, meter)
        except ModelFailed as failed:
            usage = meter.usage(self._timer.tick() - begun)
            raise ModelFailed(str(failed), usage, outage=failed.outage) from None
        grounded, dropped = await self._grounded(report, assignment, desk)
        for sentence in dropped:
            log.info("ungrounded", incident=assignment.incident, role=assignment.role, removed=sentence)
        return Performed(
            report=grounded,
            engine="llm",
            usage=meter.usage(self._timer.tick() - begun),
            prompt_version=self._library.version(assignment.role, assignment.task, assignment.acting_as),
            dropped=dropped,
        )

    async def _boxed(self, assignment: Assignment, desk: Desk, meter: Meter) -> Report:
        box = min(self._settings.assignment_seconds, (assignment.deadline - desk.now).total_seconds())
        if box <= 0:
            raise ModelFailed("the time box of the step had ended before the model was asked")
        try:
            async with asyncio.timeout(box):
                return await self._converse(assignment, desk, meter, box)
        except TimeoutError:
            # An endpoint that gave not one answer in the whole box is as good as down.
            silent = meter.answers == 0
            said = "without an answer" if silent else f"after {meter.answers} answers without a report"
            raise ModelFailed(f"the time box of {box:.0f} s ended {said}", outage=silent) from None

    async def _converse(self, assignment: Assignment, desk: Desk, meter: Meter, box: float) -> Report:
        settings, kind = self._settings, REPORT_TYPES[assignment.task]
        model = settings.models[desk.role.tier]
        wire = Wire(settings, model, meter, self._timer, self._timer.tick() + box)
        turns = Turns(wire, settings, self._library, kind, box)
        async with http_client(settings, self._trust) as client:
            agent: Any = create_agent(
                chat_model(settings, desk.role.tier, client),
                tools_of(desk.kit, assignment.task, settings.answer_chars),
                system_prompt=self._library.system_prompt(
                    assignment.role, assignment.task, assignment.acting_as
                ),
                middleware=[turns],
                response_format=ToolStrategy(
                    kind, handle_errors=turns.refuse, tool_message_content="Report received."
                ),
            )
            asked = {"messages": [HumanMessage(await self._brief(assignment, desk))]}
            limit = {"recursion_limit": 4 * settings.max_calls + 10}
            try:
                with tracing_context(enabled=settings.langsmith):
                    state = await asyncio.create_task(agent.ainvoke(asked, limit), context=_detached())
            except GraphRecursionError:
                raise ModelFailed("the conversation went round in circles without a report") from None
        report = state.get("structured_response")
        if not isinstance(report, kind):
            raise ModelFailed("the model ended the conversation without a report")
        return report

    async def _brief(self, assignment: Assignment, desk: Desk) -> str:
        playing = assignment.acting_as is not None and assignment.acting_as != assignment.role
        order = Order(
            name=assignment.role.replace("_", " ").title() if playing else desk.role.name,
            acting_as=desk.role.name if playing else None,
            task=assignment.task,
            does=assignment.does,
            checks=assignment.checks,
            actions=tuple(kind.value for kind in assignment.actions),
            question=assignment.question,
            report=REPORT_TYPES[assignment.task].__name__,
            tools=bool(desk.kit.tools),
        )
        return write_brief(
            self._library,
            desk.incident,
            order,
            now=desk.now,
            evidence=await desk.kit.store.evidence(assignment.incident),
            catalogue=desk.kit.sources.world.catalogue,
            severities=desk.runbook.severities,
            budget=self._settings.brief_tokens,
        )

    async def _grounded(
        self, report: Report, assignment: Assignment, desk: Desk
    ) -> tuple[Report, tuple[str, ...]]:
        stored = await desk.kit.store.evidence(assignment.incident)
        return ground(
            report,
            Grounds(
                services=frozenset(desk.kit.sources.world.catalogue.names),
                evidence=_texts(stored),
                changes=_changes(desk.incident),
                actions=frozenset(assignment.actions),
            ),
        )


def _detached() -> Context:
    """This context without the graph that may be running: a conversation is no part of its checkpoints.

    As a subgraph it would inherit the graph's durability too; LangGraph 1.2 fails on that without a saver.
    """
    context = copy_context()
    context.run(var_child_runnable_config.set, None)
    return context


def _texts(evidence: tuple[Evidence, ...]) -> dict[str, str]:
    return {item.id: item.summary for item in evidence}


def _changes(incident: Incident) -> frozenset[str]:
    """The changes that code itself named in this incident."""
    return frozenset(suspect.change for suspect in incident.suspects if suspect.change)
