"""Marks by which an endpoint reads a prompt's beginning from its cache. Pure."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

#: The field in which OpenAI takes a name for requests that begin alike.
KEY = "prompt_cache_key"
#: The field of a part up to which Anthropic's models keep the prompt; gateways hand it on.
MARK = "cache_control"


class Caching(StrEnum):
    """How an endpoint is told what to keep of a prompt."""

    AUTO = "auto"
    NONE = "none"
    KEY = "key"
    MARKS = "marks"


def known_for(base_url: str, model: str) -> Caching:
    """What is known of an endpoint: OpenAI takes a key, OpenRouter marks for models that need them.

    Most servers keep prefixes by themselves, and some refuse fields that they do not know: elsewhere nothing
    is sent unless it is asked for. Azure is left out, for not all of its versions of the API know the key.
    """
    host = urlsplit(base_url).hostname or ""
    if host == "api.openai.com":
        return Caching.KEY
    if (host == "openrouter.ai" or host.endswith(".openrouter.ai")) and model.startswith("anthropic/"):
        return Caching.MARKS
    return Caching.NONE


def with_caching(body: Mapping[str, Any], caching: Caching) -> dict[str, Any]:
    """The chat request with what its endpoint wants."""
    if caching is Caching.KEY:
        return {**body, KEY: _key(body)}
    if caching is Caching.MARKS:
        return {**body, "messages": _marked(body.get("messages", []))}
    return dict(body)


def has_marks(body: Mapping[str, Any]) -> bool:
    """Whether a request holds any of it."""
    return KEY in body or any(
        MARK in part
        for one in body.get("messages", [])
        if isinstance(one.get("content"), list)
        for part in one["content"]
    )


def _key(body: Mapping[str, Any]) -> str:
    """The same for requests with the same tools and instructions; nothing can be read out of it."""
    told = json.dumps([body.get("model"), body.get("tools"), body.get("messages", [])[:1]], sort_keys=True)
    return f"nexus-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _marked(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Marks at the end of the instructions and of what was said last: the next request begins with both."""
    places = {0, len(messages) - 1}
    return [_with_mark(one) if place in places else one for place, one in enumerate(messages)]


def _with_mark(one: dict[str, Any]) -> dict[str, Any]:
    text = one.get("content")
    if not isinstance(text, str) or not text:
        return one
    return {**one, "content": [{"type": "text", "text": text, MARK: {"type": "ephemeral"}}]}
