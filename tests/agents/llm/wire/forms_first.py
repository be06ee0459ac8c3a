"""The first set of forms, written with its readings before any of them was run."""

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


def report_with(**changes: Any) -> Raw:
    return tool("TriageReport", json.dumps({**REPORT, **changes}))


CALLS = (
    Form("arguments doubly encoded", "LiteLLM, older vLLM parsers", tool(arguments=json.dumps(TEXT)), ONE),
    Form("arguments null", "Ollama", Raw(message("tool_calls", tool_calls=[called("changes", None)])),
         Called(({"changes": True},))),
    Form("arguments empty text", "LM Studio", Raw(message("stop", tool_calls=[called("changes", "")])),
         Called(({"changes": True},))),
    Form("arguments python-like", "text-generation-webui",
         tool(arguments="{'service': 'payment', 'kind': 'errors'}"), ONE),
    Form("arguments with a trailing comma", "llama.cpp",
         tool(arguments='{"service": "payment", "kind": "errors",}'), ONE),
    Form("arguments in a list of one", "LocalAI", tool(arguments=[ARGS]), ONE),
    Form("arguments wrapped", "small models", tool(arguments=json.dumps({"arguments": ARGS})), ONE),
    Form("arguments under properties", "small models",
         tool(arguments=json.dumps({"type": "object", "properties": ARGS})), ONE),
    Form("name with a namespace", "gpt-oss", tool("tools/metrics"), ONE),
    Form("name of Gemini's default", "Gemini", tool("default_api.metrics"), ONE),
    Form("name with spaces and case", "Mistral small", tool(" Metrics "), ONE),
    Form("name with a number", "Kimi", tool("functions.metrics:0"), ONE),
    Form("name with leaked tokens", "vLLM with gpt-oss", tool("metrics<|channel|>commentary"), ONE),
    Form("null as text", "Llama 3", tool(arguments='{"service": "payment", "kind": "null"}'),
         Called(({"service": "payment"},))),
    Form("None as text", "Qwen", tool(arguments='{"service": "payment", "kind": "None"}'),
         Called(({"service": "payment"},))),
    Form("number as text", "Llama 3", tool(arguments='{"service": "payment", "limit": "7"}'),
         Called(({"service": "payment", "limit": 7},))),
    Form("one value for a list", "Gemma", tool(arguments='{"service": "payment", "windows": "10m"}'),
         Called(({"service": "payment", "windows": ("10m",)},))),
    Form("list as text", "Qwen", tool(arguments='{"service": "payment", "windows": "[\\"10m\\", \\"1h\\"]"}'),
         Called(({"service": "payment", "windows": ("10m", "1h")},))),
    Form("list of one for a value", "Gemma", tool(arguments='{"service": ["payment"]}'),
         Called(({"service": "payment"},))),
    Form("no id and no type", "KoboldCpp",
         Raw(message("stop", tool_calls=[{"function": {"name": "metrics", "arguments": TEXT}}])), ONE),
    Form("the same id twice", "SGLang",
         Raw(message("tool_calls", tool_calls=[called("metrics", TEXT), called("metrics", OTHER)])), TWO),
    Form("finish null", "llama.cpp", tool(finish=None), ONE),
    Form("finish tool_use", "Bedrock gateways", tool(finish="tool_use"), ONE),
    Form("finish function_call", "LocalAI", tool(finish="function_call"), ONE),
    Form("call as text, Hermes", "vLLM without a parser",
         text(f'<tool_call>\n{{"name": "metrics", "arguments": {TEXT}}}\n</tool_call>'), ONE),
    Form("two calls as text, Hermes", "vLLM without a parser",
         text("I look.\n" + "\n".join(
             f'<tool_call>{{"name": "metrics", "arguments": {a}}}</tool_call>' for a in (TEXT, OTHER))), TWO),
    Form("call as text, function tag", "Llama 3.1", text(f"<function=metrics>{TEXT}</function>"), ONE),
    Form("call as text, parameters", "Qwen3 Coder", text(
        "<tool_call>\n<function=metrics>\n<parameter=service>\npayment\n</parameter>\n"
        "<parameter=kind>\nerrors\n</parameter>\n</function>\n</tool_call>"), ONE),
    Form("call as text, Mistral", "Mistral 7B",
         text(f'[TOOL_CALLS] [{{"name": "metrics", "arguments": {TEXT}}}]'), ONE),
    Form("call as text, Mistral with name first", "Mistral small 3.2", text(f"[TOOL_CALLS]metrics[ARGS]{TEXT}"),
         ONE),
    Form("call as text, python", "Llama 4", text('[metrics(service="payment", kind="errors")]'), ONE),
    Form("call as text, tool_code", "Gemma",
         text('```tool_code\nprint(default_api.metrics(service="payment", kind="errors"))\n```'), ONE),
    Form("call as text, fenced JSON", "TGI",
         text(f'Let me look:\n```json\n{{"name": "metrics", "parameters": {TEXT}}}\n```'), ONE),
    Form("call as text, python tag", "Llama 3.1",
         text(f'<|python_tag|>{{"name": "metrics", "parameters": {TEXT}}}'), ONE),
    Form("call as text, DeepSeek", "DeepSeek distilled", text(
        "<\uff5ctool▁calls▁begin\uff5c><\uff5ctool▁call▁begin\uff5c>function<\uff5ctool▁sep\uff5c>metrics\n```json\n" + TEXT +
        "\n```<\uff5ctool▁call▁end\uff5c><\uff5ctool▁calls▁end\uff5c>"), ONE),
    Form("call as text, Kimi", "Kimi K2", text(
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.metrics:0<|tool_call_argument_begin|>" + TEXT
        + "<|tool_call_end|><|tool_calls_section_end|>"), ONE),
    Form("call as text, GLM", "GLM 4.5", text(
        "<tool_call>metrics\n<arg_key>service</arg_key>\n<arg_value>payment</arg_value>\n"
        "<arg_key>kind</arg_key>\n<arg_value>errors</arg_value>\n</tool_call>"), ONE),
    Form("call as text, harmony", "gpt-oss", text(
        "<|channel|>analysis<|message|>I should look at {payment}.<|end|><|start|>assistant<|channel|>commentary"
        f" to=functions.metrics <|constrain|>json<|message|>{TEXT}<|call|>"), ONE),
    Form("call as text, invoke", "MiniMax", text(
        '<minimax:tool_call>\n<invoke name="metrics">\n<parameter name="service">payment</parameter>\n'
        '<parameter name="kind">errors</parameter>\n</invoke>\n</minimax:tool_call>'), ONE),
    Form("call as text, Cohere", "Cohere", text(
        f'<|START_ACTION|>[{{"tool_call_id": "0", "tool_name": "metrics", "parameters": {TEXT}}}]<|END_ACTION|>'),
        ONE),
    Form("call as text after thoughts", "Qwen3",
         text(f'<think>metrics?</think><tool_call>{{"name":"metrics","arguments":{TEXT}}}</tool_call>'), ONE),
    Form("content as parts with a tool_use", "Anthropic-like gateways", text(
        [{"type": "text", "text": "I look."}, {"type": "tool_use", "id": "t1", "name": "metrics", "input": ARGS}],
        "tool_use"), ONE),
)  # fmt: skip

