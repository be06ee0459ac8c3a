"""A completion as any server sends it, read into the one form that the client takes as it is. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from agents.llm.wire import harmony
from agents.llm.wire.asked import Asked
from agents.llm.wire.faults import NotAnAnswer
from agents.llm.wire.fitting import fit
from agents.llm.wire.json_text import loads, values_in
from agents.llm.wire.names import resolved
from agents.llm.wire.thoughts import part
from agents.llm.wire.written import calls_in

#: Where gateways wrap what another server answered.
_WRAPPERS = ("result", "response", "data", "output", "body")
_LENGTH = {"length", "max_tokens", "model_length", "max_output_tokens", "max_new_tokens", "token_limit"}
_FILTER = {
    "content_filter", "content_filtered", "safety", "recitation", "prohibited_content", "blocklist", "spii",
    "guardrail_intervened", "refusal", "sensitive", "blocked", "moderation",
}  # fmt: skip
_BROKEN_CALL = {"malformed_function_call", "unexpected_tool_call", "malformed_tool_call"}
_FAILED = {"error", "network_error", "insufficient_system_resource", "abort", "aborted", "cancelled"}
#: What leaks into arguments from a template or a fence.
_MARKS = re.compile(r"</?[\w:|\uff5c▁]+>|```\w*|;")
_BESIDE = ("arguments", "parameters", "args", "input", "kwargs", "properties")


def completion_of(body: Any, asked: Asked) -> dict[str, Any]:
    """The completion with calls of offered tools, arguments as JSON text, ids, and a known finish reason.

    The message gets `thought`: what the model thought beside its answer, if the server tells it.

    Raises:
        NotAnAnswer: there is none in it.
    """
    whole = _unwrapped(body)
    choice, message = _first(whole)
    said, thought, refusal, parts = _texts(message)
    calls = [*_native(message, asked), *(_call(one, asked) for one in parts)]
    if not calls:
        calls, said = _from_text(said, thought, asked)
    finish = _finish(choice, whole)
    if calls and finish == "stop":
        finish = "tool_calls"
    told: dict[str, Any] = {
        "role": "assistant",
        "content": said,
        "refusal": refusal,
        "thought": thought or None,
    }
    if calls:
        told["tool_calls"] = list(_with_ids(calls, asked))
    return {
        "id": str(whole.get("id") or "none"),
        "object": "chat.completion",
        "created": whole.get("created") if isinstance(whole.get("created"), int) else 0,
        "model": str(whole.get("model") or asked.model),
        "choices": [{"index": 0, "message": told, "finish_reason": finish}],
        "usage": _usage(whole.get("usage")),
    }


def failed_choice(body: Any) -> Mapping[str, Any] | None:
    """The error that stands in a choice instead of an answer."""
    whole = _unwrapped(body) if isinstance(body, Mapping) else {}
    choices = whole.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, Mapping):
        return None
    if isinstance(error := first.get("error"), Mapping) and error:
        return error
    finish = str(first.get("finish_reason") or "").lower()
    return {"message": f"the server ended its answer with {finish}"} if finish in _FAILED else None


def generation_in(body: Any) -> Mapping[str, Any] | None:
    """A completion of the text that a refusal quotes as what the model said, if it quotes any.

    Groq refuses a call that it cannot parse (400, `tool_use_failed`) and hands the model's words on.
    """
    inner = body.get("error") if isinstance(body, Mapping) else None
    said = inner.get("failed_generation") if isinstance(inner, Mapping) else None
    return {"message": {"content": said}} if isinstance(said, str) and said.strip() else None


def _unwrapped(body: Any) -> Mapping[str, Any]:
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, Mapping):
        raise NotAnAnswer("a JSON value that is no object")
    if "choices" not in body:
        for key in _WRAPPERS:
            inner = body.get(key)
            if not isinstance(inner, Mapping):
                continue
            if "choices" in inner or "message" in inner:
                return inner
            if isinstance(inner.get("response"), str) or inner.get("tool_calls"):
                return {"message": {**inner, "content": inner.get("response")}, "usage": inner.get("usage")}
    return body


def _first(whole: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The first choice and its message; some servers send the message without choices."""
    choices = whole.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else choices
    if not isinstance(choice, Mapping):
        if isinstance(whole.get("message"), Mapping):
            return whole, whole["message"]
        if _blocked(whole):
            return {"finish_reason": "content_filter"}, {}
        raise NotAnAnswer("no choices")
    message = choice.get("message") or choice.get("delta")
    if isinstance(message, Mapping):
        return choice, message
    text = message if isinstance(message, str) else choice.get("text")
    if isinstance(text, str):
        return choice, {"content": text}
    if _finish(choice, whole) in {"stop", "tool_calls"}:
        raise NotAnAnswer("a choice without a message")
    return choice, {}


