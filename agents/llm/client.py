"""The client of an endpoint: what it trusts, where its answers come from, how it is asked."""

import ssl
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2
import openai
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from agents.llm.cassette import Player, Recorder
from agents.llm.settings import ModelSettings
from agents.role import Tier
from incidents.errors import SettingsError
from tools.live.link_local import guarded


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


def http_client(settings: ModelSettings, context: ssl.SSLContext) -> openai.DefaultAsyncHttpxClient:
    """A client of one assignment; its connections live as long as the assignment."""
    if settings.replay is not None:
        return openai.DefaultAsyncHttpxClient(
            timeout=settings.timeout_seconds, transport=Player(settings.replay), event_hooks=guarded()
        )
    if settings.record is not None:
        recorder = Recorder(httpx2.AsyncHTTPTransport(verify=context), settings.record)
        return openai.DefaultAsyncHttpxClient(
            timeout=settings.timeout_seconds, transport=recorder, event_hooks=guarded()
        )
    return openai.DefaultAsyncHttpxClient(
        timeout=settings.timeout_seconds, verify=context, event_hooks=guarded()
    )


class NamingChat(ChatOpenAI):
    """Gives every tool call an id; some servers send none, and a reply has to name its call."""

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002  # the base names it so
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """The answer, with an id for every call, the same whenever the same conversation is had again."""
        answer = await super().ainvoke(input, config, stop=stop, **kwargs)
        if all(call["id"] for call in answer.tool_calls):
            return answer
        turn = len(input) if isinstance(input, Sequence) else 0
        calls = [
            {**call, "id": call["id"] or f"call_{turn}_{place}"}
            for place, call in enumerate(answer.tool_calls)
        ]
        return answer.model_copy(update={"tool_calls": calls})


def chat_model(settings: ModelSettings, tier: Tier, client: openai.DefaultAsyncHttpxClient) -> ChatOpenAI:
    """The chat model of a tier. It never retries by itself: the wire does."""
    return NamingChat(
        base_url=settings.base_url,
        # Servers of one's own want no key, the client wants some text.
        api_key=SecretStr(settings.key or "none"),
        model=settings.models[tier].name,
        timeout=settings.timeout_seconds,
        max_retries=0,
        max_completion_tokens=settings.max_tokens,
        temperature=settings.temperature,
        streaming=settings.streaming,
        stream_usage=settings.streaming,
        stream_chunk_timeout=settings.timeout_seconds,
        use_responses_api=False,
        http_async_client=client,
    )
