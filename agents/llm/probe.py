"""Whether the models answer: one short real call to each, for `nexus doctor`."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import HumanMessage
from langsmith import tracing_context

from agents.llm.client import chat_model, http_client, trust
from agents.llm.errors import WIRE_ERRORS, explain
from agents.llm.settings import ModelSettings
from agents.role import Tier
from incidents.errors import SettingsError

#: How long a model may take for its first word here, in seconds.
PROBE_TIMEOUT = 20.0


@dataclass(frozen=True)
class Answered:
    """What came of asking one model. `problem` is None if it answered."""

    model: str
    where: str
    seconds: float
    problem: str | None


async def probe(endpoints: Sequence[ModelSettings]) -> tuple[Answered, ...]:
    """Ask every model that is named, fallbacks too, each once and all at the same time, for a single word."""
    asked: dict[tuple[str, str], tuple[ModelSettings, Tier]] = {}
    for settings in endpoints:
        for tier, model in settings.models.items():
            asked.setdefault((model.name, settings.where), (settings, tier))
    return tuple(await asyncio.gather(*(_ask(settings, tier) for settings, tier in asked.values())))


async def _ask(settings: ModelSettings, tier: Tier) -> Answered:
    begun, name = time.monotonic(), settings.models[tier].name
    brief = settings.model_copy(
        update={"timeout_seconds": PROBE_TIMEOUT, "max_tokens": 256, "streaming": False}
    )
    try:
        async with http_client(brief, trust(brief)) as client:
            with tracing_context(enabled=brief.langsmith):
                await chat_model(brief, tier, client).ainvoke(
                    [HumanMessage("Answer with the one word: ready")]
                )
        problem = None
    except SettingsError as error:
        problem = str(error)
    except WIRE_ERRORS as error:
        problem = explain(error)
    return Answered(model=name, where=settings.where, seconds=time.monotonic() - begun, problem=problem)
