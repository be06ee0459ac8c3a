"""Runs assignments against the fake endpoint: settings that fail fast, pauses that are only counted."""

from typing import Any

from pydantic import SecretStr

from agents.engine import Assignment, EngineResult, RoleContext
from agents.failure import ModelFailed
from agents.llm.engine import LlmEngine
from agents.llm.settings import Model, ModelSettings, every_tier
from agents.llm.transport import Timer
from tests.agents.contexts import assignment, role_context
from tests.fake_openai import FakeOpenAI

KEY = "sk-very-secret-0123456789"


class Pauses:
    """A timer whose pauses take no time and are remembered."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)


def settings(**changes: Any) -> ModelSettings:
    """Settings for the fake endpoint, with prices that make cost easy to check."""
    fields: dict[str, Any] = {
        "base_url": "http://127.0.0.1:9/v1",
        "api_key": SecretStr(KEY),
        "models": every_tier(Model(name="local-model", price_in=2.0, price_out=10.0)),
        "timeout_seconds": 5,
        "assignment_seconds": 20,
    }
    return ModelSettings.model_validate({**fields, **changes})


async def perform(
    server: FakeOpenAI,
    job: Assignment | None = None,
    before: RoleContext | None = None,
    pauses: Pauses | None = None,
    **changes: Any,
) -> EngineResult:
    """One assignment over HTTP."""
    timer = Timer(sleep=(pauses or Pauses()).sleep)
    engine = LlmEngine(settings(**{"base_url": server.base_url, **changes}), timer=timer)
    return await engine.perform(job or assignment(), before or role_context())


async def failure(server: FakeOpenAI, **given: Any) -> ModelFailed:
    """Why an assignment failed."""
    try:
        performed = await perform(server, **given)
    except ModelFailed as failed:
        return failed
    raise AssertionError(f"it did not fail: {performed}")