STREAMS = (
    Form("index always 0", "Gemini", stream(
        piece(TEXT, index=0, id="a", name="metrics"), piece(OTHER, index=0, id="b", name="metrics"),
        finish="tool_calls"), TWO, stream=True),
    Form("index null, id repeated", "Ollama", stream(
        piece('{"service": "payment",', index=None, id="a", name="metrics"),
        piece(' "kind": "errors"}', index=None, id="a", name=None), finish="tool_calls"), ONE, stream=True),
    Form("name repeated in every piece", "SGLang", stream(
        piece('{"service": "payment",', index=0, id="a", name="metrics"),
        piece(' "kind": "errors"}', index=0, id="a", name="metrics"), finish="tool_calls"), ONE, stream=True),
    Form("legacy pieces", "LocalAI", stream(
        {"function_call": {"name": "metrics", "arguments": '{"service": "payment",'}},
        {"function_call": {"arguments": ' "kind": "errors"}'}}, finish="function_call"), ONE, stream=True),
    Form("comments and CRLF", "OpenRouter", stream(
        ": OPENROUTER PROCESSING\r\n\r\n", piece(TEXT, index=0, id="a", name="metrics"), ": ping\r\n\r\n",
        finish="tool_calls", ends="\r\n\r\n"), ONE, stream=True),
    Form("usage chunk without choices", "vLLM", stream(
        piece(TEXT, index=0, id="a", name="metrics"),
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}},
        finish="tool_calls"), ONE, stream=True),
    Form("first chunk of a filter without choices", "Azure", stream(
        {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        piece(TEXT, index=0, id="a", name="metrics"), finish="tool_calls"), ONE, stream=True),
    Form("event lines and no space after data:", "Cloudflare", stream(
        "event: message\n", "data:" + json.dumps({"choices": [{"index": 0, "finish_reason": "tool_calls",
        "delta": piece(TEXT, index=0, id="a", name="metrics")}]}) + "\n\n", finish=None), ONE, stream=True),
    Form("message instead of delta at the end", "Together", stream(
        {"choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": [called("metrics", TEXT)]},
                      "finish_reason": "tool_calls"}]}, finish=None), ONE, stream=True),
    Form("cut without a finish", "any proxy", stream(
        piece('{"service": "payment"', index=0, id="a", name="metrics"), finish=None, done=False),
        Fails(ModelFault.CONNECTION, ("broke off",), requests=4, outage=True), stream=True),
    Form("finished, but never [DONE]", "LM Studio", stream(
        piece(TEXT, index=0, id="a", name="metrics"), finish="tool_calls", done=False), ONE, stream=True),
    Form("event: error", "vLLM gateways", stream(
        {"role": "assistant", "content": ""}, 'event: error\ndata: {"detail": "worker 3 was lost"}\n\n',
        finish=None, done=False), Fails(ModelFault.SERVER, ("worker 3 was lost",), requests=4, outage=True),
        stream=True),
    Form("error as text in the stream", "llama.cpp", stream(
        'error: {"code": 500, "message": "slot was lost"}\n\n', finish=None, done=False),
        Fails(ModelFault.SERVER, ("slot was lost",), requests=4, outage=True), stream=True),
    Form("too long, in the stream", "LM Studio", stream(
        {"error": "the prompt has 9000 tokens, the context window only 4096"}, finish=None, done=False),
        Fails(ModelFault.TOO_LONG, ("9000", "4096")), stream=True),
    Form("thoughts, then the report", "DeepSeek", stream(
        {"reasoning_content": "hm {"}, {"content": R[:40]}, {"content": R[40:]}), Reported(), stream=True),
    Form("refusal in pieces", "OpenAI", stream({"refusal": "I will "}, {"refusal": "not."}),
         Again("You declined"), stream=True),
)  # fmt: skip