def _blocked(whole: Mapping[str, Any]) -> bool:
    feedback = whole.get("promptFeedback") or whole.get("prompt_feedback")
    return isinstance(feedback, Mapping) and bool(feedback.get("blockReason") or feedback.get("block_reason"))


def _texts(message: Mapping[str, Any]) -> tuple[str, str, str | None, list[Mapping[str, Any]]]:
    """What was said, what was thought, what was refused, and calls that stand among the parts."""
    said, thought, refusals = list[str](), list[str](), list[str]()
    calls: list[Mapping[str, Any]] = []
    for kind, value in _parts(message.get("content")):
        if kind == "call":
            calls.append(value)
        else:
            {"thought": thought, "refusal": refusals}.get(kind, said).append(value)
    for key in ("reasoning_content", "reasoning", "thinking"):
        thought += [value for _, value in _parts(message.get(key))][:1]
    if isinstance(message.get("refusal"), str) and message["refusal"].strip():
        refusals.append(message["refusal"])
    channels = harmony.parted("".join(said))
    if channels is not None:
        said, thought = [channels.said], [*thought, channels.thought]
    parted = part("".join(said))
    thoughts = "\n".join(one for one in (*thought, parted.thought) if one.strip())
    return parted.said, thoughts, "\n".join(refusals) or None, calls


