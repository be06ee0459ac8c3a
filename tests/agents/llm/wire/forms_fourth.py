"""The fourth set: answers of the Responses API, and newer ones of chat; written with its readings before any was run."""

import json
from typing import Any

from incidents.faults import ModelFault
from tests.agents.llm.wire.forms import (
    ARGS,
    ONE,
    OTHER,
    TEXT,
    TWO,
    Again,
    Called,
    Fails,
    Form,
    R,
    Reported,
    piece,
    refused,
    stream,
    text,
    tool,
)  # fmt: skip
from tests.agents.llm.wire.wire_server import REPORT, Raw, called, message

_USED = {
    "input_tokens": 90, "input_tokens_details": {"cached_tokens": 64}, "output_tokens": 10,
    "output_tokens_details": {"reasoning_tokens": 4}, "total_tokens": 100,
}  # fmt: skip
THINKING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}


def response(*output: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    """A whole response."""
    return {
        "id": "resp_7", "object": "response", "created_at": 1767225600, "model": "local-model", "status": status,
        "error": None, "incomplete_details": None, "output": list(output), "usage": _USED, **more,
    }  # fmt: skip


def asks(arguments: Any = TEXT, name: str = "metrics", **more: Any) -> dict[str, Any]:
    """An item that calls."""
    return {
        "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name, "arguments": arguments,
        "status": "completed", **more,
    }  # fmt: skip


def says(said: Any, **more: Any) -> dict[str, Any]:
    """An item with a text."""
    parts = said if isinstance(said, list) else [{"type": "output_text", "text": said, "annotations": []}]
    return {
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": parts, **more,
    }  # fmt: skip


def rows(*events: dict[str, Any], named: bool = True, done: bool = False) -> Raw:
    """A stream of events, each with its name."""
    told = [
        f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" if named else f"data: {json.dumps(one)}\n\n"
        for one in events
    ]
    return Raw("".join(told) + ("data: [DONE]\n\n" if done else ""), kind="text/event-stream")


def _new(name: str, server: str, raw: Raw, reading: Any, stream: bool = False) -> Form:
    return Form(name, server, raw, reading, stream, api="responses")


def _added(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _more(delta: str, index: int = 0, item: str = "fc_1") -> dict[str, Any]:
    kind = "response.function_call_arguments.delta"
    return {"type": kind, "output_index": index, "item_id": item, "delta": delta}


def _word(delta: str) -> dict[str, Any]:
    kind = "response.output_text.delta"
    return {"type": kind, "output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": delta}


CREATED = {"type": "response.created", "response": response(status="in_progress", usage=None)}
_EMPTY = asks("", status="in_progress")

WHOLE = (
    _new("a call behind thoughts", "OpenAI, Responses", Raw(response(THINKING, asks())), ONE),
    _new("two calls", "OpenAI, Responses", Raw(response(asks(), asks(OTHER, id="fc_2", call_id="call_2"))), TWO),
    _new("the report as a call", "OpenAI, Responses", Raw(response(asks(R, "TriageReport"))), Reported()),
    _new("the report as text", "OpenAI, Responses", Raw(response(THINKING, says(R))), Reported()),
    _new("a preamble before the call", "OpenAI, Responses", Raw(response(says("I look first."), asks())), ONE),
    _new("a refusal", "OpenAI, Responses", Raw(response(says([{"type": "refusal", "refusal": "I cannot."}]))), Again()),
    _new("cut at the limit while thinking", "OpenAI, Responses", Raw(response(THINKING, status="incomplete",
         incomplete_details={"reason": "max_output_tokens"})), Again("cut")),
    _new("a call cut at the limit", "OpenAI, Responses", Raw(response(asks('{"service": "pay', status="incomplete"),
         status="incomplete", incomplete_details={"reason": "max_output_tokens"})), Again("cut")),
    _new("withheld by the filter", "Azure, Responses", Raw(response(says("pay"), status="incomplete",
         incomplete_details={"reason": "content_filter"})), Fails(ModelFault.REFUSED, ("content filter",))),
    _new("failed with a limit", "OpenAI, Responses", Raw(response(status="failed", usage=None, error={
         "code": "rate_limit_exceeded", "message": "Rate limit reached, try again in 3s"})), Again(pause=3)),
    _new("failed for no told reason", "OpenAI, Responses", Raw(response(status="failed")),
         Fails(ModelFault.SERVER, ("failed",), requests=4, outage=True)),
    _new("failed as too long", "OpenAI, Responses", Raw(response(status="failed", error={"code":
         "context_length_exceeded", "message": "Your input exceeds the context window of this model."})),
         Fails(ModelFault.TOO_LONG, ("too long",))),
    _new("a prompt that is flagged", "OpenAI, Responses", Raw(response(status="failed", error={"code": "invalid_prompt",
         "message": "Invalid prompt: your prompt was flagged as potentially violating our usage policy."})),
         Fails(ModelFault.REFUSED, ("content filter",))),
    _new("arguments as an object", "gateways, Responses", Raw(response(asks(ARGS))), ONE),
    _new("no call_id", "gateways, Responses", Raw(response({"type": "function_call", "name": "metrics",
         "arguments": TEXT})), ONE),
    _new("only output_text", "gateways, Responses", Raw({"id": "r", "object": "response", "status": "completed",
         "output": [], "output_text": R}), Reported()),
    _new("no output and no status", "gateways, Responses", Raw({"id": "r", "object": "response", "output": []}),
         Again()),
    _new("still queued", "OpenAI, Responses", Raw(response(status="queued", usage=None)),
         Fails(ModelFault.NOT_AN_ANSWER, ("queued",), requests=2)),
    _new("chat in answer to it", "LiteLLM, Responses", Raw(message("tool_calls", tool_calls=[called("metrics", TEXT)])),
         ONE),
    _new("thoughts as text parts", "vLLM, Responses", Raw(response({"type": "reasoning", "id": "rs", "summary": [],
         "content": [{"type": "reasoning_text", "text": "I look."}]}, asks(id="fc_9", call_id="chatcmpl-tool-1"))), ONE),
    _new("a call as text", "llama.cpp, Responses", Raw(response(says(
         f'<tool_call>{{"name": "metrics", "arguments": {TEXT}}}</tool_call>'))), ONE),
    _new("a new kind of item", "OpenAI, Responses", Raw(response({"type": "compaction", "id": "c", "encrypted_content":
         "x"}, asks())), ONE),
    _new("content is null", "gateways, Responses", Raw(response({"type": "message", "role": "assistant", "content":
         None}, asks())), ONE),
)  # fmt: skip

STREAMS = (
    _new("a call in pieces", "OpenAI, Responses", rows(CREATED, _added(_EMPTY), _more('{"service": "payment",'),
         _more(' "kind": "errors"}'), {"type": "response.output_item.done", "output_index": 0, "item": asks()},
         {"type": "response.completed", "response": response(asks())}), ONE, stream=True),
    _new("the end holds no output", "proxies, Responses", rows(CREATED, _added(_EMPTY), _more(TEXT),
         {"type": "response.output_item.done", "output_index": 0, "item": asks()},
         {"type": "response.completed", "response": response()}), ONE, stream=True),
    _new("pieces, no done, no output", "proxies, Responses", rows(CREATED, _added(_EMPTY), _more(TEXT[:9]),
         _more(TEXT[9:]), {"type": "response.completed", "response": response()}), ONE, stream=True),
    _new("the end is all there is", "gateways, Responses", rows({"type": "response.completed", "response":
         response(says(R))}), Reported(), stream=True),
    _new("without event lines, with [DONE]", "LM Studio, Responses", rows(CREATED, _added(_EMPTY), _more(TEXT),
         {"type": "response.completed", "response": response(asks())}, named=False, done=True), ONE, stream=True),
    _new("cut in the middle of a call", "any proxy, Responses", rows(CREATED, _added(_EMPTY), _more('{"service": "pay')),
         Again(), stream=True),
    _new("words, then nothing", "any proxy, Responses", rows(CREATED, _added(says("")), _word("I look")), Again(),
         stream=True),
    _new("incomplete at the limit", "OpenAI, Responses", rows(CREATED, _added(_EMPTY), _more('{"service": "payment"'),
         {"type": "response.incomplete", "response": response(asks('{"service": "payment"', status="incomplete"),
         status="incomplete", incomplete_details={"reason": "max_output_tokens"})}), Again("cut"), stream=True),
    _new("failed in the stream", "OpenAI, Responses", rows(CREATED, {"type": "response.failed", "response": response(
         status="failed", error={"code": "server_error", "message": "The server had an error"})}),
         Fails(ModelFault.SERVER, ("The server had an error",), requests=4, outage=True), stream=True),
    _new("an error event", "OpenAI, Responses", rows(CREATED, {"type": "error", "code": "rate_limit_exceeded",
         "message": "slower, please", "param": None}),
         Fails(ModelFault.RATE_LIMIT, ("slower, please",), requests=4, outage=True), stream=True),
    _new("refused in pieces", "OpenAI, Responses", rows(CREATED, _added(says([])), {"type": "response.refusal.delta",
         "output_index": 0, "item_id": "msg_1", "delta": "I can"}, {"type": "response.refusal.done", "output_index": 0,
         "item_id": "msg_1", "refusal": "I cannot."}, {"type": "response.completed", "response": response()}),
         Again(), stream=True),
    _new("a whole response to a stream", "LiteLLM, Responses", Raw(response(asks())), ONE, stream=True),
)  # fmt: skip

_ONLY_THERE = "This model is only supported in v1/responses and not in v1/chat/completions."
ASKS_FOR_IT = (
    Form("only in v1/responses", "OpenAI", refused(404, {"error": {"message": _ONLY_THERE, "type":
         "invalid_request_error", "param": "model", "code": None}}), Again()),
    Form("function tools with reasoning effort", "OpenAI", refused(400, {"error": {"message": "Function tools with "
         "reasoning_effort are not supported for gpt-x in /v1/chat/completions. Please use /v1/responses instead.",
         "type": "invalid_request_error", "param": "reasoning_effort", "code": None}}), Again()),
    Form("chatCompletion does not work with the model", "Azure", refused(400, {"error": {"code":
         "OperationNotSupported", "message": "The chatCompletion operation does not work with the specified model, "
         "gpt-5-codex. Please choose different model and try again."}}), Again()),
    Form("not accessible via /chat/completions", "Copilot", refused(400, {"error": {"message": 'model "gpt-5-codex" is '
         "not accessible via the /chat/completions endpoint", "code": "unsupported_api_for_model"}}), Again()),
    Form("not a chat model, completions meant", "OpenAI", refused(404, {"error": {"message": "This is not a chat model "
         "and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?"}}),
         Fails(ModelFault.REFUSED, ("not a chat model",), outage=True)),
)  # fmt: skip

CHAT = (
    Form("usage of zeros", "gateways", Raw({**message("tool_calls", tool_calls=[called("metrics", TEXT)]), "usage":
         {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}), ONE),
    Form("details of the thoughts", "OpenRouter", text(R, reasoning=None, reasoning_details=[{"type":
         "reasoning.encrypted", "data": "x"}]), Reported()),
    Form("a call without a type, with an index", "xAI", tool(index=0, type=None), ONE),
    Form("a response in answer to chat", "gateways", Raw(response(asks())), ONE),
    Form("finish stop beside a cut call", "Ollama", tool(arguments='{"service": "payment", "kind": "err',
         finish="stop"), Again("JSON")),
    Form("the model's own end in the text", "llama.cpp", text(f"{R}<|im_end|>"), Reported()),
    Form("quota in a stream", "OpenRouter", stream({"error": {"code": 402, "message": "This request requires more "
         "credits"}}, finish=None), Fails(ModelFault.QUOTA, ("credits",), outage=True), stream=True),
    Form("a call's index as text", "proxies", stream(piece(TEXT[:5], index="0", id="a", name="metrics"),
         piece(TEXT[5:], index="0"), finish="tool_calls"), ONE, stream=True),
    Form("thoughts beside the call in every piece", "SGLang", stream({"reasoning_content": "I", "content": None},
         {"reasoning_content": " look", **piece(TEXT, index=0, id="a", name="metrics")}, finish="tool_calls"), ONE,
         stream=True),
    Form("one service for all", "small models", tool(arguments='{"service": "payment", "kind": "errors", "windows": '
         '"now-1h"}'), Called(({**ARGS, "windows": ("now-1h",)},))),
    Form("severity with words behind it", "small models", tool("TriageReport", json.dumps({**REPORT, "severity":
         "p1"})), Reported()),
)  # fmt: skip

FOURTH = (*WHOLE, *STREAMS, *ASKS_FOR_IT, *CHAT)
