"""The Responses API and marks for caches: what goes out, what is learnt, and what is given back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.client import dialect_of
from agents.llm.wire.caching import Caching, known_for
from agents.llm.wire.completion import completion_of
from agents.llm.wire.faults import NotAnAnswer
from agents.llm.wire.response_events import ResponseEvents
from agents.llm.wire.responses import Api, chat_of, failure_in, is_response, request_of, thoughts_of
from tests.agents.llm.wire.forms import tool
from tests.agents.llm.wire.forms_fourth import THINKING, asks, response
from tests.agents.llm.wire.test_pure import ASKED
from tests.agents.llm.wire.wire_server import Raw, reports, seen_of
from tests.agents.llm_run import settings
from tests.fake_turns import Asked

ITEMS = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["function_call", "reasoning", "message"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "content", "summary", "text", "arguments", "name", "call_id", "id", "status"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
EVENTS = st.sampled_from(
    [
        "response.output_item.added",
        "response.output_item.done",
        "response.function_call_arguments.delta",
        "response.output_text.delta",
        "response.refusal.done",
        "response.completed",
        "response.new",
    ]
)
FIELDS = st.dictionaries(
    st.sampled_from(["item", "delta", "output_index", "response", "item_id", "arguments"]), ITEMS, max_size=4
)


async def test_a_conversation_by_responses_keeps_nothing_there_and_gives_thoughts_back() -> None:
    def answers(asked: Asked) -> Raw:
        return Raw(response(THINKING, asks())) if asked.number == 1 else reports(asked)

    seen = await seen_of(answers, api=Api.RESPONSES)
    assert seen.failed is None
    first, second = seen.requests
    assert first.path == second.path == "/v1/responses"
    assert (first.body["store"], first.body["include"]) == (False, ["reasoning.encrypted_content"])
    assert first.body["max_output_tokens"] == 4096
    assert {one["strict"] for one in first.body["tools"]} == {False}
    assert first.body["tool_choice"] == "required"
    assert [one.get("role") for one in first.body["input"]] == ["system", "user"]
    assert second.body["input"][2:] == [
        THINKING,
        {"type": "function_call", "call_id": "call_1", "name": "metrics", "arguments": asks()["arguments"]},
        {"type": "function_call_output", "call_id": "call_1", "output": second.body["input"][-1]["output"]},
    ]
    assert "43 %" in second.body["input"][-1]["output"]


async def test_what_it_refuses_is_left_out_and_thoughts_that_it_cannot_read_are_not_sent() -> None:
    def answers(asked: Asked) -> Raw:
        if "include" in asked.body:
            said = "Encrypted content is not supported with this model"
            return Raw({"error": {"message": said, "param": "include"}}, 400)
        return Raw(response(THINKING, asks())) if asked.number == 2 else reports(asked)

    seen = await seen_of(answers, api=Api.RESPONSES)
    assert seen.failed is None
    assert ["include" in asked.body for asked in seen.requests] == [True, False, False]
    assert THINKING not in seen.requests[2].body["input"]


async def test_who_insists_on_chat_is_told_what_the_server_says() -> None:
    said = "This model is only supported in v1/responses and not in v1/chat/completions."
    refused = Raw({"error": {"message": said, "param": "model"}}, 404)
    seen = await seen_of(lambda _: refused, api=Api.CHAT)
    assert said in str(seen.failed)
    assert {asked.path for asked in seen.requests} == {"/v1/chat/completions"}


async def test_a_server_without_responses_is_told_as_that() -> None:
    seen = await seen_of(lambda _: Raw({"detail": "Not Found"}, 404), api=Api.RESPONSES)
    assert "NEXUS_LLM_API" in str(seen.failed)


async def test_a_call_that_was_cut_at_the_limit_is_never_asked_of_a_tool() -> None:
    cut = asks('{"service": "pay', status="incomplete")
    raw = response(cut, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    seen = await seen_of(lambda asked: Raw(raw) if asked.number == 1 else reports(asked), api=Api.RESPONSES)
    assert seen.asked == []
    assert seen.failed is None


@pytest.mark.parametrize(
    ("url", "model", "caching"),
    [
        ("https://api.openai.com/v1", "gpt-4.1", Caching.KEY),
        ("https://openrouter.ai/api/v1", "anthropic/claude-sonnet-4.5", Caching.MARKS),
        ("https://openrouter.ai/api/v1", "qwen/qwen3", Caching.NONE),
        ("https://openrouter.ai.example.org/v1", "anthropic/claude-sonnet-4.5", Caching.NONE),
        ("http://127.0.0.1:11434/v1", "gpt-4.1", Caching.NONE),
    ],
)
def test_only_endpoints_that_are_known_are_told_what_to_keep(url: str, model: str, caching: Caching) -> None:
    assert known_for(url, model) is caching
    assert dialect_of(settings(base_url=url), model).caching is caching
    assert dialect_of(settings(base_url=url, caching=Caching.MARKS), model).caching is Caching.MARKS


async def test_requests_of_one_role_have_one_key_and_others_another() -> None:
    seen = await seen_of(_one_question_then_the_report, caching=Caching.KEY)
    keys = [asked.body["prompt_cache_key"] for asked in seen.requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    other = await seen_of(reports, caching=Caching.KEY, models={tier: {"name": "x"} for tier in TIERS})
    assert other.requests[0].body["prompt_cache_key"] not in keys


async def test_marks_stand_behind_the_instructions_and_behind_what_was_said_last() -> None:
    seen = await seen_of(_one_question_then_the_report, caching=Caching.MARKS)
    assert seen.failed is None
    for asked in seen.requests:
        marked = [place for place, one in enumerate(asked.messages) if isinstance(one["content"], list)]
        assert marked == [0, len(asked.messages) - 1]
        assert asked.messages[0]["content"][0]["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize(
    ("caching", "body"),
    [
        (Caching.KEY, {"error": {"message": "Unrecognized request argument supplied: prompt_cache_key"}}),
        (
            Caching.KEY,
            {"detail": [{"loc": ["body", "prompt_cache_key"], "msg": "Extra inputs are not permitted"}]},
        ),
        (Caching.MARKS, {"error": {"message": "messages[0].content must be a string"}}),
        (Caching.MARKS, {"message": "property 'cache_control' is unsupported"}),
        (
            Caching.MARKS,
            {"detail": [{"loc": ["body", "messages", 0, "content"], "msg": "str type expected"}]},
        ),
    ],
)
async def test_marks_that_are_refused_are_left_out_from_then_on(caching: Caching, body: Any) -> None:
    def answers(asked: Asked) -> Raw:
        plain = "prompt_cache_key" not in asked.body and isinstance(asked.messages[0]["content"], str)
        return reports(asked) if plain else Raw(body, 422)

    seen = await seen_of(answers, caching=caching)
    assert seen.failed is None
    assert len(seen.requests) == 2


async def test_nothing_is_marked_where_nobody_is_known_to_want_it() -> None:
    seen = await seen_of(reports)
    body = seen.requests[0].body
    assert "prompt_cache_key" not in body
    assert "cache_control" not in str(body)


@given(st.lists(ITEMS, max_size=4), st.sampled_from(["completed", "incomplete", "failed", "queued", None, 7]))
def test_any_response_is_read_or_refused_with_words(output: list[Any], status: Any) -> None:
    body = {"object": "response", "output": output, "status": status}
    assert is_response(body)
    failure_in(body)
    thoughts_of(body)
    try:
        whole = completion_of(chat_of(body), ASKED)
    except NotAnAnswer:
        return
    assert whole["choices"][0]["message"]["role"] == "assistant"


@given(st.lists(st.tuples(EVENTS, FIELDS), max_size=6))
def test_any_events_make_some_response(events: list[tuple[str, dict[str, Any]]]) -> None:
    pieces = ResponseEvents()
    for name, chunk in events:
        pieces.take(name, json.dumps(chunk))
    assert is_response(pieces.whole())


@given(st.lists(st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content":
    st.none() | st.text(max_size=5)}), max_size=5))  # fmt: skip
def test_a_request_says_what_the_chat_said(messages: list[dict[str, Any]]) -> None:
    told = request_of({"messages": messages, "model": "m"})["input"]
    assert [one["content"] for one in told] == [one["content"] for one in messages if one["content"]]


TIERS = ("light", "standard", "deep")


def _one_question_then_the_report(asked: Asked) -> Raw:
    return tool() if asked.number == 1 else reports(asked)
