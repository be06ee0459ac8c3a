"""Endpoints that lack something, or that never end: used as far as they go, and never longer than allowed."""

import json
import time
from typing import Any

import pytest

from agents.engine import EngineResult
from agents.llm.engine import LlmEngine
from agents.llm.settings import ModelSettings
from agents.llm.transport import Timer
from agents.llm.wire.dialect import Dialect, Mode
from incidents.faults import ModelFault
from incidents.reports import Task, TriageReport
from prompts import SHIPPED
from tests.agents.contexts import assignment, role_context
from tests.agents.llm.wire.wire_server import REPORT, Raw, WireServer, message, reports, seen_of
from tests.agents.llm_run import Pauses, settings
from tests.fake_turns import Asked

NO_TOOLS = Raw({"error": {"message": "this model does not support tools"}}, 400)
NO_SCHEMA = Raw({"error": {"message": "response_format is not supported", "param": "response_format"}}, 400)


def written(name: str, arguments: Any) -> Raw:
    return Raw(message("stop", content=json.dumps({"tool": name, "arguments": arguments})))


def in_text(asked: Asked) -> Raw:
    """A model that asks and reports in text, as it is told to."""
    if "Answer to metrics" in asked.text:
        return written("TriageReport", REPORT)
    return written("metrics", {"service": "payment"})


async def test_a_model_without_tools_is_asked_in_text_and_reads_the_answers_there() -> None:
    def answers(asked: Asked) -> Raw:
        return NO_TOOLS if asked.body.get("tools") else in_text(asked)

    seen = await seen_of(answers)
    assert seen.failed is None
    assert seen.performed is not None
    assert isinstance(seen.performed.report, TriageReport)
    assert seen.asked == [{"service": "payment"}]
    first, *others = seen.requests
    assert "tools" in first.body
    assert len(others) == 2
    assert all("tools" not in asked.body for asked in others)
    bound = others[0].body["response_format"]["json_schema"]["schema"]
    names = {one["properties"]["tool"]["enum"][0] for one in bound["anyOf"]}
    assert names == {"metrics", "changes", "evidence", "TriageReport"}
    assert [one["role"] for one in others[1].messages] == ["system", "user", "assistant", "user"]
    assert "payment: error ratio 43 %" in others[1].messages[-1]["content"]


async def test_without_a_schema_either_it_is_plain_json() -> None:
    def answers(asked: Asked) -> Raw:
        if asked.body.get("tools"):
            return NO_TOOLS
        return NO_SCHEMA if "response_format" in asked.body else in_text(asked)

    seen = await seen_of(answers)
    assert seen.failed is None
    assert seen.asked == [{"service": "payment"}]


async def test_an_endpoint_that_never_calls_is_asked_in_text() -> None:
    """Servers that pass over `tools` say nothing about it: the model just does not see them."""

    def answers(asked: Asked) -> Raw:
        if asked.body.get("tools"):
            return Raw(message("stop", content="Payment seems to be failing."))
        return in_text(asked)

    seen = await seen_of(answers)
    assert seen.failed is None
    assert seen.asked == [{"service": "payment"}]
    assert ["tools" in asked.body for asked in seen.requests] == [True, True, False, False]


async def perform_twice(server: WireServer, given: ModelSettings) -> list[EngineResult]:
    engine = LlmEngine(given, timer=Timer(sleep=Pauses().sleep))
    return [await engine.perform(assignment(Task.TRIAGE), role_context()) for _ in range(2)]


@pytest.mark.parametrize(
    ("field", "said", "becomes"),
    [
        ("temperature", "Unsupported value: 'temperature' does not support 0.3 with this model", None),
        ("tool_choice", "Thinking mode does not support this tool_choice", "auto"),
        ("stream_options", "unknown field `stream_options`", None),
        ("max_tokens", "'max_tokens' is not supported with this model; use 'max_completion_tokens'", None),
    ],
)
async def test_what_is_refused_is_left_out_from_then_on(field: str, said: str, becomes: str | None) -> None:
    def answers(asked: Asked) -> Raw:
        if asked.number == 1:
            return Raw({"error": {"message": said, "param": field}}, 400)
        return reports(asked)

    with WireServer(answers) as server:
        streaming = field == "stream_options"
        await perform_twice(server, settings(base_url=server.base_url, temperature=0.3, streaming=streaming))
    first, *others = [asked.body for asked in server.requests]
    assert field in first
    assert len(others) == 2
    assert [body.get(field) for body in others] == [becomes, becomes]
    if field == "max_tokens":
        assert all(body["max_completion_tokens"] == 4096 for body in others)


