"""How long a context is: each server is asked in its own way, and what is only a maximum does not count."""

import json
from typing import Any

import pytest

from agents.llm.context import Context, context_by_refusal, context_of
from agents.llm.probe import probe
from tests.agents.llm_run import settings
from tests.tools.live.fakes.server import Answer, Asked, serving, told

SHOWN = {"model_info": {"qwen3.context_length": 40960}, "capabilities": ["completion", "tools"]}
LOADED = {"name": "qwen3:8b", "model": "qwen3:8b", "context_length": 8192}
SERVERS: list[tuple[str, dict[str, Any], Context | None]] = [
    ("llama.cpp", {"/props": {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4}},
     Context(tokens=4096, by="llama.cpp's /props")),
    ("Ollama, loaded", {"/api/ps": {"models": [{"name": "other"}, LOADED]}, "/api/show": SHOWN},
     Context(tokens=8192, by="Ollama's /api/ps", cuts=True)),
    ("Ollama, older, set in its file", {"/api/ps": {"models": [{"name": "qwen3:8b"}]}, "/api/show":
     {**SHOWN, "parameters": 'stop "<|im_end|>"\nnum_ctx                        16384\n'}},
     Context(tokens=16384, by="num_ctx in Ollama's /api/show", cuts=True)),
    ("Ollama, older, set nowhere", {"/api/ps": {"models": []}, "/api/show": SHOWN},
     Context(tokens=4096, by="Ollama's default", cuts=True)),
    ("LM Studio", {"/api/v0/models/qwen3:8b": {"max_context_length": 40960, "loaded_context_length": 4096}},
     Context(tokens=4096, by="LM Studio's /api/v0/models")),
    ("TGI", {"/info": {"max_input_tokens": 3072, "max_total_tokens": 4096}},
     Context(tokens=4096, by="TGI's /info")),
    ("KoboldCpp", {"/api/extra/true_max_context_length": {"value": 8192}},
     Context(tokens=8192, by="KoboldCpp's /api/extra", cuts=True)),
    ("LiteLLM", {"/model/info": {"data": [{"model_name": "other"}, {"model_name": "qwen3:8b", "model_info":
     {"max_input_tokens": 128000}}]}}, Context(tokens=128000, by="LiteLLM's /model/info")),
    ("a server that lists its models at any path", {"": {"data": [{"id": "qwen3:8b"}]}}, None),
    ("figures that are none", {"/props": {"default_generation_settings": {"n_ctx": True}}, "/api/ps":
     {"models": 7}, "/info": {"max_total_tokens": "many"}}, None),
    ("lists where objects are wanted", {"/props": [1], "/api/ps": [2], "/model/info": {"data": {"a": 1}}},
     None),
]  # fmt: skip


@pytest.mark.parametrize(("pages", "context"), [row[1:] for row in SERVERS], ids=[row[0] for row in SERVERS])
def test_a_server_is_asked_in_its_own_way(pages: dict[str, Any], context: Context | None) -> None:
    def answer(asked: Asked) -> Answer:
        page = pages.get(asked.path.replace("%3A", ":"), pages.get(""))
        return told(page) if page is not None else told({"error": "not found"}, 404)

    with serving(answer) as server:
        assert context_of(settings(base_url=f"{server.url}/v1"), "qwen3:8b") == context


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        ("max_tokens is too large: 100000000. This model's maximum context length is 8192 tokens", 8192),
        ("max_completion_tokens is above the context_window of 131,072", 131072),
        ("`max_new_tokens` exceeds the 32768 token context of this model", 32768),
        ("max_tokens is too large: 100000000. This model supports at most 16384 completion tokens", None),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", None),
    ],
)
def test_else_a_refusal_of_too_long_an_answer_tells_it(said: str, tokens: int | None) -> None:
    with serving(lambda _: told({"error": {"message": said}}, 400)) as server:
        found = context_by_refusal(settings(base_url=f"{server.url}/v1"), "m")
    assert (found.tokens if found else None) == tokens


def test_an_answer_where_a_refusal_was_hoped_for_tells_nothing() -> None:
    page = {"choices": [{"message": {"content": "OK, my context is 8192 tokens"}}]}
    with serving(lambda _: told(page)) as server:
        assert context_by_refusal(settings(base_url=f"{server.url}/v1"), "m") is None


async def test_a_server_that_cuts_without_a_word_is_a_doubt() -> None:
    report = {"summary": "It fails.", "services": [{"service": "a", "grade": "bad"}], "false_alarm": False}
    call = {"id": "a", "function": {"name": "TrialReport", "arguments": json.dumps(report)}}
    answer = {"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    listed = {"data": [{"id": "local-model", "meta": {"n_ctx_train": 131072}}]}
    ps = {"models": [{"name": "local-model:latest", "context_length": 4096}]}
    pages = {"/v1/chat/completions": answer, "/v1/models": listed, "/api/ps": ps}

    def reply(asked: Asked) -> Answer:
        return told(pages[asked.path]) if asked.path in pages else told({}, 404)

    with serving(reply) as server:
        (found,) = await probe([settings(base_url=f"{server.url}/v1")])
    assert (found.problem, found.context, found.context_by) == (None, 4096, "Ollama's /api/ps")
    assert "cuts what is longer without a word" in found.doubts[0]
    assert "OLLAMA_CONTEXT_LENGTH" in found.doubts[0]
