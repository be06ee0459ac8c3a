"""The settings, read once from the environment; nothing else in the home reads it.

Every variable begins with `NEXUS_`, apart from the two that OpenAI's own clients use, which are honoured.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator

from incidents.currency import Currency
from incidents.errors import SettingsError
from incidents.language import Language, LanguageSetting
from incidents.severity import Severity
from incidents.value import Value

PREFIX = "NEXUS_"
OPENAI_BASE_URL = "https://api.openai.com/v1"

EngineMode = Literal["auto", "llm", "playbook"]


class Settings(Value):
    """Everything that can be set. The field `llm_model` is the variable `NEXUS_LLM_MODEL`."""

    home: Path = Field(default_factory=lambda: Path.home() / ".nexus", description="where the store lies")
    engine: EngineMode = Field(default="auto", description="auto, llm or playbook")
    llm_base_url: str | None = Field(default=None, description="any OpenAI-compatible endpoint, with its /v1")
    llm_api_key: SecretStr | None = Field(default=None, description="its key; OPENAI_API_KEY serves as well")
    llm_model: str | None = Field(
        default=None, description="the model of every tier that has none of its own"
    )
    llm_model_light: str | None = Field(default=None, description="for short texts: status, briefs, backlog")
    llm_model_deep: str | None = Field(default=None, description="for root causes and the post-mortem")
    llm_timeout: float = Field(default=60, gt=0, description="seconds that one request may stay silent")
    llm_assignment_seconds: float = Field(
        default=240, gt=0, description="seconds that one assignment may take"
    )
    llm_max_calls: int = Field(default=12, ge=2, le=100, description="model calls of one assignment")
    llm_max_tokens: int = Field(default=4096, ge=256, description="longest answer of a model, in tokens")
    llm_temperature: float | None = Field(
        default=None, ge=0, le=2, description="how freely a model chooses; none leaves it to the endpoint"
    )
    llm_streaming: bool = Field(default=False, description="read answers as a stream")
    llm_api: Literal["auto", "chat", "responses"] = Field(
        default="auto", description="auto begins with chat, and goes over where responses are asked for"
    )
    llm_caching: Literal["auto", "none", "key", "marks"] = Field(
        default="auto", description="how an endpoint is told what to keep of a prompt"
    )
    llm_price_in: float = Field(default=0.0, ge=0, description="price of a million tokens read")
    llm_price_out: float = Field(default=0.0, ge=0, description="price of a million tokens written")
    llm_ca_file: Path | None = Field(default=None, description="certificates to trust for the endpoint")
    langsmith: bool = Field(default=False, description="let LangSmith trace, if its own variables ask for it")
    llm_fallback: tuple[str, ...] = Field(
        default=(), description="further models, comma-separated, asked in turn: MODEL or MODEL@URL"
    )
    llm_fallback_key: SecretStr | None = Field(
        default=None, description="the key of other fallback endpoints"
    )
    llm_record: Path | None = Field(default=None, description="a folder in which every model call is kept")
    llm_replay: Path | None = Field(
        default=None, description="a folder whose kept model calls answer instead"
    )
    budget_tokens: dict[Severity, int] | None = Field(
        default=None, description="tokens of one incident: one number, or P0:4000000,P3:100000"
    )
    budget_cost: dict[Severity, float] | None = Field(
        default=None, description="what one incident's models may cost, written in the same way"
    )
    budget_seconds: dict[Severity, float] | None = Field(
        default=None, description="seconds that one incident's models may work, written in the same way"
    )
    budget_role_tokens: dict[Severity, int] | None = Field(
        default=None, description="tokens of one role in one incident, written in the same way"
    )
    budget_role_cost: dict[Severity, float] | None = Field(
        default=None, description="what one role's models may cost in one incident, written in the same way"
    )
    budget_role_seconds: dict[Severity, float] | None = Field(
        default=None, description="seconds that one role's models may work in one incident"
    )
    otel_endpoint: str | None = Field(
        default=None, description="an OTLP/HTTP collector for traces, such as http://127.0.0.1:4318"
    )
    otel_content: bool = Field(
        default=False, description="put what models read and write into traces, redacted"
    )
    database_url: SecretStr | None = Field(
        default=None, description="a PostgreSQL in which incidents are kept instead of a file in the home"
    )
    database_direct_url: SecretStr | None = Field(
        default=None, description="the same database past a pooler that gives out connections by transaction"
    )
    config: Path = Field(default=Path("nexus.yaml"), description="the live world's configuration")
    runbook: Path | None = Field(default=None, description="a runbook file of your own")
    redaction: Path | None = Field(default=None, description="a file with patterns of your own secrets")
    roster: Path | None = Field(default=None, description="a file with further roles")
    prompts: Path | None = Field(default=None, description="a folder with prompts of your own")
    revenue_threshold: float | None = Field(
        default=None, ge=0, description="the $X of the escalation matrix; not set: the row never fires"
    )
    revenue_currency: Currency | None = Field(
        default=None, description="that in which revenue is measured, as EUR or USD"
    )
    language: LanguageSetting = Field(
        default=Language.EN,
        description="in which people are told of recorded incidents: en, de or fr",
    )
    people: tuple[str, ...] = Field(default=(), description="who may approve, comma-separated; empty: anyone")
    retention_days: int | None = Field(
        default=None, ge=1, description="days after its end that `nexus prune` keeps an incident"
    )
    token: SecretStr | None = Field(
        default=None, description="your own token of nexus.yaml's `people`, with which you decide"
    )
    server: str | None = Field(
        default=None, description="a server that runs elsewhere, at which verbs look and speak"
    )
    server_ca_file: Path | None = Field(default=None, description="certificates to trust for it")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="of stderr"
    )

    @field_validator(
        "budget_tokens", "budget_cost", "budget_seconds",
        "budget_role_tokens", "budget_role_cost", "budget_role_seconds",
        mode="before",
    )  # fmt: skip
    @classmethod
    def _by_severity(cls, value: Any) -> Any:
        """`100` holds for every severity, `P0:4000,P3:10` for those that are named."""
        if not isinstance(value, str):
            return value
        parts = [part.strip().partition(":") for part in value.split(",") if part.strip()]
        if len(parts) == 1 and not parts[0][1]:
            return dict.fromkeys(Severity, parts[0][0])
        return {level.strip().upper(): amount.strip() for level, _, amount in parts}

    @field_validator("people", "llm_fallback", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(p.strip() for p in value.split(",") if p.strip()) if isinstance(value, str) else value

    @property
    def endpoint(self) -> str | None:
        """The model endpoint; OpenAI's own if only a key is given."""
        return self.llm_base_url or (OPENAI_BASE_URL if self.llm_api_key else None)

    @property
    def has_model(self) -> bool:
        """Whether a model is configured at all."""
        return self.endpoint is not None

    @property
    def names_a_model(self) -> bool:
        """Whether somebody wants a model, be the settings complete or not."""
        named = (self.llm_model, self.llm_model_light, self.llm_model_deep, *self.llm_fallback)
        return self.has_model or any(named)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment.

    Raises:
        SettingsError: an unknown variable (with the nearest known one) or a value that cannot be used.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value != ""
    }
    for name, ours in (("OPENAI_API_KEY", "llm_api_key"), ("OPENAI_BASE_URL", "llm_base_url")):
        if environment.get(name):
            given.setdefault(ours, environment[name])
    if unknown := sorted(set(given) - set(Settings.model_fields)):
        name = unknown[0]
        near = get_close_matches(name, Settings.model_fields, n=1, cutoff=0.5)
        hint = f"did you mean {PREFIX}{near[0].upper()}?" if near else "see docs/operations.md"
        hint += f" (a secret that nexus.yaml names as `env:NAME` has a name without {PREFIX})"
        raise SettingsError(f"There is no setting {PREFIX}{name.upper()}; {hint}")
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "settings"
        raise SettingsError(f"{PREFIX}{field.upper()}: {first['msg']}") from None
