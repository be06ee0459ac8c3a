"""How much a model takes at once, asked of its server in each server's own way, for `nexus doctor`."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from agents.llm.client import trust
from agents.llm.settings import ModelSettings
from agents.llm.wire.server_error import body_of, words_of
from incidents.value import Value

#: Seconds for one question; what a server does not know it refuses at once.
_PATIENCE = 3.0
#: More than any model writes: a server that holds it against its context says how long that is.
_TOO_MANY = 100_000_000
_IN_WORDS = re.compile(
    r"(?:context|max_model_len|model length|n_ctx)\D{0,60}?(\d[\d,_]{2,})|(\d[\d,_]{2,})\D{0,20}context",
    re.IGNORECASE,
)
_NUM_CTX = re.compile(r"^\s*num_ctx\s+(\d+)", re.MULTILINE)


class Context(Value):
    """Tokens of a context.

    Attributes:
        tokens: how many.
        by: who told it.
        cuts: whether what is longer is cut without a word, so that a model reads half of it and nobody knows.
    """

    tokens: int
    by: str
    cuts: bool = False


class _Asking:
    """Questions to the server beside its chat; whatever is no JSON object counts as no answer."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self.base = (settings.base_url or "").rstrip("/")
        self.root = self.base.removesuffix("/v1")

    def get(self, path: str) -> Mapping[str, Any]:
        return self._object("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._object("POST", path, body)

    def _object(self, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        found = self.said(method, f"{self.root}{path}", body)
        try:
            read = json.loads(found) if found is not None else {}
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, Mapping) else {}

    def said(
        self, method: str, url: str, body: Mapping[str, Any] | None, *, errors: bool = False
    ) -> str | None:
        """The answer's text; None if there is none, or an error where none is wanted."""
        key = self._settings.key
        try:
            answer = httpx2.request(
                method, url, json=body, headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=_PATIENCE, verify=trust(self._settings),
            )  # fmt: skip
        except httpx2.HTTPError:
            return None
        return answer.text if answer.is_success != errors else None


def context_of(settings: ModelSettings, model: str) -> Context | None:
    """What the server says of its own accord: llama.cpp, Ollama, LM Studio, TGI, KoboldCpp, LiteLLM.

    A model that was asked before is loaded, so that what is told is what it was loaded with.
    """
    asking = _Asking(settings)
    ways: tuple[Callable[[_Asking, str], Context | None], ...] = (
        _llama_cpp, _ollama, _lm_studio, _tgi, _kobold, _litellm,
    )  # fmt: skip
    return next((found for way in ways if (found := way(asking, model)) is not None), None)


def context_by_refusal(settings: ModelSettings, model: str) -> Context | None:
    """What the server says when it is asked for an answer that is longer than any context."""
    asking = _Asking(settings)
    body = {"model": model, "messages": [{"role": "user", "content": "Say OK."}], "max_tokens": _TOO_MANY}
    said = asking.said("POST", f"{asking.base}/chat/completions", body, errors=True)
    found = _IN_WORDS.search(words_of(body_of(said))) if said else None
    tokens = _number(re.sub(r"[,_]", "", found[1] or found[2])) if found else None
    return Context(tokens=tokens, by="its refusal of more") if tokens and tokens < _TOO_MANY else None


def _llama_cpp(asking: _Asking, model: str) -> Context | None:
    settings = asking.get(f"/props?model={quote(model)}").get("default_generation_settings")
    tokens = _number(settings.get("n_ctx")) if isinstance(settings, Mapping) else None
    return Context(tokens=tokens, by="llama.cpp's /props") if tokens else None


def _ollama(asking: _Asking, model: str) -> Context | None:
    """What it was loaded with; else what its file asks for. What the model could take says nothing here."""
    for one in _rows(asking.get("/api/ps").get("models")):
        names = (one.get("name"), one.get("model"), str(one.get("name")).removesuffix(":latest"))
        if model in names and (tokens := _number(one.get("context_length"))):
            return Context(tokens=tokens, by="Ollama's /api/ps", cuts=True)
    shown = asking.post("/api/show", {"model": model})
    if not isinstance(shown.get("model_info"), Mapping):
        return None
    found = _NUM_CTX.search(str(shown.get("parameters") or ""))
    # Ollama's own value where nobody sets one and the memory is below 24 GiB (its page on context length).
    told = (int(found[1]), "num_ctx in Ollama's /api/show") if found else (4096, "Ollama's default")
    return Context(tokens=told[0], by=told[1], cuts=True)


def _lm_studio(asking: _Asking, model: str) -> Context | None:
    told = asking.get(f"/api/v0/models/{quote(model, safe='')}")
    tokens = _number(told.get("loaded_context_length"))
    return Context(tokens=tokens, by="LM Studio's /api/v0/models") if tokens else None


def _tgi(asking: _Asking, _model: str) -> Context | None:
    tokens = _number(asking.get("/info").get("max_total_tokens"))
    return Context(tokens=tokens, by="TGI's /info") if tokens else None


def _kobold(asking: _Asking, _model: str) -> Context | None:
    tokens = _number(asking.get("/api/extra/true_max_context_length").get("value"))
    return Context(tokens=tokens, by="KoboldCpp's /api/extra", cuts=True) if tokens else None


def _litellm(asking: _Asking, model: str) -> Context | None:
    for one in _rows(asking.get("/model/info").get("data")):
        info = one.get("model_info")
        if one.get("model_name") == model and isinstance(info, Mapping):
            tokens = _number(info.get("max_input_tokens"))
            return Context(tokens=tokens, by="LiteLLM's /model/info") if tokens else None
    return None


def _rows(given: Any) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in given or [] if isinstance(one, Mapping)) if isinstance(given, list) else ()


def _number(given: Any) -> int | None:
    if isinstance(given, str) and given.isdecimal():
        given = int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else None
