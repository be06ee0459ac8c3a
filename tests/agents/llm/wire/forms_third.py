"""The third set of forms: written with its readings after what the second one showed was mended, before it was run."""

import json

from incidents.faults import ModelFault
from tests.agents.llm.wire.forms import (
    ARGS,
    CALL,
    ONE,
    OTHER,
    TEXT,
    TWO,
    Again,
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

CALLS = (
    Form("call:name with escapes", "FunctionGemma", text("<start_function_call>call:metrics{service:<escape>payment"
         "<escape>,kind:<escape>errors<escape>}<end_function_call>"), ONE),
    Form("name before the separator", "DeepSeek V3.1", text("<\uff5ctool▁calls▁begin\uff5c><\uff5ctool▁call▁begin\uff5c>"
         f"metrics<\uff5ctool▁sep\uff5c>{TEXT}<\uff5ctool▁call▁end\uff5c><\uff5ctool▁calls▁end\uff5c>"), ONE),
    Form("tool_calls tags", "Jamba", text(f"<tool_calls>[\n  {json.dumps(CALL)}\n]</tool_calls>"), ONE),
    Form("plugin marks", "InternLM", text(
        f'I look.<|action_start|><|plugin|>\n{{"name": "metrics", "parameters": {TEXT}}}<|action_end|>'), ONE),
    Form("the recipient in the role", "gpt-oss", text(
        f"<|start|>assistant to=functions.metrics<|channel|>commentary json<|message|>{TEXT}<|call|>"), ONE),
    Form("older form with a prefix", "LocalAI", Raw(message("function_call", function_call={
        "name": "functions.metrics", "arguments": TEXT})), ONE),
    Form("a leaked end behind the arguments", "vLLM", tool(arguments=TEXT + "\n</tool_call>"), ONE),
    Form("arguments in a fence", "small models", tool(arguments=f"```json\n{TEXT}\n```"), ONE),
    Form("a service with a space and a capital", "Gemma", tool(arguments=json.dumps({**ARGS, "service": "Payment "})),
         ONE),
    Form("written in a part of text", "Mistral", text([{"type": "text", "text": f"<tool_call>{json.dumps(CALL)}"
         "</tool_call>"}]), ONE),
    Form("a call that is only spoken of", "any", text("I would call `metrics(service='payment')` next."),
         Again("held no call")),
    Form("a bare list of two", "xLAM", text(f'[{json.dumps(CALL)}, {{"name": "metrics", "arguments": {OTHER}}}]'), TWO),
    Form("function_calls with invoke", "Claude behind gateways", text('<function_calls>\n<invoke name="metrics">\n'
         '<parameter name="service">payment</parameter>\n<parameter name="kind">errors</parameter>\n</invoke>\n'
         "</function_calls>"), ONE),
    Form("name in an array of one with text around", "Hermes 3", text(
        f"Sure!\n<tool_call>\n[{json.dumps(CALL)}]\n</tool_call>\nDone."), ONE),
)  # fmt: skip

STREAMS = (
    Form("arguments grow in every piece", "DashScope", stream(
        piece('{"service": "pay', index=0, id="a", name="metrics"),
        piece('{"service": "payment", "kind"', index=0, id="a", name="metrics"),
        piece(TEXT, index=0, id="a", name="metrics"), finish="tool_calls"), ONE, stream=True),
    Form("another id in every piece", "proxies", stream(
        piece('{"service": "payment",', index=0, id="a", name="metrics"), piece(' "kind": "errors"}', index=0, id="b"),
        finish="tool_calls"), ONE, stream=True),
    Form("an empty finish, then [DONE]", "TGI", stream({"tool_calls": [{"index": 0, **called("metrics", TEXT)}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": ""}]}, finish=None), ONE, stream=True),
    Form("an error with a choice", "OpenRouter", stream({"content": "I"}, {"error": {"code": 502, "message":
        "provider disconnected"}, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]},
        finish=None), Fails(ModelFault.SERVER, ("provider disconnected",), requests=4, outage=True), stream=True),
    Form("a limit in the stream", "Anthropic gateways", stream({"error": {"code": 429, "message": "too fast"}},
        finish=None, done=False), Fails(ModelFault.RATE_LIMIT, ("too fast",), requests=4, outage=True), stream=True),
    Form("[DONE] and nothing else", "any", stream(finish=None), Again(), stream=True),
    Form("a stream that nobody asked for", "Cloudflare workers", stream(
        piece(TEXT, index=0, id="a", name="metrics"), finish="tool_calls"), ONE),
)  # fmt: skip

REPORTS = (
    Form("in a box", "GLM-V", text(f"<|begin_of_box|>{R}<|end_of_box|>"), Reported()),
    Form("wrapped once more inside the call", "Gemini", tool("TriageReport", json.dumps({"TriageReport": REPORT})),
         Reported()),
    Form("another spelling of the report's name", "small models", tool("triage_report", R), Reported()),
    Form("an enumeration in a list of one", "Gemma", tool("TriageReport", json.dumps({**REPORT, "severity": ["P1"]})),
         Reported()),
    Form("empty tool_calls beside it", "LM Studio", text(R, tool_calls=[], function_call=None), Reported()),
    Form("tabs and line breaks inside texts", "llama.cpp", tool("TriageReport", R.replace(
        "payment fails", "payment\n\tfails")), Reported({"summary": "payment\n\tfails"})),
)  # fmt: skip

ERRORS = (
    Form("a page with 502", "nginx", refused(502, "<html>\n<head><title>502 Bad Gateway</title></head></html>",
        "text/html"), Fails(ModelFault.SERVER, ("502 Bad Gateway",), ("<title>",), requests=4, outage=True)),
    Form("too long, Gemini with brackets", "Gemini", refused(400, {"error": {"code": 400, "message":
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}),
        Fails(ModelFault.TOO_LONG, ("1200000 of 1048576",))),
    Form("too long, DeepSeek", "DeepSeek", refused(400, {"error": {"message": "This model's maximum context length is "
        "65536 tokens. However, you requested 70000 tokens (66000 in the messages, 4000 in the completion)."}}),
        Fails(ModelFault.TOO_LONG, ("65536", "70000"))),
    Form("too long, without figures", "OpenAI", refused(400, {"error": {"message":
        "Your input exceeds the context window of this model. Please adjust your input and try again."}}),
        Fails(ModelFault.TOO_LONG, ("too long",))),
    Form("too long, xAI", "xAI", refused(400, {"code": "Client specified an invalid argument", "error":
        "This model's maximum prompt length is 131072 but the request contains 140000 tokens."}),
        Fails(ModelFault.TOO_LONG, ("140000 of 131072",))),
    Form("too long, TGI inputs", "TGI", refused(422, {"error": "Input validation error: `inputs` must have less than "
        "4096 tokens. Given: 5000", "error_type": "validation"}), Fails(ModelFault.TOO_LONG, ("5000 of 4096",))),
    Form("too long, through gRPC", "LocalAI", refused(500, {"error": {"code": 500, "message": "rpc error: code = "
        "Internal desc = the request exceeds the available context size", "type": ""}}),
        Fails(ModelFault.TOO_LONG, ("too long",))),
    Form("overloaded", "Anthropic", refused(529, {"type": "error", "error": {"type": "overloaded_error", "message":
        "Overloaded"}}), Fails(ModelFault.SERVER, ("Overloaded",), requests=4, outage=True)),
    Form("no deployment", "Azure", refused(404, {"error": {"code": "DeploymentNotFound", "message":
        "The API deployment for this resource does not exist."}}),
        Fails(ModelFault.REFUSED, ("does not exist", "NEXUS_LLM_MODEL"), outage=True)),
    Form("an unknown name of a model, with 400", "LiteLLM", refused(400, {"error": {"message":
        "Invalid model name passed in model=x. Call `/v1/models` to view available models", "code": "400"}}),
        Fails(ModelFault.REFUSED, ("NEXUS_LLM_MODEL",), outage=True)),
    Form("a page that wants a browser", "Cloudflare", refused(403, "<!DOCTYPE html><html><head><title>Just a moment..."
        "</title></head></html>", "text/html"), Fails(ModelFault.ACCESS, ("Just a moment",), outage=True)),
    Form("0h 0m 5s", "gateways", refused(429, {"detail": "limit reached, try again in 0h 0m 5s"}), Again(pause=5)),
    Form("asleep", "Hugging Face", refused(503, {"error": "The endpoint is paused", "message": "it is starting: model "
        "is not ready"}), Fails(ModelFault.SERVER, ("being loaded",), requests=None, outage=True)),
)  # fmt: skip

THIRD = (*CALLS, *STREAMS, *REPORTS, *ERRORS)
