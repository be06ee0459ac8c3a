"""What an endpoint understands: learnt from its refusals, and kept as long as the process lives."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import structlog

from agents.llm.wire.caching import KEY, MARK, Caching, has_marks, with_caching
from agents.llm.wire.responses import CAP, Api, Item, request_of
from agents.llm.wire.schemas import compact
from agents.llm.wire.server_error import codes_of, params_of, too_long, words_of
from agents.llm.wire.without_tools import without_tools
from prompts import Library

log = structlog.get_logger(__name__)

#: Where the newer name of the cap is understood, and for some models the only one. Elsewhere the older is:
#: Ollama, TGI, LM Studio and Mistral pass over the newer one or refuse it (their API pages, 2025).
_NEWER_CAP = re.compile(r"(?:^|\.)(?:openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com)$")
_CAPS = ("max_completion_tokens", "max_tokens")
#: What may be left out of a request: the server's own choice is then good enough.
_OPTIONAL = (
    "temperature", "parallel_tool_calls", "stream_options", "response_format", "tool_choice",
    "store", "include",
)  # fmt: skip
#: How a refusal of chat asks for the other interface: OpenAI, Azure, Copilot.
_ONLY_RESPONSES = re.compile(
    r"v1/responses\b|responses (?:api|endpoint)|/responses endpoint"
    r"|chatcompletion operation does not work|unsupported_api_for_model|via the /chat/completions endpoint",
    re.IGNORECASE,
)
#: A content must be a text: said by servers that know no parts.
_NO_PARTS = re.compile(
    r"content.{0,60}(?:valid string|must be (?:a )?string|str type expected|not.{0,9}list)", re.I
)
_UNSUPPORTED = re.compile(
    r"support|unknown|unrecogni[sz]ed|not allowed|not permitted|forbidden|extra|unexpected|invalid|only"
    r"|incompatible|must be|cannot|not available|deprecated|too large",
    re.IGNORECASE,
)
_NO_TOOLS = re.compile(
    r"(?:does not|doesn't|do not|not) support (?:native )?(?:tools?|functions?)\b|support tool use"
    r"|tool use\b.*\bsupport|(?:\btools?|tool[ _]?calling|function[ _]?calling|tool_choice.{0,20})\W+"
    r"(?:is|are) not (?:supported|enabled|available)"
    r"|--jinja|enable-auto-tool-choice|tool-call-parser|unsupported.{0,30}\btools\b",
    re.IGNORECASE,
)
#: So many answers without a call, from an endpoint that never gave one, and it is asked in another way.
_SILENT = 2


class Mode(StrEnum):
    """How a model is asked for tools and reports."""

    TOOLS = "tools"
    SCHEMA = "json_schema"
    TEXT = "plain JSON"


class Dialect:
    """How one model at one endpoint is asked. It changes only by what that endpoint answered.

    Args:
        base_url: the endpoint.
        library: where the words lie that a model without tools reads.
        api: which interface it speaks, if that is known.
        caching: how it is told what to keep of a prompt.
    """

    def __init__(
        self, base_url: str, library: Library, api: Api = Api.AUTO, caching: Caching = Caching.NONE
    ) -> None:
        host = urlsplit(base_url).hostname or ""
        self._own = bool(_NEWER_CAP.search(host))
        self._cap = _CAPS[0] if self._own else _CAPS[1]
        self._library = library
        self._api = api
        self._caching = caching
        self._dropped: set[str] = set()
        self._tools = True
        self._silent = 0
        self._called = False

    @property
    def mode(self) -> Mode:
        """How it is asked now."""
        if self._tools:
            return Mode.TOOLS
        return Mode.TEXT if "response_format" in self._dropped else Mode.SCHEMA

    @property
    def by_responses(self) -> bool:
        """Whether it is asked through the Responses API."""
        return self._api is Api.RESPONSES

    @property
    def caching(self) -> Caching:
        """How it is told what to keep of a prompt; none once it refused that."""
        return Caching.NONE if "caching" in self._dropped else self._caching

    def fitted(
        self, body: Mapping[str, Any], kept: Mapping[str, Sequence[Item]] | None = None
    ) -> dict[str, Any]:
        """The request as this endpoint takes it.

        Args:
            body: a chat request.
            kept: thoughts that are given back, by the call that they stood before.
        """
        asked = with_caching(self._as_chat(body), self.caching)
        if not self.by_responses:
            return asked
        asked = request_of(asked, {} if "include" in self._dropped else kept)
        gone = {CAP if name == "cap" else name for name in self._dropped} & {CAP, "store", "include"}
        return {name: value for name, value in asked.items() if name not in gone}

    def _as_chat(self, body: Mapping[str, Any]) -> dict[str, Any]:
        asked = dict(body)
        if not self._own:
            # The client calls the instructions so for any model whose name looks like OpenAI's o3.
            asked["messages"] = [
                {**one, "role": "system"} if one.get("role") == "developer" else one
                for one in asked.get("messages", [])
            ]
        if asked.get("tools") and not self._tools:
            asked = without_tools(asked, self._library)
        if asked.get("tools"):
            asked["tools"] = compact(asked["tools"])
        for cap in _CAPS:
            if cap in asked:
                asked[self._cap] = asked.pop(cap)
                if "cap" in self._dropped:
                    del asked[self._cap]
                break
        for name in self._dropped & set(asked):
            if name == "tool_choice" and asked.get(name) not in (None, "auto"):
                asked[name] = "auto"
            else:
                del asked[name]
        return asked

    def learnt(self, sent: Mapping[str, Any], status: int, body: Any) -> bool:
        """Whether a refusal says what to leave out, so that it is worth asking once more."""
        said = words_of(body)
        if status not in {400, 404, 405, 422, 500, 501} or too_long(said):
            return False
        if self._api is Api.AUTO and _ONLY_RESPONSES.search(f"{codes_of(body)} {said}"):
            self._api = Api.RESPONSES
            return True
        named = params_of(body)
        if has_marks(sent) and self._refuses_marks(said, named):
            log.info("caching_refused", caching=self._caching.value, said=said[:200])
            return self._drop("caching")
        if self._tools and sent.get("tools") and (_NO_TOOLS.search(said) or named == {"tools"}):
            if _names(said, named, "tool_choice") and sent.get("tool_choice") not in (None, "auto"):
                return self._drop("tool_choice")
            self._tools = False
            return True
        if not _UNSUPPORTED.search(said):
            return False
        if self._cap in sent and _names(said, named, self._cap):
            other = _CAPS[1 - _CAPS.index(self._cap)]
            return self._recap(other)
        if CAP in sent and _names(said, named, CAP):
            return self._drop("cap")
        if "text" in sent and (_names(said, named, "text.format") or named & {"text"}):
            return self._drop("response_format")
        return any(_names(said, named, name) and self._drop(name) for name in _OPTIONAL if name in sent)

    def heard(self, sent: Mapping[str, Any], completion: Mapping[str, Any]) -> None:
        """Note whether an endpoint that was offered tools ever calls one."""
        if not sent.get("tools"):
            return
        message = completion["choices"][0]["message"]
        if message.get("tool_calls"):
            self._called = True
        elif str(message.get("content") or "").strip():
            self._silent += 1
        if not self._called and self._silent >= _SILENT:
            self._tools = False

    @staticmethod
    def _refuses_marks(said: str, named: set[str]) -> bool:
        return any(_names(said, named, name) for name in (KEY, MARK)) or bool(_NO_PARTS.search(said))

    def _drop(self, name: str) -> bool:
        new = name not in self._dropped
        self._dropped.add(name)
        return new

    def _recap(self, other: str) -> bool:
        """Another name, once; if that is refused as well, none."""
        if f"cap {other}" in self._dropped:
            return self._drop("cap")
        self._dropped.add(f"cap {self._cap}")
        self._cap = other
        return True


def _names(said: str, named: set[str], field: str) -> bool:
    return field in named or bool(re.search(rf"(?<![\w-]){re.escape(field)}(?![\w-])", said))
