"""A report that outruns its evidence is sent back once; what stays unsupported loses its standing."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from agents.failure import ModelFailed
from incidents.findings import Confidence
from incidents.reports import InvestigationReport, StatusReport, Task
from tests.agents.contexts import assignment
from tests.agents.llm_run import failure, perform
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Asked, Call, Fault, Kind, Reply, Turn

ASK = Reply(calls=(Call("metrics", {"service": "checkout"}),))
TRUE, FALSE = "checkout fails with 43 % errors since 11:50", "checkout fails with 77 % errors since 11:50"


def saying(summaries: Sequence[str | Turn]) -> Answerer:
    """Asks for the metrics, then reports the hypotheses in turn, each citing what was answered."""
    turns = iter(summaries)

    def answer(asked: Asked) -> Turn:
        if not asked.answered_tools:
            return ASK
        said = next(turns)
        if not isinstance(said, str):
            return said
        return Reply(calls=(Call("InvestigationReport", report(asked, said)),))

    return answer


def report(asked: Asked, summary: str) -> dict[str, Any]:
    found = re.findall(r"Evidence (E-[0-9a-f]{8})", asked.text)
    hypothesis = {
        "service": "checkout",
        "category": "code",
        "confidence": "high",
        "summary": summary,
        "evidence": found[:1],
    }
    return {"summary": "See the hypothesis.", "checks": [], "hypotheses": [hypothesis]}


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_supported_report_is_taken_at_once(streaming: bool) -> None:
    with FakeOpenAI(saying([TRUE])) as server:
        performed = await perform(server, streaming=streaming)
    assert performed.dropped == ()
    assert len(server.requests) == 2


@pytest.mark.parametrize("streaming", [False, True])
async def test_what_is_missing_is_named_once_and_the_better_report_counts(streaming: bool) -> None:
    with FakeOpenAI(saying([FALSE, TRUE])) as server:
        performed = await perform(server, streaming=streaming)
    told = server.requests[2].text
    assert "77 %" in told
    assert "cite the evidence id that does show it" in told
    assert "43 %" in hypotheses(performed.report).summary
    assert performed.dropped == ()
    replies = [
        message["tool_call_id"] for message in server.requests[2].messages if message["role"] == "tool"
    ]
    calls = [
        call["id"] for message in server.requests[2].messages for call in message.get("tool_calls") or []
    ]
    assert replies == calls


async def test_what_stays_unsupported_loses_its_evidence() -> None:
    with FakeOpenAI(saying([FALSE, FALSE, FALSE])) as server:
        performed = await perform(server)
    best = hypotheses(performed.report)
    assert len(server.requests) == 3
    assert (best.evidence, best.confidence) == ((), Confidence.LOW)
    assert "[unsupported: 77 %]" in best.summary
    assert any("77 %" in sentence for sentence in performed.dropped)


@pytest.mark.parametrize("end", [Fault(Kind.STATUS, 500), Reply(text="No."), Fault(Kind.HANG)])
async def test_the_first_report_counts_when_no_better_one_comes(end: Turn) -> None:
    with FakeOpenAI(saying([FALSE, *[end] * 6])) as server:
        performed = await perform(server, timeout_seconds=0.5, assignment_seconds=4)
    assert "[unsupported: 77 %]" in hypotheses(performed.report).summary


async def test_users_are_never_told_a_figure_that_nobody_read() -> None:
    words = {"status": "Investigating", "impact": "77 % of orders fail", "current_action": "We look."}

    def answer(_: Asked) -> Turn:
        return Reply(calls=(Call(StatusReport.__name__, words),))

    with FakeOpenAI(answer) as server:
        failed = await failure(server, job=assignment(Task.STATUS_UPDATE))
    assert isinstance(failed, ModelFailed)
    assert "77 %" in str(failed)
    assert not failed.outage
    assert failed.usage.model_calls == len(server.requests) == 2


def hypotheses(found: object) -> Any:
    assert isinstance(found, InvestigationReport)
    return found.hypotheses[0]
