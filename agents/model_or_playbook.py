"""Which engine speaks: the model while it can, else the playbook, and always with the reason."""

from typing import Literal

import structlog

from agents import genai
from agents.breaker import Breaker
from agents.budget import Budget, BudgetTracker
from agents.engine import Assignment, Engine, EngineResult, RoleContext
from agents.failure import ModelFailed
from agents.grounding.grounds import grounded
from agents.tracing import Caller, invoke_agent
from incidents.errors import EngineFailed, SettingsError

log = structlog.get_logger(__name__)

Mode = Literal["auto", "llm", "playbook"]


class ModelOrPlaybook:
    """An engine that asks the model and lets the playbook finish whatever the model cannot.

    Args:
        llm: the model's engine, or None if no model is configured.
        playbook: the engine that needs no model.
        mode: `auto` and `llm` ask the model first, `playbook` never does.
        reason: why there is no model, for the timeline.
        purse: what counts the spending on models, shared with the model's engine.
        breaker: what remembers an outage; one per endpoint.

    Raises:
        SettingsError: mode `llm` without a model.
    """

    def __init__(
        self,
        llm: Engine | None,
        playbook: Engine,
        mode: Mode = "auto",
        reason: str | None = None,
        *,
        purse: BudgetTracker | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        if mode == "llm" and llm is None:
            raise SettingsError(
                f"The engine is set to llm, but {reason or 'no model is configured'}; "
                "name an endpoint and a model (docs/models.md), or choose the engine auto or playbook"
            )
        self._llm = None if mode == "playbook" else llm
        self._playbook = playbook
        self._mode = mode
        self._reason = reason or "no model is configured"
        self._purse = purse or BudgetTracker(Budget())
        self._breaker = breaker or Breaker()

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """Do the work with the model, else with the playbook, and say why.

        Raises:
            EngineFailed: the playbook failed as well.
        """
        caller = Caller(incident=assignment.incident, role=assignment.role, task=assignment.task)
        with invoke_agent(caller) as span:
            performed = await self._performed(assignment, context)
            span.set_attribute("nexus.engine", performed.engine)
            span.set_attribute(genai.INPUT_TOKENS, performed.usage.tokens_in)
            span.set_attribute(genai.OUTPUT_TOKENS, performed.usage.tokens_out)
            if performed.model is not None:
                span.set_attribute(genai.REQUEST_MODEL, performed.model)
        exhausted = self._purse.exhausted(context.incident) if self._spends(context, performed) else None
        return performed.model_copy(update={"asked": context.toolset.asked, "exhausted": exhausted})

    def _spends(self, context: RoleContext, performed: EngineResult) -> bool:
        """Whether a model is worked with at all: a budget that nobody draws on is not spent."""
        return self._llm is not None and (context.incident.usage + performed.usage).model_calls > 0

    async def _performed(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        if self._mode == "playbook":
            return await self._by_playbook(assignment, context)
        failed = self._why_not(assignment, context)
        if failed is None and self._llm is not None:
            try:
                performed = await self._llm.perform(assignment, context)
            except EngineFailed as error:
                failed = self._noted(error)
            else:
                self._breaker.closed()
                return performed
        return await self._hand_over(assignment, context, failed or ModelFailed(self._reason, faults=()))

    def _why_not(self, assignment: Assignment, context: RoleContext) -> ModelFailed | None:
        if self._llm is None:
            return ModelFailed(self._reason, faults=())
        if spent := self._purse.why_not(assignment.role, context.incident):
            return ModelFailed(spent, faults=())
        if resting := self._breaker.reason:
            return ModelFailed(resting, faults=(), key=self._breaker.key)
        return None

    def _noted(self, error: EngineFailed) -> ModelFailed:
        failed = error if isinstance(error, ModelFailed) else ModelFailed(str(error))
        if failed.outage:
            self._breaker.opened(str(failed), failed.rest, failed.key)
        return failed

    async def _hand_over(
        self, assignment: Assignment, context: RoleContext, failed: ModelFailed
    ) -> EngineResult:
        reason = str(failed)
        # Someone who insisted on the model must not overlook that another engine spoke.
        said = f"THE MODEL DID NOT ANSWER although the engine is set to llm: {reason}"
        handover = said if self._mode == "llm" else reason
        level = log.warning if self._mode == "llm" else log.info
        level("handover", incident=assignment.incident, assignment=assignment.id, reason=reason)
        performed = await self._by_playbook(assignment, context)
        usage = failed.usage + performed.usage
        return performed.model_copy(
            update={
                "handover": handover,
                "usage": usage,
                "faults": failed.faults,
                "models": failed.models,
                "key": failed.key,
            }
        )

    async def _by_playbook(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """The playbook's work, held to its evidence like a model's."""
        return await grounded(await self._playbook.perform(assignment, context), assignment, context)
