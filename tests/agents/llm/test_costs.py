"""What calls cost that failed: what the endpoint told, else what had come, marked as an estimate."""

from typing import Any

import pytest

from agents.llm.wire.responses import Api
from tests.agents.llm.wire.forms import stream
from tests.agents.llm.wire.forms_fourth import CREATED, response, rows
from tests.agents.llm.wire.wire_server import Raw, message, reports, seen_of
from tests.fake_turns import Asked

USED = {"prompt_tokens": 700, "completion_tokens": 30, "total_tokens": 730}
WORDS = {"content": "Payment seems to fail since the release of eleven."}


def chunk(**usage: Any) -> dict[str, Any]:
    return {"choices": [], "usage": usage}


async def used(raw: Raw, **changes: Any) -> tuple[int, int, int, float]:
    """Tokens in, out, estimated, and the cost of a first call that fails, before one that reports."""

    def answers(asked: Asked) -> Raw:
        return raw if asked.number == 1 else reports(asked)

    whole = await seen_of(answers, **changes)
    sound = await seen_of(reports, **changes)
    assert whole.performed is not None
    assert sound.performed is not None
    assert len(whole.requests) == 2
    one, other = whole.performed.usage, sound.performed.usage
    more = (
        one.tokens_in - other.tokens_in,
        one.tokens_out - other.tokens_out,
        one.estimated - other.estimated,
    )
    return (*more, one.cost - other.cost)


@pytest.mark.parametrize(
    "raw",
    [
        stream(WORDS, chunk(**USED), finish=None, done=False),
        stream(WORDS, chunk(**USED), {"error": {"message": "the worker died", "code": 502}}, finish=None),
        Raw({**message(), "choices": None, "usage": USED}),
        Raw({"error": {"message": "stopped"}, "usage": USED}, 503),
        Raw({**message("error"), "usage": USED}),
    ],
    ids=["cut", "error in the stream", "no choices", "status", "failed choice"],
)
async def test_figures_that_are_told_before_a_call_fails_are_booked(raw: Raw) -> None:
    into, out, estimated, cost = await used(raw, streaming=raw.kind != "application/json")
    assert (into, out, estimated) == (700, 30, 0)
    assert cost == pytest.approx((700 * 2 + 30 * 10) / 1e6)


async def test_a_response_that_failed_is_booked_as_it_says() -> None:
    raw = rows(CREATED, {"type": "response.failed", "response": response(
        status="failed", error={"code": "server_error", "message": "x"},
        usage={"input_tokens": 700, "output_tokens": 30})})  # fmt: skip
    assert (await used(raw, api=Api.RESPONSES, streaming=True))[:3] == (700, 30, 0)


@pytest.mark.parametrize(
    "raw",
    [
        stream(WORDS, finish=None, done=False),
        stream({"reasoning_content": "I think of the release."}, finish=None, done=False),
        stream(WORDS, {"error": {"message": "the worker died", "code": 502}}, finish=None),
    ],
    ids=["words", "thoughts", "error"],
)
async def test_what_was_written_before_a_break_is_estimated_and_marked(raw: Raw) -> None:
    into, out, estimated, cost = await used(raw, streaming=True)
    assert into > 500
    assert out >= 5
    assert estimated == into + out
    assert cost > 0


@pytest.mark.parametrize(
    "raw",
    [
        Raw({"error": {"message": "busy"}}, 503),
        Raw("", kind="text/event-stream"),
        Raw({"error": {"message": "busy", "code": 429}}),
        stream({"error": {"message": "busy", "code": 429}}, finish=None),
    ],
    ids=["status", "nothing", "error at once", "error first"],
)
async def test_a_call_that_was_refused_at_once_costs_nothing(raw: Raw) -> None:
    assert (await used(raw, streaming=True))[:3] == (0, 0, 0)


async def test_what_came_from_the_endpoints_cache_is_told() -> None:
    def answers(asked: Asked) -> Raw:
        raw = reports(asked)
        details = {"prompt_tokens_details": {"cached_tokens": 64}}
        return Raw({**raw.body, "usage": {**USED, **details}})

    seen = await seen_of(answers)
    assert seen.performed is not None
    assert (seen.performed.usage.tokens_in, seen.performed.usage.cached) == (700, 64)
