"""Which models an endpoint serves, and what it tells of them."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
from pydantic import Field

from agents.llm.client import trust
from agents.llm.settings import ModelSettings
from incidents.errors import SettingsError
from incidents.value import Value

#: How long the endpoint may take to list its models, in seconds, however slowly it sends.
MODEL_LIST_TIMEOUT = 5.0

#: Models that do not chat, by their names or by what the list says of them.
_NO_CHAT = re.compile(
    r"embed|rerank|whisper|\btts\b|\bbge\b|moderation|dall-e|stable-diffusion|transcri|speech|guard\b",
    re.IGNORECASE,
)
#: Under which keys servers tell a model's context, in tokens: vLLM; OpenRouter, Together; Groq; LM Studio,
#: Mistral; llama.cpp. What is loaded counts before what the model could take.
_CONTEXTS = (
    "loaded_context_length", "max_model_len", "n_ctx", "context_length", "context_window",
    "max_context_length", "n_ctx_train",
)  # fmt: skip
#: What a model could take, wherever it runs: a server of one's own loads it with less.
_AT_MOST = ("n_ctx_train",)


class Listed(Value):
    """One model as its endpoint lists it."""

    name: str
    chats: bool = True
    context: int | None = Field(default=None, description="tokens, if that is told")
    at_most: bool = Field(default=False, description="whether that is only what the model could take")


def models_of(settings: ModelSettings, timeout: float = MODEL_LIST_TIMEOUT) -> tuple[Listed, ...]:
    """The endpoint's own list.

    Raises:
        SettingsError: it does not answer, or lists none.
    """
    url = f"{(settings.base_url or '').rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}
    try:
        found = tuple(_listed(json.loads(_body(url, headers, settings, timeout))))
    except (httpx2.HTTPError, TimeoutError) as error:
        raise SettingsError(f"it does not answer ({type(error).__name__})") from None
    except (ValueError, RecursionError):
        found = ()
    if not found:
        raise SettingsError("it lists no models")
    return found


def first_model(settings: ModelSettings) -> str:
    """The first model in the endpoint's list that can chat.

    Raises:
        SettingsError: it does not answer, or lists none; name a model then.
    """
    try:
        found = models_of(settings)
    except SettingsError as error:
        raise SettingsError(
            f"No model is named, and the endpoint {settings.where} cannot be asked for one: {error}; "
            "set NEXUS_LLM_MODEL to one that it serves"
        ) from None
    return next((one.name for one in found if one.chats), found[0].name)


def _body(url: str, headers: Mapping[str, str], settings: ModelSettings, timeout: float) -> bytes:
    """The list's text; the time holds for the whole of it, not for each read.

    Raises:
        TimeoutError: it took longer.
    """
    until, data = time.monotonic() + timeout, b""
    with httpx2.stream("GET", url, headers=headers, timeout=timeout, verify=trust(settings)) as answer:
        for chunk in answer.iter_bytes():
            data += chunk
            if time.monotonic() > until:
                raise TimeoutError
    return data


def _listed(body: Any) -> Iterator[Listed]:
    """The models of a list: under `data`, under `models`, or bare, by id or by name."""
    rows = body.get("data") or body.get("models") if isinstance(body, Mapping) else body
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, str):
            yield Listed(name=row, chats=not _NO_CHAT.search(row))
        elif isinstance(row, Mapping):
            name = next((row[key] for key in ("id", "model", "name") if isinstance(row.get(key), str)), None)
            if name:
                key, context = _context(row)
                yield Listed(name=name, chats=_chats(name, row), context=context, at_most=key in _AT_MOST)


def _chats(name: str, row: Mapping[str, Any]) -> bool:
    kinds = row.get("capabilities")
    if isinstance(kinds, Mapping) and isinstance(kinds.get("completion_chat"), bool):
        return bool(kinds["completion_chat"])
    return not _NO_CHAT.search(f"{name} {row.get('type', '')} {row.get('task', '')}")


def _context(row: Mapping[str, Any]) -> tuple[str, int | None]:
    places = [row, *(row[key] for key in ("meta", "top_provider") if isinstance(row.get(key), Mapping))]
    for key in _CONTEXTS:
        for place in places:
            told = place.get(key)
            if isinstance(told, int) and not isinstance(told, bool) and told > 0:
                return key, told
    return "", None