REPORTS = (
    Form("fenced between prose", "any", text(f"Here it is:\n```json\n{R}\n```\nShall I go on?"), Reported()),
    Form("stray end of thoughts", "DeepSeek R1", text(f"maybe {{P1}}?\n</think>\n{R}"), Reported()),
    Form("content as parts", "Mistral", text(
        [{"type": "thinking", "thinking": [{"type": "text", "text": "hm {}"}]}, {"type": "text", "text": R}]),
        Reported()),
    Form("harmony final", "gpt-oss", text(
        f"<|channel|>analysis<|message|>We think.<|end|><|start|>assistant<|channel|>final<|message|>{R}"),
        Reported()),
    Form("named by its tool", "small models", text(json.dumps({"TriageReport": REPORT})), Reported()),
    Form("call of the report as text", "Qwen",
         text(f'<tool_call>{{"name": "TriageReport", "arguments": {R}}}</tool_call>'), Reported()),
    Form("trailing commas and a comment", "small models",
         text("```\n" + R.replace('"P1",', '"P1", // severe\n').replace("[]}", "[],}") + "\n```"), Reported()),
    Form("false as text", "Llama 3", report_with(false_alarm="false"), Reported()),
    Form("enum in another case", "Gemma", report_with(severity="p1"), Reported()),
    Form("python words", "text-generation-webui", text(str(REPORT)), Reported()),
    Form("null in a list's place, nested", "Gemini", report_with(impact={"services": None}),
         Reported({"impact": {"services": []}})),
    Form("empty object for a list", "PHP and Lua gateways", report_with(claims={}), Reported()),
    Form("report in the thoughts alone", "vLLM with guided decoding",
         text(None, reasoning_content=R), Reported()),
    Form("null where a text is needed", "any", report_with(summary=None), Again("summary")),
    Form("a draft before the report", "any", text(
        f"Draft: {json.dumps({**REPORT, 'summary': 'draft'})}\nFinal:\n{R}"), Reported()),
    Form("thoughts that never end", "Qwen3", text("<think>So, payment fails {and", "stop"), Again("thought")),
    Form("thoughts up to the limit", "DeepSeek R1", text("", "length", reasoning="so so so"),
         Fails(ModelFault.NO_REPORT, ("only thought", "NEXUS_LLM_MAX_TOKENS"), requests=3)),
    Form("finish MAX_TOKENS", "Gemini", text("half a", "MAX_TOKENS"), Again("cut at the length")),
    Form("filter in Gemini's words", "Gemini", text(None, "SAFETY"),
         Fails(ModelFault.REFUSED, ("content filter",))),
)  # fmt: skip

