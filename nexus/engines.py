"""From the settings to the engine that speaks for the roles."""

from pydantic import ValidationError

from agents.auto import Auto, Budget
from agents.engine import Engine
from agents.llm.settings import Model, ModelSettings, every_tier
from agents.playbook import Playbook
from incidents.errors import SettingsError
from nexus.config import PREFIX, EngineMode, Settings

NO_MODEL = "no model is configured"


def engine_of(settings: Settings, mode: EngineMode) -> Engine:
    """The engine that a mode means: the model where there is one, with the playbook behind it.

    Raises:
        SettingsError: a model is wanted or half configured; the message says what is missing.
    """
    budget = Budget(tokens=settings.budget_tokens, cost=settings.budget_cost)
    if mode == "playbook" or not settings.has_model:
        return Auto(None, Playbook(), mode, NO_MODEL, budget=budget)
    return Auto(_llm(settings), Playbook(), mode, budget=budget)


def _llm(settings: Settings) -> Engine:
    # Imported late: LangChain and OpenAI's client take a second that the playbook never needs.
    from agents.llm.engine import LlmEngine  # noqa: PLC0415
    from prompts import Library  # noqa: PLC0415

    return LlmEngine(model_settings(settings), Library(settings.prompts))


def model_settings(settings: Settings) -> ModelSettings:
    """The model's part of the settings.

    Raises:
        SettingsError: an endpoint without a model, or values that do not fit together.
    """
    if settings.llm_model is None:
        raise SettingsError(
            f"A model endpoint is set, but no model: set {PREFIX}LLM_MODEL to one that it serves, "
            "or choose the engine playbook"
        )

    def model(name: str) -> Model:
        return Model(name=name, price_in=settings.llm_price_in, price_out=settings.llm_price_out)

    light, deep = settings.llm_model_light, settings.llm_model_deep
    try:
        return ModelSettings(
            base_url=settings.endpoint,
            api_key=settings.llm_api_key,
            models=every_tier(
                model(settings.llm_model), model(light) if light else None, model(deep) if deep else None
            ),
            timeout_seconds=settings.llm_timeout,
            assignment_seconds=settings.llm_assignment_seconds,
            max_calls=settings.llm_max_calls,
            streaming=settings.llm_streaming,
            ca_file=settings.llm_ca_file,
            langsmith=settings.langsmith,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(f"the model settings cannot be used: {first['msg']}") from None
