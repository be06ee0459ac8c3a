"""A fallback chain of models or endpoints: the next is asked when one cannot serve."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from agents.breaker import Breaker
from agents.engine import Assignment, Engine, EngineResult, RoleContext
from agents.failure import ModelFailed
from incidents.errors import EngineFailed
from incidents.faults import ModelFault
from incidents.usage import ModelUse, Usage

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Candidate:
    """One engine of the chain, and what remembers its outages.

    `endpoint` is shared by the models at one address: where nothing answers, none of them is asked.
    """

    engine: Engine
    breaker: Breaker = field(default_factory=Breaker)
    endpoint: Breaker = field(default_factory=Breaker)


class FallbackChain:
    """Asks the first engine that serves. All share the assignment's time box and what was gathered in it.

    Args:
        links: the engines, the preferred one first.
        tick: seconds of wall time.
    """

    def __init__(self, links: Sequence[Candidate], tick: Callable[[], float] = time.monotonic) -> None:
        self._links = tuple(links)
        self._tick = tick

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """Do the work with the first engine that can.

        Raises:
            ModelFailed: none could; the message has every reason, and what all of them used is counted.
        """
        begun, spent, reasons, outages, keys = self._tick(), Usage(), [], [], []
        faults, models = tuple[ModelFault, ...](), tuple[ModelUse, ...]()
        for link in self._links:
            if rests := next((one for one in (link.endpoint, link.breaker) if one.reason), None):
                reasons.append(rests.reason)
                outages.append(True)
                keys.append(rests.key)
                continue
            used = timedelta(seconds=self._tick() - begun)
            left = assignment.model_copy(update={"deadline": assignment.deadline - used})
            try:
                performed = await link.engine.perform(left, context)
            except EngineFailed as error:
                failed = error if isinstance(error, ModelFailed) else ModelFailed(str(error))
                spent += failed.usage
                faults += failed.faults
                models += failed.models
                keys.append(failed.key)
                reasons.append(str(failed))
                outages.append(failed.outage)
                if failed.outage:
                    rests = link.endpoint if failed.unreachable else link.breaker
                    rests.opened(str(failed), failed.rest, failed.key)
                log.info("next_model", incident=assignment.incident, role=assignment.role, reason=str(failed))
            else:
                link.breaker.closed()
                link.endpoint.closed()
                return performed.model_copy(
                    update={
                        "usage": spent + performed.usage,
                        "faults": faults + performed.faults,
                        "models": models + performed.models,
                    }
                )
        said = "; then ".join(dict.fromkeys(str(one) for one in reasons))
        key = "; ".join(dict.fromkeys(str(one) for one in keys))
        raise ModelFailed(
            said or "no model is configured",
            spent,
            outage=all(outages),
            faults=faults,
            models=models,
            key=key,
        )