ERRORS = (
    Form("message at the top", "Mistral", refused(400, {"object": "error", "message": "bad schema of x"}),
         Fails(ModelFault.REFUSED, ("bad schema of x",))),
    Form("detail as text", "FastAPI", refused(422, {"detail": "no such sampler"}),
         Fails(ModelFault.REFUSED, ("no such sampler",))),
    Form("errors as a list", "Cloudflare", refused(400, {"success": False, "errors": [
        {"code": 5007, "message": "no such model here"}]}),
        Fails(ModelFault.REFUSED, ("no such model here", "NEXUS_LLM_MODEL"), outage=True)),
    Form("the provider's words inside", "OpenRouter", refused(400, {"error": {
        "message": "Provider returned error", "code": 400,
        "metadata": {"raw": '{"error":{"message":"schema too deep"}}', "provider_name": "X"}}}),
        Fails(ModelFault.REFUSED, ("schema too deep",))),
    Form("JSON as the message", "LiteLLM", refused(400, {"error": {"message":
        'upstream said: {"error": {"message": "tools must have names"}}'}}),
        Fails(ModelFault.REFUSED, ("tools must have names",))),
    Form("a web page with a reason", "nginx", refused(400,
        "<html><head><title>400 Request Header Too Large</title></head><body><h1>400</h1></body></html>",
        "text/html"), Fails(ModelFault.REFUSED, ("Request Header Too Large",), silent=("<h1>",))),
    Form("unknown model with a list", "Groq", refused(404, {"error": {
        "message": "no model `x`; there are: a-8b, b-70b", "code": "model_not_found"}}),
        Fails(ModelFault.REFUSED, ("a-8b, b-70b", "NEXUS_LLM_MODEL"), outage=True)),
    Form("the key's reason", "Azure", refused(401, {"error": {"message": "key of another region"}}),
         Fails(ModelFault.ACCESS, ("key of another region",), outage=True)),
    Form("moderation", "OpenRouter", refused(403, {"error": {"code": 403, "message": "input was flagged",
        "metadata": {"reasons": ["violence"], "flagged_input": "kill"}}}),
        Fails(ModelFault.REFUSED, ("content filter", "flagged"))),
    Form("content management", "Azure", refused(400, {"error": {"code": "content_filter", "param": "prompt",
        "message": "the prompt triggered the content management policy"}}),
        Fails(ModelFault.REFUSED, ("content filter",))),
    Form("no balance", "DeepSeek", refused(402, {"error": {"message": "Insufficient Balance"}}),
         Fails(ModelFault.QUOTA, ("Insufficient Balance",), outage=True)),
    Form("error text in 200", "LocalAI", Raw({"error": "backend crashed"}),
         Fails(ModelFault.SERVER, ("backend crashed",), requests=4, outage=True)),
    Form("error in a choice in 200", "OpenRouter", Raw({**message("error", content=""), "choices": [
        {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "error",
         "error": {"code": 502, "message": "upstream went away"}}]}),
        Fails(ModelFault.SERVER, ("upstream went away",), requests=4, outage=True)),
    Form("429 in 200 with a wait", "OpenRouter", Raw({"error": {"code": 429, "message": "slow down"}}),
         Fails(ModelFault.RATE_LIMIT, ("slow down",), requests=4, outage=True)),
    Form("401 in 200", "one-api", Raw({"error": {"code": "401", "message": "token expired"}}),
         Fails(ModelFault.ACCESS, ("token expired",), outage=True)),
    Form("too long, Anthropic", "Anthropic", refused(400, {"type": "error", "error": {
        "type": "invalid_request_error", "message": "prompt is too long: 205000 tokens > 200000 maximum"}}),
        Fails(ModelFault.TOO_LONG, ("205000", "200000"))),
    Form("too long, SGLang", "SGLang", refused(400, {"object": "error", "message":
        "The input (9000 tokens) is longer than the model's context length (4096 tokens).", "code": 400}),
        Fails(ModelFault.TOO_LONG, ("9000", "4096"))),
    Form("too long, Cohere", "Cohere", refused(400, {"message":
        "too many tokens: the prompt cannot exceed 4081 tokens, received 4292"}),
        Fails(ModelFault.TOO_LONG, ("4292", "4081"))),
    Form("too long, Bedrock", "Bedrock", refused(400, {"message": "Input is too long for requested model."}),
         Fails(ModelFault.TOO_LONG, ("too long",))),
    Form("too long, Cloudflare", "Cloudflare", refused(413, {"errors": [{"code": 5021, "message":
        "input and output tokens (9000) exceeded this model's context window limit (4096)"}]}),
        Fails(ModelFault.TOO_LONG, ("9000", "4096"))),
    Form("too long, vLLM V1", "vLLM", refused(400, {"error": {"message":
        "The decoder prompt (length 9001) is longer than the maximum model length of 4096.", "code": 400}}),
        Fails(ModelFault.TOO_LONG, ("9001", "4096"))),
    Form("tokens per minute, not too long", "Groq", refused(429, {"error": {"message":
        "Rate limit reached: tokens per minute limit 6000, used 5900, requested 900. Try again in 8.1s.",
        "code": "rate_limit_exceeded"}}), Again(pause=8.1)),
    Form("retry-after-ms", "Azure", refused(429, {"error": {"message": "slow"}}, retry_after_ms="2500"),
         Again(pause=2.5)),
    Form("try again in 1m30s", "Groq", refused(429, {"error": {"message": "Please try again in 1m30s."}}),
         Fails(ModelFault.RATE_LIMIT, ("until",), outage=True, rest=90)),
    Form("retryDelay", "Gemini", refused(429, [{"error": {"code": 429, "message": "quota", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]}}]), Again(pause=7)),
    Form("reset of what is used up", "OpenAI", refused(429, {"error": {"message": "slow"}},
        x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="6s",
        x_ratelimit_remaining_tokens="900", x_ratelimit_reset_tokens="5m0s"), Again(pause=6)),
    Form("RateLimit of the draft", "Kong", refused(429, {"message": "limit"},
        RateLimit='"default";r=0;t=5'), Again(pause=5)),
    Form("loading with a time", "Hugging Face", refused(503, {"error": "Model x is currently loading",
        "estimated_time": 4.0}), Again(pause=4)),
    Form("loading with status 500", "Ollama", refused(500, {"error": {"message":
        "the model is still loading, please wait", "type": "api_error"}}),
        Fails(ModelFault.SERVER, ("being loaded",), requests=None, outage=True)),
    Form("a web page once", "any proxy", Raw("<html><title>Sign in</title></html>", kind="text/html"),
         Again()),
    Form("an empty body once", "any proxy", Raw(""), Again()),
    Form("half a JSON once", "any proxy", Raw('{"choices": [{"mess'), Again()),
    Form("no choices, a blocked prompt", "Gemini", Raw({"choices": [], "promptFeedback": {
        "blockReason": "SAFETY"}}), Fails(ModelFault.REFUSED, ("content filter",))),
)  # fmt: skip

FIRST = (*CALLS, *STREAMS, *REPORTS, *ERRORS)
