"""The collected replies of real servers, each in the turn it belongs to, handled as its file says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from incidents.faults import ModelFault
from incidents.reports import TriageReport
from tests.agents.llm.wire.wire_server import Raw, Seen, reports, seen_of
from tests.fake_turns import Asked

FOLDER = Path(__file__).parents[4].parent / "shared" / "inputs" / "model-wire"
FILES = sorted(FOLDER.glob("*.json"))
#: What each kind of reply must lead to, by the beginning of its file's name.
CALLS = (
    "arguments-object", "stream-arguments-object", "name-prefixed", "legacy-function-call",
    "stream-without-index", "stream-done-without-finish", "json-to-a-stream",
)  # fmt: skip
REPORTS = ("nested-json-text", "null-for-empty-list", "think-then-fenced", "fenced-then-brace")


def raw_of(kept: dict[str, Any]) -> Raw:
    headers = kept.get("headers", {})
    if "events" not in kept:
        body = json.loads(json.dumps(kept["body"]).replace('"Report"', '"TriageReport"'))
        return Raw(body, kept["status"], kept["content_type"], headers)
    rows = "".join(f"data: {json.dumps(event)}\n\n" for event in kept["events"])
    return Raw(rows + ("data: [DONE]\n\n" if kept["ends_with_done"] else ""), 200, kept["content_type"])


async def run(name: str, *, once: bool) -> Seen:
    kept = json.loads((FOLDER / f"{name}.json").read_text())
    raw = raw_of(kept)

    def answers(asked: Asked) -> Raw:
        return raw if asked.number == 1 or not once else reports(asked)

    return await seen_of(answers, streaming=kept["stream"])


def names(*begins: str) -> list[str]:
    return [file.stem for file in FILES if file.stem.startswith(begins)] or ["none"]


@pytest.fixture(autouse=True)
def _collected() -> None:
    if not FILES:
        pytest.skip(f"the collected replies are not here ({FOLDER} is no folder of a checkout)")


@pytest.mark.parametrize("name", names(*CALLS))
async def test_the_call_is_understood_and_the_tool_asked(name: str) -> None:
    seen = await run(name, once=True)
    wanted = [{"service": "payment", "kind": "errors"}]
    if name.endswith("two-calls"):
        wanted.append({"service": "checkout", "kind": "errors"})
    assert (seen.asked, seen.failed, len(seen.requests)) == (wanted, None, 2)


@pytest.mark.parametrize("name", names(*REPORTS))
async def test_the_report_is_read(name: str) -> None:
    seen = await run(name, once=False)
    assert seen.failed is None
    assert seen.performed is not None
    report = seen.performed.report
    assert isinstance(report, TriageReport)
    assert report.impact.services == ("payment",)
    assert report.claims == ()
    # Its text quotes a time that no evidence here has; that alone is sent back.
    assert all("read against the evidence" in asked.text for asked in seen.requests[1:])


@pytest.mark.parametrize("name", names("overflow"))
async def test_too_long_is_said_with_the_servers_figures_and_fails_this_request_only(name: str) -> None:
    seen = await run(name, once=False)
    assert seen.failed is not None
    said = json.dumps(json.loads((FOLDER / f"{name}.json").read_text())["body"])
    said = re.sub(r'"code": "?\d+', "", said)
    assert "too long" in str(seen.failed)
    assert set(re.findall(r"\d{4,}", said)) <= set(re.findall(r"\d{4,}", str(seen.failed)))
    assert (seen.failed.outage, seen.failed.faults) == (False, (ModelFault.TOO_LONG,))
    assert len(seen.requests) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reason-fastapi", "max_completion_tokens: this input is not allowed"),
        ("reason-plain-text", "tools[3].function.parameters: this schema is not supported"),
        ("reason-error-text", "no model is loaded"),
    ],
)
async def test_the_servers_reason_is_told(name: str, words: str) -> None:
    seen = await run(name, once=False)
    assert words in str(seen.failed)
    assert "no reason" not in str(seen.failed)
    assert len(seen.requests) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("error-in-200", "the provider behind the gateway failed"), ("stream-error", "the server had to stop")],
)
async def test_an_error_inside_an_answer_is_tried_again_and_told(name: str, words: str) -> None:
    seen = await run(name, once=True)
    assert (seen.failed, len(seen.requests)) == (None, 2)
    seen = await run(name, once=False)
    assert words in str(seen.failed)
    assert len(seen.requests) == 4
    assert "web page" not in str(seen.failed)


async def test_an_answer_without_an_answer_is_asked_for_once_more() -> None:
    seen = await run("choices-null", once=True)
    assert (seen.failed, len(seen.requests)) == (None, 2)
    seen = await run("choices-null", once=False)
    assert seen.failed is not None
    assert (seen.failed.outage, len(seen.requests)) == (False, 2)
    assert "no choices" in str(seen.failed)


async def test_only_thoughts_are_said_as_it_is() -> None:
    seen = await run("think-only", once=False)
    assert seen.failed is not None
    assert not seen.failed.outage
    assert "only thought" in str(seen.failed)
    assert "empty" not in str(seen.failed)


async def test_a_model_that_is_being_loaded_is_waited_for() -> None:
    seen = await run("loading-503", once=False)
    assert seen.failed is not None
    assert "being loaded" in str(seen.failed)
    assert sum(seen.pauses) > 10
    assert seen.pauses == sorted(seen.pauses)


async def test_an_hour_is_told_and_kept() -> None:
    seen = await run("retry-after-an-hour", once=False)
    assert seen.failed is not None
    assert len(seen.requests) == 1
    assert "kept refusing" not in str(seen.failed)
    assert "until " in str(seen.failed)
    assert seen.failed.rest == pytest.approx(3600, abs=5)
