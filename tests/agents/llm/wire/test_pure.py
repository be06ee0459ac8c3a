"""What reads replies is total: whatever comes, it ends in a value; what is right already stays so."""

import ast
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.wire.asked import Asked
from agents.llm.wire.completion import completion_of
from agents.llm.wire.events import Decoder
from agents.llm.wire.faults import NotAnAnswer
from agents.llm.wire.fitting import fit
from agents.llm.wire.json_text import loads, values_in
from agents.llm.wire.names import resolved
from agents.llm.wire.pieces import Pieces
from agents.llm.wire.server_error import body_of, is_error, status_in, too_long, words_of
from agents.llm.wire.thoughts import part
from agents.llm.wire.waiting import wait_of
from agents.llm.wire.written import calls_in
from incidents.reports import REPORT_TYPES, Task
from nexus.config.settings import Settings
from tests.agents.llm.wire.wire_server import MetricsArgs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "choices",
        "message",
        "content",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "error",
        "type",
        "text",
        "index",
    ]
)
WIRE = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["metrics", "tool_use", "{}", "<think>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
TOOLS = {"metrics": MetricsArgs.model_json_schema(), "changes": {"type": "object", "properties": {}}}
REPORTS = {task: form.model_json_schema() for task, form in REPORT_TYPES.items()}
ASKED = Asked(model="m", tools=TOOLS, turn=3)


@given(WIRE)
def test_any_body_is_read_or_is_no_answer(body: Any) -> None:
    words_of(body)
    status_in(body)
    is_error(body)
    try:
        whole = completion_of(body, ASKED)
    except NotAnAnswer:
        return
    message = whole["choices"][0]["message"]
    assert isinstance(message["content"], str)
    assert all(isinstance(call["function"]["arguments"], str) for call in message.get("tool_calls", []))
    ids = [call["id"] for call in message.get("tool_calls", [])]
    assert len(set(ids)) == len(ids)


@given(JSON, st.sampled_from(list(Task)))
def test_any_value_is_fitted_and_fitting_again_changes_nothing(value: Any, task: Task) -> None:
    once = fit(value, REPORTS[task])
    assert fit(once, REPORTS[task]) == once


@given(st.text(max_size=300))
def test_any_text_is_looked_through(text: str) -> None:
    list(values_in(text))
    calls_in(text, TOOLS)
    part(text)
    body_of(text)
    assert resolved(text, TOOLS) in {None, "metrics", "changes"}
    assert (
        wait_of({"retry-after": text, "x-ratelimit-remaining": "0", "x-ratelimit-reset": text}, text, NOW)
        >= 0
    )


@given(JSON.filter(lambda value: isinstance(value, dict | list)), st.text(alphabet="ab \n", max_size=20))
def test_a_value_in_prose_is_found_as_it_is(value: Any, prose: str) -> None:
    (found,) = values_in(f"{prose}{json.dumps(value)}{prose}")
    assert found.value == value


@pytest.mark.parametrize("text", ['{"a": "b', '{"a": {"b": 1}', '[{"a": 1', '{"a": 1, "b": ', "{'a': 'b"])
def test_what_is_cut_is_never_completed(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that it is one is all
        loads(text)
    assert [found.value for found in values_in(text) if "a" in found.value] in ([], [{"a": 1}])


@given(st.lists(st.text(alphabet='{}":,ab1 \u2028é', min_size=1, max_size=9), max_size=5), st.data())
def test_events_are_the_same_however_the_bytes_are_cut(texts: list[str], data: st.DataObject) -> None:
    ends = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    whole = "".join(f": ping{ends}data: {text}{ends}{ends}" for text in texts).encode()
    decoder, found = Decoder(), []
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        found += list(decoder.feed(whole[:size]))
        whole = whole[size:]
    assert [event.data for event in (*found, *decoder.end())] == texts


@given(st.data(), st.booleans(), st.booleans())
def test_calls_are_the_same_however_they_are_cut(
    data: st.DataObject, with_index: bool, with_ids: bool
) -> None:
    """Two calls one after the other, their arguments in pieces, with or without index and ids."""
    wanted = [{"service": "payment", "limit": 3}, {"service": "check{out}", "kind": 'a"b'}]
    pieces = Pieces()
    for place, arguments in enumerate(wanted):
        rest, first = json.dumps(arguments), True
        while rest:
            size = data.draw(st.integers(1, len(rest)))
            piece: dict[str, Any] = {"function": {"arguments": rest[:size]}}
            if first:
                piece["function"]["name"] = "metrics"
                piece |= {"id": f"c{place}"} if with_ids else {}
            piece |= {"index": place} if with_index else {}
            pieces.add({"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]})
            rest, first = rest[size:], False
    calls = pieces.completion()["choices"][0]["message"]["tool_calls"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == wanted


@pytest.mark.parametrize(
    ("given_name", "meant"),
    [
        ("mcp__ops__metrics", "metrics"),
        ("Functions_METRICS", "metrics"),
        ("metrics()", "metrics"),
        ("`metrics`", "metrics"),
        ("metric", None),
        ("metrics_of_all", None),
        ("metrics.delete", None),
        ("", None),
    ],
)
def test_a_name_means_a_tool_only_if_nothing_else_can_be_meant(given_name: str, meant: str | None) -> None:
    assert resolved(given_name, TOOLS) == meant


def test_two_tools_that_fold_alike_are_none() -> None:
    assert resolved("Get-Logs", ["get_logs", "getLogs"]) is None


@pytest.mark.parametrize(
    ("schema", "value", "fitted"),
    [
        ({"type": "string"}, "[1]", "[1]"),
        ({"type": "string"}, "null", "null"),
        ({"type": "string"}, 7, 7),
        ({"type": "integer"}, "7.5", "7.5"),
        ({"type": "boolean"}, "yes", "yes"),
        ({"type": "array", "items": {"type": "integer"}}, "a", "a"),
        ({"type": "array", "items": {"type": "string"}}, "", []),
        ({"enum": ["None", "a"], "type": "string"}, "None", "None"),
        ({"enum": ["A", "a"], "type": "string"}, "á", "á"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "none", "none"),
        ({"type": ["integer", "null"]}, "", None),
        ({}, "[1]", "[1]"),
    ],
)
def test_nothing_is_guessed(schema: dict[str, Any], value: Any, fitted: Any) -> None:
    assert fit(value, schema) == fitted


@pytest.mark.parametrize(
    "said",
    [
        "rate limit: too many tokens per minute",
        "the context of this question is unclear",
        "tools[0]: the parameter length is not supported",
        "max_tokens must be positive",
        "",
    ],
)
def test_what_is_no_overflow(said: str) -> None:
    assert not too_long(said)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "1.5"}, "", 1.5),
        ({"retry-after": "-3"}, "", 0),
        ({"retry-after": "nan"}, "", 0),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, "", 30),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT", "date": "Sun, 01 Mar 2026 12:00:20 GMT"}, "", 10),
        ({"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, "", 0),
        ({}, '{"error": {"message": "Please try again in 2h5m."}}', 7500),
        ({}, '{"error": {"message": "try again in 120ms"}}', 0.12),
        ({}, '{"error": {"message": "retry after 1 minute and 5 seconds"}}', 65),
        ({}, '{"error": "there are 5 models, 3 hours of audio"}', 0),
        ({"x-ratelimit-remaining-tokens": "17", "x-ratelimit-reset-tokens": "9s"}, "", 0),
        ({"ratelimit": "limit=10, remaining=0, reset=12"}, "", 12),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "2026-03-01T12:00:40Z"}, "", 40),
    ],
)
def test_a_wait_is_read_in_every_way_of_saying_it(headers: dict[str, str], body: str, seconds: float) -> None:
    assert wait_of(headers, body, NOW) == pytest.approx(seconds)


def test_every_setting_that_a_sentence_names_exists() -> None:
    rooms = [Path("agents"), Path("nexus/service"), Path("nexus/runtime")]
    named = {
        name
        for room in rooms
        for file in room.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in re.findall(r"NEXUS_[A-Z_]+[A-Z]", node.value)
    }
    known = {f"NEXUS_{field.upper()}" for field in Settings.model_fields}
    assert {"NEXUS_LLM_MAX_TOKENS", "NEXUS_LLM_MODEL", "NEXUS_LLM_TIMEOUT"} <= named
    assert named - known == set()
