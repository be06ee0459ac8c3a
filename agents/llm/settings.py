"""Which endpoint and models the roles use. Nothing is read from the environment here."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from agents.llm.wire.caching import Caching
from agents.llm.wire.responses import Api
from agents.role import Tier
from incidents.errors import SettingsError
from incidents.value import Value

#: OpenAI's own endpoint, the only one that is known to need a key.
OPENAI = "https://api.openai.com/v1"


class Model(Value):
    """One model by the name that its endpoint knows; prices are per million tokens, in your currency."""

    name: str
    price_in: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)


def every_tier(standard: Model, light: Model | None = None, deep: Model | None = None) -> dict[Tier, Model]:
    """A model for each tier; the standard one serves where no other is named."""
    return {Tier.LIGHT: light or standard, Tier.STANDARD: standard, Tier.DEEP: deep or standard}


class ModelSettings(Value):
    """How models are reached and how much of them one assignment may use."""

    base_url: str | None = Field(default=None, description="any OpenAI-compatible endpoint, with its /v1")
    api_key: SecretStr | None = None
    models: dict[Tier, Model] = Field(default_factory=dict)
    timeout_seconds: float = Field(default=60, gt=0, description="how long one request may stay silent")
    assignment_seconds: float = Field(
        default=240, gt=0, description="how long one assignment may take in all"
    )
    max_calls: int = Field(default=12, ge=2, le=100, description="model calls of one assignment")
    max_attempts: int = Field(default=4, ge=1, le=10, description="requests for one call, retries included")
    max_tokens: int = Field(default=4096, ge=256, description="longest answer, in tokens")
    brief_tokens: int = Field(default=6000, ge=500, description="longest incident brief, in tokens")
    answer_chars: int = Field(default=6000, ge=500, description="longest tool answer, in characters")
    streaming: bool = False
    api: Api = Field(
        default=Api.AUTO, description="auto begins with chat, and goes over if that is asked for"
    )
    caching: Caching = Field(
        default=Caching.AUTO, description="auto marks where an endpoint is known to want it"
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="None leaves it to the endpoint")
    ca_file: Path | None = Field(
        default=None, description="certificates to trust, for an endpoint of your own"
    )
    record: Path | None = Field(default=None, description="a folder in which every model call is kept")
    replay: Path | None = Field(default=None, description="a folder whose kept calls answer; nobody is asked")
    langsmith: bool = Field(default=False, description="let LangSmith trace if its own variables ask for it")

    trace_content: bool = Field(
        default=False, description="put what was said into spans, redacted; without it only names and figures"
    )

    @model_validator(mode="after")
    def _one_tape(self) -> Self:
        if self.record is not None and self.replay is not None:
            raise ValueError("record and replay exclude each other")
        return self

    @model_validator(mode="after")
    def _box_holds_a_call(self) -> Self:
        if self.timeout_seconds > self.assignment_seconds:
            raise ValueError("timeout_seconds must not be longer than assignment_seconds")
        return self

    def checked(self) -> Self:
        """The same settings, once it is certain that they can be used.

        Raises:
            SettingsError: what is missing and how to give it.
        """
        if not self.base_url:
            raise SettingsError(
                "A model is named without an endpoint; set the base URL of an OpenAI-compatible API, "
                f"such as {OPENAI} or http://127.0.0.1:11434/v1"
            )
        self._check_url(self.base_url)
        missing = [
            tier.value for tier in Tier if not self.models.get(tier) or not self.models[tier].name.strip()
        ]
        if missing:
            raise SettingsError(
                f"No model is named for {', '.join(missing)}; name one that the endpoint serves"
            )
        if not self.key and urlsplit(self.base_url).hostname == urlsplit(OPENAI).hostname:
            raise SettingsError(
                "api.openai.com needs an API key; set it, or name an endpoint that needs none"
            )
        if self.ca_file is not None and not self.ca_file.is_file():
            raise SettingsError(f"The certificate file {self.ca_file} does not exist")
        return self

    @property
    def key(self) -> str:
        """The API key in clear, empty if there is none; for the wire only, never for a message."""
        return self.api_key.get_secret_value().strip() if self.api_key else ""

    @property
    def where(self) -> str:
        """The endpoint as it may be shown: without user, password and query."""
        parts = urlsplit(self.base_url or "")
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"

    @property
    def server(self) -> tuple[str, int | None]:
        """The endpoint's host and port."""
        parts = urlsplit(self.base_url or "")
        return parts.hostname or "", parts.port

    @staticmethod
    def _check_url(url: str) -> None:
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise SettingsError("The model's base URL is no http(s) address; write it as http://host:port/v1")
