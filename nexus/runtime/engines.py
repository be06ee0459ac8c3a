"""From the settings to the engine that speaks for the roles."""

from pydantic import ValidationError

from agents.breaker import Breaker
from agents.budget import BudgetTracker
from agents.engine import Engine
from agents.llm.settings import Model, ModelSettings, every_tier
from agents.llm.wire.caching import Caching
from agents.llm.wire.responses import Api
from agents.model_fallback import Candidate, FallbackChain
from agents.model_or_playbook import ModelOrPlaybook
from agents.playbook import Playbook
from agents.role import Tier
from incidents.errors import SettingsError
from nexus.config.budgets import budget_of
from nexus.config.settings import OPENAI_BASE_URL, EngineMode, Settings
from nexus.config.tracing import switch_on

NO_MODEL = "no model is configured"
NO_ENDPOINT = (
    "a model is named without an endpoint; set NEXUS_LLM_BASE_URL to an OpenAI-compatible API, such as "
    "http://127.0.0.1:11434/v1, or OPENAI_API_KEY for OpenAI's own"
)

#: What is asked at OpenAI's own endpoint if only a key is set.
OPENAI_MODEL = "gpt-4.1"


def engine_of(settings: Settings, mode: EngineMode) -> Engine:
    """The engine that a mode means: the model where there is one, with the playbook behind it.

    Under `auto` a model that cannot be used is a reason for the playbook: the incident goes on.

    Raises:
        SettingsError: the mode is `llm` and no model can be used; the message says what is missing.
    """
    switch_on(settings)
    purse = BudgetTracker(budget_of(settings))
    if mode == "playbook" or not settings.has_model:
        reason = NO_ENDPOINT if settings.names_a_model else NO_MODEL
        return ModelOrPlaybook(None, Playbook(), mode, reason, purse=purse)
    try:
        return ModelOrPlaybook(_llm(settings, purse), Playbook(), mode, purse=purse)
    except SettingsError as error:
        if mode == "llm":
            raise
        return ModelOrPlaybook(None, Playbook(), mode, str(error), purse=purse)


def _llm(settings: Settings, purse: BudgetTracker) -> Engine:
    # Imported late: LangChain and OpenAI's client take a second that the playbook never needs.
    from agents.llm.engine import LlmEngine  # noqa: PLC0415
    from prompts import Library  # noqa: PLC0415

    library = Library(settings.prompts)
    chain = endpoints(settings)
    shared = {one.base_url: Breaker() for one in chain}
    links = [Candidate(LlmEngine(one, library, purse=purse), endpoint=shared[one.base_url]) for one in chain]
    return links[0].engine if len(links) == 1 else FallbackChain(links)


def endpoints(settings: Settings) -> list[ModelSettings]:
    """Every model that may be asked, in the order of asking.

    Raises:
        SettingsError: no endpoint or model is named and none can be found, or values that do not fit.
    """
    if not settings.has_model:
        raise SettingsError(NO_ENDPOINT[0].upper() + NO_ENDPOINT[1:])
    return [model_settings(settings), *fallbacks(settings)]


def fallbacks(settings: Settings) -> list[ModelSettings]:
    """The further models, each at its endpoint; the key and what one endpoint wants go to no other."""
    first, found = model_settings(settings), []
    for named in settings.llm_fallback:
        name, _, url = named.partition("@")
        elsewhere = bool(url) and url != first.base_url
        found.append(
            first.model_copy(
                update={
                    "models": every_tier(first.models[Tier.STANDARD].model_copy(update={"name": name})),
                    "base_url": url or first.base_url,
                    "api_key": settings.llm_fallback_key if elsewhere else first.api_key,
                    "api": Api.AUTO if elsewhere else first.api,
                    "caching": Caching.AUTO if elsewhere else first.caching,
                }
            )
        )
    return found


def model_settings(settings: Settings) -> ModelSettings:
    """The model's part of the settings.

    A model that nobody named is OpenAI's default there, and the first in its list at any other endpoint.

    Raises:
        SettingsError: no model is named and none can be found, or values that do not fit together.
    """
    if settings.llm_model is None:
        from agents.llm.discover import first_model  # noqa: PLC0415

        openai = settings.endpoint == OPENAI_BASE_URL
        # Any name will do to ask the endpoint which ones it has.
        unnamed = settings.model_copy(update={"llm_model": OPENAI_MODEL})
        found = OPENAI_MODEL if openai else first_model(model_settings(unnamed).checked())
        return model_settings(settings.model_copy(update={"llm_model": found}))
    named = settings.llm_model

    def model(name: str) -> Model:
        return Model(name=name, price_in=settings.llm_price_in, price_out=settings.llm_price_out)

    light, deep = settings.llm_model_light, settings.llm_model_deep
    try:
        return ModelSettings(
            base_url=settings.endpoint,
            api_key=settings.llm_api_key,
            models=every_tier(model(named), model(light) if light else None, model(deep) if deep else None),
            timeout_seconds=settings.llm_timeout,
            assignment_seconds=settings.llm_assignment_seconds,
            max_calls=settings.llm_max_calls,
            max_tokens=settings.llm_max_tokens,
            temperature=settings.llm_temperature,
            streaming=settings.llm_streaming,
            api=Api(settings.llm_api),
            caching=Caching(settings.llm_caching),
            ca_file=settings.llm_ca_file,
            record=settings.llm_record,
            replay=settings.llm_replay,
            langsmith=settings.langsmith,
            trace_content=settings.otel_content,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(f"the model settings cannot be used: {first['msg']}") from None
