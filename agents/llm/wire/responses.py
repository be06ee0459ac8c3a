"""The Responses API: a chat request written for it, and its answers read as a chat completion. Pure.

The client library always speaks chat, so that one reading of calls, reports and odd forms serves both. Its
own reading of responses is strict where servers are not, and takes a call for whole that was cut at the token
limit in a stream (langchain-openai 1.7.3: the brackets are closed, no finish reason is told).
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from agents.llm.wire.faults import NotAnAnswer

PATH = "/responses"
CHAT_PATH = "/chat/completions"
CAP = "max_output_tokens"
#: What a server that keeps nothing must be told, so that its thoughts can be given back to it.
_ENCRYPTED = "reasoning.encrypted_content"

#: What it has no word for, or names otherwise.
_CHAT_ONLY = {
    "messages", "tools", "tool_choice", "response_format", "max_tokens", "max_completion_tokens",
    "stream_options", "n", "stop", "seed", "frequency_penalty", "presence_penalty", "logprobs",
}  # fmt: skip
_UNFINISHED = ("in_progress", "queued")
_TOO_MANY = {"max_output_tokens", "max_tokens", "length"}

Item = dict[str, Any]


class Api(StrEnum):
    """Which of OpenAI's interfaces is spoken; `auto` begins with chat and goes over if that is asked for."""

    AUTO = "auto"
    CHAT = "chat"
    RESPONSES = "responses"


def request_of(body: Mapping[str, Any], kept: Mapping[str, Sequence[Item]] | None = None) -> Item:
    """A chat request as one for responses, that the server is asked not to keep.

    Functions are strict there unless it is said otherwise, and a strict schema may leave no field out.

    Args:
        body: the request with `messages` and `tools`.
        kept: items of thoughts by the id of the call that they stood before; they are given back.
    """
    asked = {name: value for name, value in body.items() if name not in _CHAT_ONLY}
    cap = body.get("max_completion_tokens", body.get("max_tokens"))
    return {
        **asked,
        "input": [item for one in body.get("messages", []) for item in _items(one, kept or {})],
        **({CAP: cap} if cap is not None else {}),
        **({"tools": [_tool(one) for one in body["tools"]]} if body.get("tools") else {}),
        **({"tool_choice": _choice(body["tool_choice"])} if body.get("tool_choice") else {}),
        **({"text": {"format": _format(body["response_format"])}} if body.get("response_format") else {}),
        "store": False,
        "include": [_ENCRYPTED],
    }


def is_response(body: Any) -> bool:
    """Whether a body is a response, whatever was asked."""
    if not isinstance(body, Mapping) or "choices" in body:
        return False
    return body.get("object") == "response" or isinstance(body.get("output"), list)


def chat_of(body: Mapping[str, Any]) -> Item:
    """A response in chat's form: what is odd inside its calls and texts stays so.

    Raises:
        NotAnAnswer: it is only begun.
    """
    if (status := body.get("status")) in _UNFINISHED and not body.get("output"):
        raise NotAnAnswer(f"a response that is only {status}")
    output = [one for one in body.get("output") or [] if isinstance(one, Mapping)]
    parts = [part for one in output for part in _parts(one)]
    if not parts and isinstance(said := body.get("output_text"), str) and said:
        parts = [{"type": "text", "text": said}]
    calls = [_call(one) for one in output if _is_call(one)]
    message = {"role": "assistant", "content": parts or None, "tool_calls": calls}
    choices = [{"index": 0, "message": message, "finish_reason": _finish(body)}]
    told = bool(parts or calls) or body.get("status") in ("completed", "incomplete")
    return {
        "id": body.get("id"),
        "model": body.get("model"),
        "created": body.get("created_at"),
        "choices": choices if told else [],
        "usage": _usage(body.get("usage")),
    }


def failure_in(body: Any) -> Item | None:
    """The error of a response that failed; it may come without a reason."""
    if not is_response(body) or body.get("status") not in ("failed", "cancelled"):
        return None
    error = body.get("error")
    told = dict(error) if isinstance(error, Mapping) else {"message": str(error or "the response failed")}
    return {"error": told, **({"usage": body["usage"]} if body.get("usage") else {})}


def thoughts_of(body: Any) -> list[Item]:
    """The items of thoughts that can be given back: those that hold themselves, encrypted."""
    output = body.get("output") if is_response(body) else None
    return [
        {name: value for name, value in one.items() if name != "status"}
        for one in output or []
        if isinstance(one, Mapping) and one.get("type") == "reasoning" and one.get("encrypted_content")
    ]


def _items(one: Mapping[str, Any], kept: Mapping[str, Sequence[Item]]) -> Iterator[Item]:
    role = one.get("role")
    if role == "tool":
        yield {
            "type": "function_call_output",
            "call_id": one.get("tool_call_id", ""),
            "output": _text(one.get("content")),
        }
        return
    calls = one.get("tool_calls") or []
    for call in calls:
        yield from kept.get(call["id"], ())
    if text := _text(one.get("content")):
        yield {"type": "message", "role": role, "content": text}
    for call in calls:
        function = call["function"]
        yield {
            "type": "function_call",
            "call_id": call["id"],
            "name": function["name"],
            "arguments": function["arguments"],
        }


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(one.get("text", "")) for one in content if isinstance(one, Mapping))
    return str(content or "")


def _tool(one: Mapping[str, Any]) -> Item:
    function = one.get("function", {})
    return {"type": "function", "strict": False, **function}


def _choice(given: Any) -> Any:
    named = given.get("function") if isinstance(given, Mapping) else None
    return {"type": "function", "name": named["name"]} if isinstance(named, Mapping) else given


def _format(given: Mapping[str, Any]) -> Item:
    schema = given.get("json_schema")
    return {"type": given.get("type"), "strict": False, **(schema if isinstance(schema, Mapping) else {})}


def _is_call(one: Mapping[str, Any]) -> bool:
    return one.get("type") in ("function_call", "custom_tool_call")


def _call(one: Mapping[str, Any]) -> Item:
    arguments = one.get("arguments", one.get("input"))
    identity = one.get("call_id") or one.get("id")
    return {"id": identity, "function": {"name": one.get("name"), "arguments": arguments}}


def _parts(one: Mapping[str, Any]) -> Iterator[Item]:
    """The texts of a message, and thoughts."""
    if one.get("type") == "reasoning":
        for key in ("content", "summary"):
            inner = one.get(key)
            told = (
                [part.get("text") for part in inner if isinstance(part, Mapping)]
                if isinstance(inner, list)
                else []
            )
            if any(told):
                yield {"type": "reasoning", "text": "\n".join(str(text) for text in told if text)}
                return
    elif one.get("type") == "message" or "content" in one:
        content = one.get("content")
        if isinstance(content, str):
            yield {"type": "text", "text": content}
        for part in content if isinstance(content, list) else []:
            if isinstance(part, Mapping):
                yield dict(part)


def _finish(body: Mapping[str, Any]) -> str | None:
    details = body.get("incomplete_details")
    reason = str(details.get("reason") or "") if isinstance(details, Mapping) else ""
    if reason in _TOO_MANY or (body.get("status") == "incomplete" and not reason):
        return "length"
    return reason or None


def _usage(given: Any) -> Item | None:
    if not isinstance(given, Mapping):
        return None
    into, out = given.get("input_tokens_details"), given.get("output_tokens_details")
    return {
        **given,
        **({"prompt_tokens_details": into} if isinstance(into, Mapping) else {}),
        **({"completion_tokens_details": out} if isinstance(out, Mapping) else {}),
    }
