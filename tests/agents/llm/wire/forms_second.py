"""The second set of forms: written with its readings after what the first one showed was mended, before it was run."""

import gzip
import json
from typing import Any

from incidents.faults import ModelFault
from tests.agents.llm.wire.forms import (
    ARGS,
    CALL,
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


def error(said: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": said, **more}}


CALLS = (
    Form("name directly before the object", "Mistral small 2506", text(f"[TOOL_CALLS]metrics{TEXT}"), ONE),
    Form("ReAct", "LocalAI templates", text(f"Thought: look.\nAction: metrics\nAction Input: {TEXT}\n"), ONE),
    Form("python between marks", "LFM2",
         text('<|tool_call_start|>[metrics(service="payment", kind="errors")]<|tool_call_end|>'), ONE),
    Form("functools", "Phi-4 mini", text(f"functools[{json.dumps(CALL)}]"), ONE),
    Form("TOOLCALL", "Nemotron", text(f"<TOOLCALL>[{json.dumps(CALL)}]</TOOLCALL>"), ONE),
    Form("Action with JSON", "Command R", text(
        'Plan: look.\nAction: ```json\n[{"tool_name": "metrics", "parameters": ' + TEXT + "}]\n```"), ONE),
    Form("tool_calls as text", "TGI", text(json.dumps({"tool_calls": [called("metrics", TEXT)]})), ONE),
    Form("type and parameters", "Llama 3.2",
         text(json.dumps({"type": "function", "name": "metrics", "parameters": ARGS})), ONE),
    Form("two, with a semicolon", "Llama 3.1", text("; ".join(
        f'{{"name": "metrics", "parameters": {a}}}' for a in (TEXT, OTHER))), TWO),
    Form("call inside the thoughts", "GLM, Qwen", text(
        "", reasoning_content=f'Look.\n<tool_call>{json.dumps(CALL)}</tool_call>'), ONE),
    Form("the same object twice", "vLLM", tool(arguments=TEXT + TEXT), ONE),
    Form("tool_calls as an object", "PHP gateways", Raw(message("tool_calls", tool_calls=called("metrics", TEXT))),
         ONE),
    Form("name and arguments without function", "Cloudflare", Raw(message("stop", tool_calls=[CALL])), ONE),
    Form("an envelope", "Cloudflare", Raw({"success": True, "errors": [], "messages": [],
        "result": {"response": None, "tool_calls": [CALL]}}), ONE),
    Form("the native form", "Ollama", Raw({"model": "m", "done": True, "done_reason": "stop", "message": {
        "role": "assistant", "content": "", "tool_calls": [{"function": CALL}]}}), ONE),
    Form("blank lines before the body", "DeepSeek", Raw("\n\n\n" + json.dumps(message(
        "tool_calls", tool_calls=[called("metrics", TEXT)]))), ONE),
    Form("compressed", "any proxy", Raw(gzip.compress(json.dumps(message(
        "tool_calls", tool_calls=[called("metrics", TEXT)])).encode()), headers={"content-encoding": "gzip"}), ONE),
    Form("the failed generation", "Groq", refused(400, error("Failed to call a function.", code="tool_use_failed",
        failed_generation=f"<function=metrics>{TEXT}</function>")), ONE),
    Form("float for a whole number", "Gemini", tool(arguments='{"service": "payment", "limit": "7.0"}'),
         Called(({"service": "payment", "limit": 7},))),
    Form("a null for a default", "Gemini", tool(arguments='{"service": "payment", "limit": null, "windows": null}'),
         Called(({"service": "payment"},))),
    Form("error null beside choices", "OpenRouter", Raw({**message(
        "tool_calls", tool_calls=[called("metrics", TEXT)]), "error": None}), ONE),
    Form("finish eos_token", "TGI", tool(finish="eos_token"), ONE),
    Form("fence inside the tags", "Hermes on Ollama",
         text(f"<tool_call>\n```json\n{json.dumps(CALL)}\n```\n</tool_call>"), ONE),
    Form("tags never closed", "Qwen2.5", text(f"<tool_call>\n{json.dumps(CALL)}"), ONE),
)  # fmt: skip

STREAMS = (
    Form("pieces of two calls in turn", "Fireworks", stream(
        piece('{"service": ', index=0, id="a", name="metrics"), piece('{"service": ', index=1, id="b", name="metrics"),
        piece('"payment", "kind": "errors"}', index=0), piece('"checkout", "kind": "errors"}', index=1),
        finish="tool_calls"), TWO, stream=True),
    Form("the name in pieces", "gateways", stream(
        piece("", index=0, id="a", name="met"), piece("", index=0, name="rics"), piece(TEXT, index=0),
        finish="tool_calls"), ONE, stream=True),
    Form("index from 1", "Anthropic gateways", stream(
        {"content": "I look."}, piece("", index=1, id="a", name="metrics"), piece(TEXT, index=1),
        finish="tool_calls"), ONE, stream=True),
    Form("two without index and id, whole", "Ollama", stream(
        piece(TEXT, name="metrics"), piece(OTHER, name="metrics"), finish="stop"), TWO, stream=True),
    Form("lines of JSON without data:", "Ollama-like", Raw("".join(json.dumps(c) + "\n" for c in (
        {"choices": [{"index": 0, "delta": piece(TEXT, index=0, id="a", name="metrics")}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})), kind="application/x-ndjson"),
        ONE, stream=True),
    Form("object error in the stream", "vLLM", stream(
        {"role": "assistant"}, 'data: {"object": "error", "message": "engine died", "code": 500}\n\n',
        finish=None, done=True), Fails(ModelFault.SERVER, ("engine died",), requests=4, outage=True), stream=True),
    Form("keep-alive, then nothing", "OpenRouter", stream(": OPENROUTER PROCESSING\n\n" * 3, finish=None, done=False),
         Fails(ModelFault.CONNECTION, ("broke off",), requests=4, outage=True), stream=True),
    Form("a separator of lines in a text", "any", Raw("data: " + json.dumps({"choices": [{"index": 0,
        "finish_reason": "stop", "delta": {"content": R.replace("fails", "fails\u2028so")}}]}, ensure_ascii=False)
        + "\n\ndata: [DONE]\n\n", kind="text/event-stream"),
        Reported({"summary": "payment fails\u2028so"}), stream=True),
    Form("finish length in the stream", "any", stream(piece(TEXT[:20], index=0, id="a", name="metrics"),
        finish="length"), Again("cut at the length"), stream=True),
    Form("calls written over several chunks", "vLLM without a parser", stream(
        {"content": "<tool_"}, {"content": 'call>{"name": "metrics", "argu'}, {"content": f'ments": {TEXT}}}</tool_call>'}),
        ONE, stream=True),
)  # fmt: skip

REPORTS = (
    Form("answer tags", "reasoning models", text(f"<answer>\n{R}\n</answer>"), Reported()),
    Form("under a key of its own", "small models", text(json.dumps({"report": REPORT})), Reported()),
    Form("list of one", "Gemini", text(f"[{R}]"), Reported()),
    Form("python text inside a call", "Qwen", tool("TriageReport", json.dumps({
        **REPORT, "impact": "{'services': ['payment']}", "claims": "None"})), Reported()),
    Form("one service for the list", "Llama 3", tool("TriageReport", json.dumps({
        **REPORT, "impact": {"services": "payment"}})), Reported()),
    Form("thinking in another tag", "Seed-OSS", text(f"<seed:think>a {{ b</seed:think>{R}"), Reported()),
    Form("content is the object itself", "json-mode gateways", text(REPORT), Reported()),
    Form("words around without a fence", "any", text(f"The report is {R} as you asked."), Reported()),
)  # fmt: skip

ERRORS = (
    Form("too long, LiteLLM", "LiteLLM", refused(400, error(
        "litellm.ContextWindowExceededError: this model's maximum context length is 8192 tokens, you sent 9001",
        type=None, code="400")), Fails(ModelFault.TOO_LONG, ("8192", "9001"))),
    Form("too long, Ollama", "Ollama", refused(400, error(
        "prompt too long; exceeded max context length by 300 tokens")), Fails(ModelFault.TOO_LONG, ("300 tokens",))),
    Form("too long, vLLM 0.11", "vLLM", refused(400, error(
        "You passed 9001 input tokens and requested 4096 output tokens. However, the model's context length is only "
        "8192 tokens", code=400)), Fails(ModelFault.TOO_LONG, ("9001", "8192"))),
    Form("too large for the minute", "Groq", refused(413, error(
        "Request too large for model x on tokens per minute (TPM): Limit 6000, Requested 9000", type="tokens")),
        Fails(ModelFault.TOO_LONG, ("6000", "9000"))),
    Form("until, in milliseconds since 1970", "OpenRouter", refused(429, error("free models per day"),
        X_RateLimit_Remaining="0", X_RateLimit_Reset="4102444800000"),
        Fails(ModelFault.RATE_LIMIT, ("limits the rate",), requests=4, outage=True)),
    Form("retry after 26 seconds", "Azure", refused(429, error("Please retry after 26 seconds.", code="429")),
         Fails(ModelFault.RATE_LIMIT, ("until",), outage=True, rest=26)),
    Form("busy", "KoboldCpp", refused(503, {"detail": {"msg": "Server is busy; try later", "type": "busy"}}),
         Fails(ModelFault.SERVER, ("Server is busy",), requests=4, outage=True)),
    Form("fault", "Apigee", refused(401, {"fault": {"faultstring": "Invalid ApiKey", "detail": {"errorcode": "x"}}}),
         Fails(ModelFault.ACCESS, ("Invalid ApiKey",), outage=True)),
    Form("Message", "AWS", refused(403, {"Message": "not authorized to perform bedrock:InvokeModel"}),
         Fails(ModelFault.ACCESS, ("not authorized",), outage=True)),
    Form("problem+json", "gateways", refused(400, {"type": "about:blank", "title": "Bad Request", "status": 400,
        "detail": "seed must be a number"}, "application/problem+json"),
        Fails(ModelFault.REFUSED, ("seed must be a number",))),
    Form("a key that is not valid, with 400", "Gemini", refused(400, [error(
        "API key not valid. Please pass a valid API key.", code=400, status="INVALID_ARGUMENT")]),
        Fails(ModelFault.ACCESS, ("API key not valid",), outage=True)),
    Form("inspection", "DashScope", refused(400, {"code": "data_inspection_failed", "message": "Input data may "
        "contain inappropriate content."}), Fails(ModelFault.REFUSED, ("content filter",))),
    Form("still loading, with 400", "LM Studio", refused(400, {"error": "Model is still loading"}),
         Fails(ModelFault.SERVER, ("being loaded",), requests=None, outage=True)),
    Form("could not be loaded", "Ollama", refused(500, error("failed to load model: out of memory")),
         Fails(ModelFault.SERVER, ("out of memory",), silent=("being loaded",), requests=4, outage=True)),
    Form("error true", "gateways", Raw({"error": True, "message": "quota of the gateway"}),
         Fails(ModelFault.SERVER, ("quota of the gateway",), requests=4, outage=True)),
    Form("a call that the server could not read", "llama.cpp", refused(500, error(
        "Failed to parse tool call arguments as JSON", code=500)), Again()),
    Form("no tools, OpenRouter", "OpenRouter", refused(404, error("No endpoints found that support tool use.")),
         Again("How you answer here")),
    Form("no tools, Ollama", "Ollama", refused(400, error("registry.ollama.ai/library/x does not support tools")),
         Again("How you answer here")),
    Form("no tools, vLLM", "vLLM", refused(400, error('"auto" tool choice requires --enable-auto-tool-choice and '
        "--tool-call-parser to be set", code=400)), Again("How you answer here")),
    Form("no tools, llama.cpp", "llama.cpp", refused(500, error("tools param requires --jinja flag", code=500)),
         Again("How you answer here")),
    Form("no choice of tools while thinking", "DeepSeek", refused(400, error(
        "Thinking mode does not support this tool_choice")), Again()),
    Form("the cap has another name", "OpenAI behind a gateway", refused(400, error("Unsupported parameter: "
        "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", param="max_tokens")),
        Again()),
    Form("a secret in the words", "careless gateways", refused(400, error(
        "header Authorization: Bearer sk-very-secret-0123456789 is odd; token=ghp_abcdefghijklmnopqrstuvwxyz0123456789")),
        Fails(ModelFault.REFUSED, ("is odd",), silent=("sk-very", "ghp_abc"))),
)  # fmt: skip

SECOND = (*CALLS, *STREAMS, *REPORTS, *ERRORS)
