"""Whether the models answer: one short real call to each, for `nexus doctor`."""

import time
from dataclasses import dataclass

from langchain_core.messages import HumanMessage
from langsmith import tracing_context

from agents.llm.faults import WIRE_ERRORS, explain
from agents.llm.settings import ModelSettings
from agents.llm.wire import chat_model, http_client, trust
from agents.role import Tier

#: How long a model may take for its first word here, in seconds.
PATIENCE = 20.0


@dataclass(frozen=True)
class Answered:
    """What came of asking one model. `problem` is None if it answered."""

    model: str
    seconds: float
    problem: str | None


async def probe(settings: ModelSettings) -> tuple[Answered, ...]:
    """Ask every model that is named, each once, for a single word."""
    asked: dict[str, Tier] = {}
    for tier, model in settings.models.items():
        asked.setdefault(model.name, tier)
    brief = settings.model_copy(update={"timeout_seconds": PATIENCE, "max_tokens": 256, "streaming": False})
    return tuple([await _ask(brief, name, tier) for name, tier in asked.items()])


async def _ask(settings: ModelSettings, name: str, tier: Tier) -> Answered:
    begun = time.monotonic()
    problem: str | None = None
    async with http_client(settings, trust(settings)) as client:
        try:
            with tracing_context(enabled=settings.langsmith):
                await chat_model(settings, tier, client).ainvoke(
                    [HumanMessage("Answer with the one word: ready")]
                )
        except WIRE_ERRORS as error:
            problem = explain(error)
    return Answered(model=name, seconds=time.monotonic() - begun, problem=problem)