@pytest.mark.parametrize(
    ("url", "cap"),
    [
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://house.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("http://127.0.0.1:11434/v1", "max_tokens"),
        ("https://openai.com.example.org/v1", "max_tokens"),
    ],
)
def test_the_cap_goes_out_under_the_name_that_the_server_reads(url: str, cap: str) -> None:
    sent = Dialect(url, SHIPPED).fitted({"messages": [], "max_completion_tokens": 7})
    assert sent == {"messages": [], cap: 7}


def test_a_refusal_that_stays_is_not_answered_for_ever() -> None:
    dialect = Dialect("http://127.0.0.1/v1", SHIPPED)
    body = {"messages": [], "max_tokens": 7, "temperature": 1}
    refused = {"error": {"message": "max_tokens is not supported"}}
    assert dialect.learnt(dialect.fitted(body), 400, refused)
    again = {"error": {"message": "max_completion_tokens is not supported"}}
    assert dialect.learnt(dialect.fitted(body), 400, again)
    assert set(dialect.fitted(body)) == {"messages", "temperature"}
    assert not dialect.learnt(dialect.fitted(body), 400, refused)
    assert not dialect.learnt(
        dialect.fitted(body), 401, {"error": {"message": "temperature is not supported"}}
    )
    assert dialect.mode is Mode.TOOLS


async def test_the_instructions_stay_a_system_message_for_any_name_of_a_model() -> None:
    """langchain-openai 1.7 writes `developer` for every model called o1, o3, ..., whoever serves it."""
    models = {tier: {"name": "o3-lookalike"} for tier in ("light", "standard", "deep")}
    seen = await seen_of(reports, models=models)
    assert seen.requests[0].messages[0]["role"] == "system"


async def test_a_temperature_goes_out_for_any_name_of_a_model() -> None:
    """langchain-openai 1.7 drops it for names that begin with gpt-5."""
    models = {tier: {"name": "gpt-5-oss-tune"} for tier in ("light", "standard", "deep")}
    seen = await seen_of(reports, models=models, temperature=0.2)
    assert seen.requests[0].body["temperature"] == 0.2


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_a_server_that_sends_a_little_now_and_then_ends_with_the_call(kind: str) -> None:
    piece = b": ping\n\n" if kind == "text/event-stream" else b"\n"
    begun = time.monotonic()
    seen = await seen_of(
        lambda _: Raw(piece, kind=kind, dribbles=True),
        timeout_seconds=0.4, assignment_seconds=2.0, streaming=kind == "text/event-stream",
    )  # fmt: skip
    assert seen.failed is not None
    assert seen.failed.faults == (ModelFault.TIMEOUT,)
    assert len(seen.requests) == 2
    assert time.monotonic() - begun < 6


async def test_a_stream_that_goes_on_writing_is_not_cut_before_the_work_must_end() -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "and "}}]}
    raw = Raw(f"data: {json.dumps(chunk)}\n\n", kind="text/event-stream", dribbles=True)
    seen = await seen_of(lambda _: raw, timeout_seconds=0.4, assignment_seconds=2.0, streaming=True)
    assert "the time box of 2 s ended" in str(seen.failed)
    assert len(seen.requests) == 1


async def test_a_stream_that_is_finished_and_stays_open_is_whole() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "TriageReport", "arguments": json.dumps(REPORT)}}
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    raw = Raw(f"data: {json.dumps(chunk)}\n\n", kind="text/event-stream", stays_open=True)
    seen = await seen_of(lambda _: raw, streaming=True, timeout_seconds=9)
    assert seen.failed is None
    assert len(seen.requests) == 1
