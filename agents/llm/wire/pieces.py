"""The chunks of a stream, put together into one completion."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.llm.wire.faults import Came
from agents.llm.wire.json_text import loads


@dataclass
class _Call:
    index: Any = None
    id: str = ""
    name: str = ""
    arguments: str = ""

    @property
    def whole(self) -> bool:
        try:
            return isinstance(json.loads(self.arguments), dict)
        except ValueError:
            return False

    def take(self, name: str, arguments: str) -> None:
        """Add a piece. A name is repeated, or comes in pieces; arguments grow, or come again whole."""
        if name and name != self.name:
            self.name += name
        again = len(self.arguments) > 1 and arguments.startswith(self.arguments)
        self.arguments = arguments if again else self.arguments + arguments


@dataclass
class Pieces:
    """What has come so far.

    Attributes:
        finish: why the model stopped, once that was said.
        error: what the server said instead of going on.
        seen: whether any choice came.
    """

    finish: str | None = None
    error: Mapping[str, Any] | None = None
    seen: bool = False
    _head: dict[str, Any] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _parts: list[Any] = field(default_factory=list)
    _calls: list[_Call] = field(default_factory=list)
    _legacy: _Call | None = None

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take one chunk; other choices than the first are passed over."""
        for key in ("id", "model", "created", "usage", "promptFeedback", "prompt_feedback"):
            if chunk.get(key):
                self._head[key] = chunk[key]
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, Mapping) and not choice.get("index"):
                self._choice(choice)

    @property
    def came(self) -> Came:
        """What is paid for, even if the rest does not come."""
        calls = [*self._calls, *([self._legacy] if self._legacy else [])]
        parts = [str(one.get("text") or "") for one in self._parts if isinstance(one, Mapping)]
        written = [*self._texts.values(), *parts, *(f"{one.name} {one.arguments}" for one in calls)]
        usage = self._head.get("usage")
        return Came("\n".join(filter(None, written)), usage if isinstance(usage, Mapping) else {})

    def completion(self) -> dict[str, Any]:
        """The whole as a server that does not stream would have sent it."""
        message: dict[str, Any] = {"role": "assistant", "content": self._parts or None, **self._texts}
        if self._parts and "content" in self._texts:
            message["content"] = [*self._parts, {"type": "text", "text": self._texts["content"]}]
        if self._calls:
            message["tool_calls"] = [
                {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
                for call in self._calls
            ]
        if self._legacy is not None:
            legacy = self._legacy
            message["function_call"] = {"name": legacy.name, "arguments": legacy.arguments}
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return {**self._head, "object": "chat.completion", "choices": [choice] if self.seen else []}

    def _choice(self, choice: Mapping[str, Any]) -> None:
        self.seen = True
        self.finish = choice.get("finish_reason") or self.finish
        if isinstance(error := choice.get("error"), Mapping) and error:
            self.error = {"error": error}
        whole, delta = choice.get("message"), choice.get("delta")
        if isinstance(whole, Mapping) and not delta:
            self._whole(whole)
        elif isinstance(delta, Mapping):
            self._delta(delta)
        elif isinstance(choice.get("text"), str):
            self._add_text("content", choice["text"])

    def _whole(self, message: Mapping[str, Any]) -> None:
        """A message that ends the stream repeats what came, or is all that comes."""
        if not self._calls and self._legacy is None and not self._texts.get("content"):
            self._delta(message)

    def _delta(self, delta: Mapping[str, Any]) -> None:
        content = delta.get("content")
        if isinstance(content, str):
            self._add_text("content", content)
        elif isinstance(content, list):
            self._add_parts(content)
        for key in ("reasoning_content", "reasoning", "thinking", "refusal"):
            if isinstance(delta.get(key), str):
                self._add_text(key, delta[key])
        calls = delta.get("tool_calls")
        for piece in calls if isinstance(calls, list) else [calls] if isinstance(calls, Mapping) else []:
            if isinstance(piece, Mapping):
                self._piece(piece)
        if isinstance(legacy := delta.get("function_call"), Mapping) and legacy:
            self._legacy = self._legacy or _Call()
            self._legacy.take(str(legacy.get("name") or ""), _text_of(legacy.get("arguments")))

    def _add_text(self, key: str, text: str) -> None:
        self._texts[key] = self._texts.get(key, "") + text

    def _add_parts(self, parts: list[Any]) -> None:
        """Parts of a content; pieces of text in a row are one text."""
        for one in parts:
            last: Any = self._parts[-1] if self._parts else None
            if _is_text(one) and _is_text(last):
                self._parts[-1] = {**last, "text": last["text"] + one["text"]}
            else:
                self._parts.append(dict(one) if isinstance(one, Mapping) else one)

    def _piece(self, piece: Mapping[str, Any]) -> None:
        function = piece.get("function")
        function = function if isinstance(function, Mapping) else piece
        name, identity = str(function.get("name") or ""), str(piece.get("id") or "")
        arguments, index = _text_of(function.get("arguments")), piece.get("index")
        call = self._meant(index, identity, name)
        if call is None:
            call = _Call(index=index)
            self._calls.append(call)
        call.id = call.id or identity
        call.take(name, arguments)

    def _meant(self, index: Any, identity: str, name: str) -> _Call | None:
        """The call that a piece belongs to; None begins the next.

        An id says it, unless every piece has another; without one the index does, else it is the call begun
        last. A name begins another call if the one so far is whole: some servers give every call the index 0.
        """
        if identity and (known := [call for call in self._calls if call.id == identity]):
            same = known[-1]
            return None if name and same.whole and index not in (None, same.index) else same
        at = self._calls if index is None else [call for call in self._calls if call.index == index]
        if not at and index is not None and not name and not identity:
            at = self._calls
        last = at[-1] if at else None
        if last is None or (identity and last.id and (name or last.whole)):
            return None
        if name and last.arguments and (last.whole or name != last.name):
            return None
        return last


def _is_text(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _text_of(arguments: Any) -> str:
    """Arguments as text; some servers send the object itself."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def chunk_of(data: str) -> Mapping[str, Any] | None:
    """The chunk that an event's data holds, or None if it is something else."""
    try:
        read = loads(data)
    except ValueError:
        return None
    if isinstance(read, list) and len(read) == 1:
        read = read[0]
    return read if isinstance(read, Mapping) else None
