"""The events of a streamed response, put together into one whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.llm.wire.faults import Came
from agents.llm.wire.pieces import chunk_of

#: Events that end a response, whatever it became.
_ENDS = {
    "response.completed",
    "response.incomplete",
    "response.failed",
    "response.cancelled",
    "response.done",
}
_TEXTS = {
    "response.output_text": ("output_text", "text"),
    "response.refusal": ("refusal", "refusal"),
    "response.reasoning_text": ("reasoning_text", "text"),
    "response.reasoning_summary_text": ("summary_text", "text"),
}


@dataclass
class _Begun:
    """One item as far as it came."""

    item: dict[str, Any] = field(default_factory=dict)
    arguments: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    whole: Mapping[str, Any] | None = None

    def item_so_far(self) -> dict[str, Any]:
        if self.whole is not None and (self.whole.get("content") or not self.texts):
            return dict(self.whole)
        if self.arguments or self.item.get("type") in ("function_call", "custom_tool_call"):
            return {
                "type": "function_call",
                **self.item,
                "arguments": self.arguments or self.item.get("arguments"),
            }
        parts = [{"type": kind, _key(kind): text} for kind, text in self.texts.items()]
        kind = (
            "reasoning" if self.texts and set(self.texts) <= {"reasoning_text", "summary_text"} else "message"
        )
        return {"type": kind, **self.item, **({"content": parts} if parts else {})}


@dataclass
class ResponseEvents:
    """What has come so far.

    Attributes:
        seen: whether any event of a response came.
        ended: whether one said that nothing follows.
    """

    seen: bool = False
    ended: bool = False
    _head: dict[str, Any] = field(default_factory=dict)
    _begun: dict[str, _Begun] = field(default_factory=dict)

    def take(self, name: str, data: str) -> bool:
        """Take one event; False if it is none of a response."""
        chunk = chunk_of(data)
        kind = str((chunk or {}).get("type") or name)
        if chunk is None or not kind.startswith("response."):
            return False
        self.seen = True
        self._event(kind, chunk)
        return True

    @property
    def came(self) -> Came:
        """What is paid for, even if the rest does not come."""
        written = [text for one in self._begun.values() for text in (*one.texts.values(), one.arguments)]
        usage = self._head.get("usage")
        return Came("\n".join(filter(None, written)), usage if isinstance(usage, Mapping) else {})

    def whole(self) -> dict[str, Any]:
        """The response; its items are those of its end, or what the pieces make where that holds none."""
        given = self._head.get("output")
        made = [begun.item_so_far() for begun in self._begun.values()]
        return {"object": "response", **self._head, "output": given or made}

    def _event(self, kind: str, chunk: Mapping[str, Any]) -> None:
        if isinstance(inner := chunk.get("response"), Mapping):
            self._head |= {key: value for key, value in inner.items() if value is not None}
        if kind in _ENDS:
            self.ended = True
            self._head.setdefault("status", kind.partition(".")[2].replace("done", "completed"))
            return
        item = chunk.get("item")
        if isinstance(item, Mapping):
            begun = self._at(chunk, item)
            begun.item |= item
            if kind.endswith(".done"):
                begun.whole = item
        elif "function_call_arguments" in kind or "custom_tool_call_input" in kind:
            self._arguments(kind, chunk)
        else:
            self._text(kind, chunk)

    def _arguments(self, kind: str, chunk: Mapping[str, Any]) -> None:
        begun = self._at(chunk, {})
        if kind.endswith(".done"):
            begun.arguments = str(chunk.get("arguments") or chunk.get("input") or begun.arguments)
            if chunk.get("name"):
                begun.item["name"] = chunk["name"]
        else:
            begun.arguments += str(chunk.get("delta") or "")

    def _text(self, kind: str, chunk: Mapping[str, Any]) -> None:
        base, _, what = kind.rpartition(".")
        if base not in _TEXTS:
            return
        part, key = _TEXTS[base]
        texts = self._at(chunk, {}).texts
        if what == "done":
            texts[part] = str(chunk.get(key) or texts.get(part, ""))
        elif isinstance(chunk.get("delta"), str):
            texts[part] = texts.get(part, "") + chunk["delta"]

    def _at(self, chunk: Mapping[str, Any], item: Mapping[str, Any]) -> _Begun:
        """The item that an event is about, by its place or else by its id."""
        place = chunk.get("output_index")
        if place is None:
            place = item.get("id") or chunk.get("item_id") or 0
        return self._begun.setdefault(str(place), _Begun())


def _key(kind: str) -> str:
    return "refusal" if kind == "refusal" else "text"
