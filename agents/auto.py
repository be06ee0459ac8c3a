"""Which engine speaks: the model while it can, else the playbook, and always with the reason."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import structlog
from pydantic import Field

from agents.engine import Assignment, Desk, Engine, Performed
from agents.failure import ModelFailed
from incidents.errors import EngineFailed, SettingsError
from incidents.incident import Usage
from incidents.value import Value

log = structlog.get_logger(__name__)

Mode = Literal["auto", "llm", "playbook"]


class Budget(Value):
    """What the models may spend on one incident; None is no limit."""

    tokens: int | None = Field(default=None, ge=0, description="tokens in and out together")
    cost: float | None = Field(default=None, ge=0, description="in the currency of the configured prices")
    seconds: float | None = Field(default=None, ge=0, description="seconds of work of all roles together")

    def spent(self, usage: Usage) -> str | None:
        """Which limit is reached, in words, or None."""
        tokens = usage.tokens_in + usage.tokens_out
        for name, limit, used in (
            ("tokens", self.tokens, tokens),
            ("cost", self.cost, usage.cost),
            ("seconds", self.seconds, usage.seconds),
        ):
            if limit is not None and used >= limit:
                return f"the incident's budget of {limit:g} {name} is spent ({used:g} used)"
        return None


class Breaker:
    """Remembers that an endpoint is down, so that it costs its timeout once and not at every assignment."""

    def __init__(
        self, rest: timedelta = timedelta(minutes=3), now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rest = rest.total_seconds()
        self._now = now
        self._until = float("-inf")
        self._reason = ""

    @property
    def reason(self) -> str | None:
        """Why the endpoint is not asked now, or None if it may be asked."""
        left = self._until - self._now()
        return f"{self._reason} (asked again in {left:.0f} s)" if left > 0 else None

    def opened(self, reason: str) -> None:
        """The endpoint does not serve: leave it alone for a while."""
        self._until, self._reason = self._now() + self._rest, reason

    def closed(self) -> None:
        """The endpoint serves."""
        self._until = float("-inf")


class Auto:
    """An engine that asks the model and lets the playbook finish whatever the model cannot.

    Args:
        llm: the model's engine, or None if no model is configured.
        playbook: the engine that needs no model.
        mode: `auto` and `llm` ask the model first, `playbook` never does.
        reason: why there is no model, for the timeline.
        budget: what an incident may spend on models.
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
        budget: Budget | None = None,
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
        self._budget = budget or Budget()
        self._breaker = breaker or Breaker()

    async def perform(self, assignment: Assignment, desk: Desk) -> Performed:
        """Do the work with the model, else with the playbook, and say why.

        Raises:
            EngineFailed: the playbook failed as well.
        """
        if self._mode == "playbook":
            return await self._playbook.perform(assignment, desk)
        spent = Usage()
        reason = self._why_not(desk)
        if reason is None and self._llm is not None:
            try:
                performed = await self._llm.perform(assignment, desk)
            except EngineFailed as error:
                reason, spent = str(error), self._note(error)
            else:
                self._breaker.closed()
                return performed
        return await self._hand_over(assignment, desk, reason or self._reason, spent)

    def _why_not(self, desk: Desk) -> str | None:
        if self._llm is None:
            return self._reason
        return self._budget.spent(desk.incident.usage) or self._breaker.reason

    def _note(self, error: EngineFailed) -> Usage:
        if not isinstance(error, ModelFailed):
            return Usage()
        if error.outage:
            self._breaker.opened(str(error))
        return error.usage

    async def _hand_over(self, assignment: Assignment, desk: Desk, reason: str, spent: Usage) -> Performed:
        # Someone who insisted on the model must not overlook that another engine spoke.
        said = f"THE MODEL DID NOT ANSWER although the engine is set to llm: {reason}"
        handover = said if self._mode == "llm" else reason
        level = log.warning if self._mode == "llm" else log.info
        level("handover", incident=assignment.incident, assignment=assignment.id, reason=reason)
        performed = await self._playbook.perform(assignment, desk)
        return performed.model_copy(update={"handover": handover, "usage": spent + performed.usage})
