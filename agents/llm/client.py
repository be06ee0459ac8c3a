"""The client of an endpoint: what it trusts, where its answers come from, how it is asked."""

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2
import openai
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from agents.llm.cassette import Player, Recorder
from agents.llm.settings import ModelSettings
from agents.llm.wire.caching import Caching, known_for
from agents.llm.wire.dialect import Dialect
from agents.llm.wire.door import Door
from agents.role import Tier
from incidents.errors import SettingsError
from prompts import SHIPPED, Library
from tools.live.link_local import guarded

#: Nothing is asked without the loop; not given one, the client library reads all certificates for its own.
_UNUSED = httpx2.Client(transport=httpx2.BaseTransport())

#: Under which key a message keeps what the model thought beside its answer.
THOUGHT = "thought"


def trust(settings: ModelSettings) -> ssl.SSLContext:
    """The certificates to trust; reading them takes longer than a short request, so it is done once.

    Raises:
        SettingsError: the certificate file holds no certificate.
    """
    try:
        return _context(settings.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"The certificate file {settings.ca_file} cannot be read: {error}") from error


@lru_cache(maxsize=8)
def _context(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def dialect_of(settings: ModelSettings, model: str, library: Library = SHIPPED) -> Dialect:
    """How a model is asked, as far as its settings tell; what its endpoint refuses is learnt."""
    url = settings.base_url or ""
    caching = known_for(url, model) if settings.caching is Caching.AUTO else settings.caching
    return Dialect(url, library, settings.api, caching)


def http_client(settings: ModelSettings, context: ssl.SSLContext, dialect: Dialect) -> Door:
    """A client of one assignment; its connections live as long as the assignment.

    Args:
        settings: the endpoint and its bounds.
        context: the certificates to trust.
        dialect: how the model is asked.
    """
    options: dict[str, Any] = {"timeout": settings.timeout_seconds, "event_hooks": guarded()}
    if settings.replay is not None:
        options["transport"] = Player(settings.replay)
    elif settings.record is not None:
        options["transport"] = Recorder(httpx2.AsyncHTTPTransport(verify=context), settings.record)
    else:
        options["verify"] = context
    return Door.behind(dialect, **options)


class ThinkingChat(ChatOpenAI):
    """Keeps what the model thought: the client drops every field of a message that OpenAI does not know."""

    def _create_chat_result(
        self, response: dict[str, Any] | openai.BaseModel, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        whole = response if isinstance(response, dict) else response.model_dump(warnings=False)
        thought = whole["choices"][0]["message"].get(THOUGHT)
        answer = result.generations[0].message
        if thought and isinstance(answer, AIMessage):
            answer.additional_kwargs[THOUGHT] = thought
        return result


def chat_model(settings: ModelSettings, tier: Tier, client: Door) -> ChatOpenAI:
    """The chat model of a tier. It never retries by itself: the wire does.

    What the client library would change is given past it: it drops a temperature for some names of models
    (langchain-openai 1.7 for gpt-5, whatever serves under that name), and it completes the brackets of calls
    in a stream that was cut. Streams are read by the door behind it.
    """
    beside: dict[str, Any] = {}
    if settings.temperature is not None:
        beside["temperature"] = settings.temperature
    if settings.streaming:
        beside |= {"stream": True, "stream_options": {"include_usage": True}}
    return ThinkingChat(
        base_url=settings.base_url,
        # Servers of one's own want no key, the client wants some text.
        api_key=SecretStr(settings.key or "none"),
        model=settings.models[tier].name,
        timeout=settings.timeout_seconds,
        max_retries=0,
        max_completion_tokens=settings.max_tokens,
        temperature=None,
        extra_body=beside or None,
        streaming=False,
        disable_streaming=True,
        use_responses_api=False,
        http_client=_UNUSED,
        http_async_client=client,
    )