def _parts(content: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a content: a text, a list of parts, or JSON that the server has already read."""
    if isinstance(content, str):
        yield "said", content
    elif isinstance(content, list):
        for one in content:
            yield from _part(one) if isinstance(one, Mapping) else _parts(one)
    elif isinstance(content, Mapping):
        yield from _part(content)


def _part(one: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = str(one.get("type") or "")
    if kind in {"tool_use", "tool_call", "function_call", "toolUse"}:
        yield "call", one
    elif "thinking" in kind or "reasoning" in kind:
        inner = one.get("thinking") or one.get("reasoning") or one.get("text") or one.get("summary") or ""
        yield from (("thought", value) for _, value in _parts(inner))
    elif kind == "refusal":
        yield "refusal", str(one.get("refusal") or "")
    elif isinstance(text := one.get("text", one.get("content")), str):
        yield "said", text
    elif isinstance(text, Mapping) and isinstance(text.get("value"), str):
        yield "said", text["value"]
    elif not kind:
        yield "said", json.dumps(dict(one))


def _native(message: Mapping[str, Any], asked: Asked) -> Iterator[dict[str, Any]]:
    given = message.get("tool_calls")
    several = given if isinstance(given, list) else [given] if isinstance(given, Mapping) else []
    if not several and isinstance(legacy := message.get("function_call"), Mapping) and legacy:
        several = [{"function": legacy}]
    for one in several:
        if isinstance(one, Mapping):
            yield _call(one, asked)


def _call(one: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    inner = one.get("function")
    function = inner if isinstance(inner, Mapping) else one
    given = str(function.get("name") or one.get("name") or (inner if isinstance(inner, str) else "") or "")
    name = resolved(given, asked.tools) or given
    keys = [key for key in _BESIDE if function.get(key) is not None]
    raw = function[keys[0]] if keys else None
    return {"id": one.get("id"), "name": name, "arguments": arguments_of(raw, asked.tools.get(name))}


def arguments_of(raw: Any, schema: Mapping[str, Any] | None) -> str:
    """Arguments as the JSON text of an object that fits the schema; what cannot be read stays as it is."""
    value = raw
    for _ in range(4):
        if not isinstance(value, str):
            break
        if value.strip() in {"", "null", "None", "{}"}:
            value = {}
            break
        try:
            value = loads(value)
        except ValueError:
            value = _once(value)
            break
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        value = value[0]
    if value is None or value == []:
        value = {}
    if not isinstance(value, Mapping):
        return raw if isinstance(raw, str) else json.dumps(raw)
    if schema is None:
        return json.dumps(dict(value))
    return json.dumps(fit(_bare(value, schema), schema))


def _once(text: str) -> Any:
    """The object of a text that holds it, perhaps again and again, beside marks only; else the text."""
    found = list(values_in(text))
    rest = text
    for one in found:
        rest = rest.replace(text[one.start : one.end], "")
    same = bool(found) and all(one.value == found[0].value for one in found)
    return found[0].value if same and not _MARKS.sub("", rest).strip() else text


def _bare(value: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments inside another layer, where the schema knows no field of that name."""
    known = schema.get("properties", {})
    only = next(iter(value.values())) if len(value) == 1 and not set(value) & set(known) else None
    needed = set(schema.get("required", []))
    if isinstance(only, Mapping) and needed and needed <= set(only):
        return only
    inner = [key for key in _BESIDE if key in value and key not in known and isinstance(value[key], Mapping)]
    beside = set(value) - set(inner[:1]) - {"type", "name", "required", "tool", "title", "description"}
    return value[inner[0]] if inner and not beside and not set(value) & set(known) else value


def _from_text(said: str, thought: str, asked: Asked) -> tuple[list[dict[str, Any]], str]:
    """Calls that the text writes; if nothing was said, those of thoughts that are nothing but a call."""
    for text in (said, *([thought] if not said else [])):
        found = calls_in(text, asked.tools) if text else []
        if found:
            return [
                {
                    "id": None,
                    "name": one.name,
                    "arguments": arguments_of(one.arguments, asked.tools[one.name]),
                }
                for one in found
            ], ""
    return [], said or _whole_json(thought)


def _whole_json(thought: str) -> str:
    """Thoughts that are one JSON value from end to end: the answer, put into the wrong field."""
    bare = thought.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    try:
        return bare if bare.startswith("{") and isinstance(loads(bare), dict) else ""
    except ValueError:
        return ""


def _with_ids(calls: list[dict[str, Any]], asked: Asked) -> Iterator[dict[str, Any]]:
    """Each call with an id of its own, the same whenever the same conversation is had again."""
    taken: set[str] = set()
    for place, call in enumerate(calls):
        given = call["id"] if isinstance(call["id"], str | int) else ""
        name = str(given).strip()
        name = name if name and name not in taken else f"call_{asked.turn}_{place}"
        taken.add(name)
        function = {"name": call["name"], "arguments": call["arguments"]}
        yield {"id": name, "type": "function", "function": function}


def _finish(choice: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    said = choice.get("finish_reason") or choice.get("finishReason") or choice.get("done_reason")
    said = said or whole.get("done_reason") or choice.get("stop_reason") or "stop"
    reason = str(said).rsplit(".", 1)[-1].strip().lower()
    for kind, words in (("length", _LENGTH), ("content_filter", _FILTER), ("broken_call", _BROKEN_CALL)):
        if reason in words:
            return kind
    return "stop"


def _usage(given: Any) -> dict[str, Any] | None:
    if not isinstance(given, Mapping):
        return None

    def count(*names: str) -> int:
        return next((int(given[name]) for name in names if isinstance(given.get(name), int | float)), 0)

    into, out = count("prompt_tokens", "input_tokens"), count("completion_tokens", "output_tokens")
    details = {
        key: value
        for key in ("prompt_tokens_details", "completion_tokens_details")
        if isinstance(value := given.get(key), Mapping)
    }
    if not into and not out:
        return None
    return {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out, **details}
