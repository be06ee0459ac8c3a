"""Every fault of the wire and of the model, over HTTP: bounded, said in words, and the key never shown."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from agents.grounding.marking import MARK
from incidents.faults import ModelFault
from incidents.reports import InvestigationReport
from tests.agents.contexts import assignment, role_context
from tests.agents.llm_run import KEY, Pauses, failure, perform
from tests.certificates import self_signed
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked, Call, Fault, Kind, Reply, Script

REPORT = {"summary": "Nothing seen.", "checks": [], "hypotheses": []}
GIVEN = InvestigationReport(summary=f"({MARK} Nothing seen.)", checks=(), hypotheses=())
HALF = '{"summary": "half a sen'
WHOLE = Reply(calls=(Call("InvestigationReport", REPORT),))


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("fault", "said", "requests", "outage", "kind"),
    [
        (
            Fault(Kind.STATUS, 401, message=f"Incorrect API key {KEY}"),
            "refuses the API key (401)",
            1,
            True,
            ModelFault.ACCESS,
        ),
        (Fault(Kind.STATUS, 403), "forbids the call (403)", 1, True, ModelFault.ACCESS),
        (
            Fault(Kind.STATUS, 404, message="model not found"),
            "does not know this model",
            1,
            True,
            ModelFault.REFUSED,
        ),
        (Fault(Kind.STATUS, 429), "limits the rate", 4, True, ModelFault.RATE_LIMIT),
        (Fault(Kind.STATUS, 429, code="insufficient_quota"), "no quota left", 1, True, ModelFault.QUOTA),
        (Fault(Kind.STATUS, 500), "fault of its own (500)", 4, True, ModelFault.SERVER),
        (Fault(Kind.STATUS, 503), "fault of its own (503)", 4, True, ModelFault.SERVER),
        (Fault(Kind.STATUS, 400, code="context_length_exceeded"), "too long", 1, False, ModelFault.TOO_LONG),
        (
            Fault(Kind.STATUS, 400, message="the schema of a tool is too deep"),
            "the schema of a tool is too deep",
            1,
            False,
            ModelFault.REFUSED,
        ),
        (Fault(Kind.STATUS, 413), "too large", 1, False, ModelFault.TOO_LONG),
        (Fault(Kind.HTML), "no chat completion", 2, True, ModelFault.NOT_AN_ANSWER),
        (Fault(Kind.JUNK), "no chat completion", 2, False, ModelFault.NOT_AN_ANSWER),
        (Fault(Kind.ERROR), "fault", 4, True, ModelFault.SERVER),
        (Fault(Kind.DROP), "broke before it answered", 4, True, ModelFault.CONNECTION),
    ],
    ids=lambda value: value.kind + str(value.status) if isinstance(value, Fault) else "",
)
async def test_a_broken_endpoint_is_said_in_words(
    fault: Fault, said: str, requests: int, outage: bool, kind: ModelFault, streaming: bool
) -> None:
    with FakeOpenAI(Script([fault])) as server:
        failed = await failure(server, streaming=streaming)
    assert said in str(failed)
    assert server.base_url in str(failed)
    assert KEY not in str(failed)
    assert failed.__cause__ is None
    assert (failed.outage, failed.faults) == (outage, (kind,))
    assert len(server.requests) == failed.usage.model_calls == requests


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_answer_without_choices_is_no_answer(streaming: bool) -> None:
    with FakeOpenAI(Script([Fault(Kind.EMPTY)])) as server:
        failed = await failure(server, streaming=streaming)
    assert "no choices" in str(failed)
    assert not failed.outage
    assert len(server.requests) == 2


async def test_a_refused_connection_is_said_in_words() -> None:
    server = FakeOpenAI(obliging)
    server.__enter__()
    server.close()
    failed = await failure(server)
    assert "connection refused" in str(failed)
    assert failed.outage


async def test_a_host_that_does_not_exist_is_said_in_words() -> None:
    with FakeOpenAI(obliging) as server:
        failed = await failure(server, base_url="http://no-such-host.invalid/v1", max_attempts=1)
    assert "host name cannot be found" in str(failed) or "broke before it answered" in str(failed)
    assert failed.outage


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("passing", [Fault(Kind.STATUS, 429), Fault(Kind.STATUS, 502), Fault(Kind.CUT)])
async def test_what_passes_is_retried(passing: Fault, streaming: bool) -> None:
    with FakeOpenAI(Script([passing, passing], then=obliging)) as server:
        performed = await perform(server, streaming=streaming)
    assert isinstance(performed.report, InvestigationReport)
    assert performed.usage.model_calls == len(server.requests) == 5
    assert [asked.messages for asked in server.requests[:3]] == [server.requests[0].messages] * 3


async def test_retry_after_is_honoured_and_never_beyond_the_time_box() -> None:
    pauses = Pauses()
    with FakeOpenAI(Script([Fault(Kind.STATUS, 429, retry_after="7")], then=obliging)) as server:
        await perform(server, pauses=pauses)
    assert len(pauses.taken) == 1
    assert pauses.taken[0] >= 7
    with FakeOpenAI(Script([Fault(Kind.STATUS, 429, retry_after="3600")])) as server:
        failed = await failure(server, pauses=pauses)
    assert "limits the rate (429) and asks to be left alone until" in str(failed)
    assert failed.rest == 3600
    assert len(server.requests) == len(pauses.taken) == 1


async def test_retry_after_may_be_a_date_by_the_endpoints_own_clock() -> None:
    pauses, later = Pauses(), format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)
    with FakeOpenAI(Script([Fault(Kind.STATUS, 503, retry_after=later)], then=obliging)) as server:
        await perform(server, pauses=pauses)
    assert 7 <= pauses.taken[0] <= 20.5


async def test_the_pauses_grow_and_never_agree_with_those_of_another() -> None:
    """Roles that fail together must not come back together."""
    taken = []
    for _ in range(2):
        pauses = Pauses()
        with FakeOpenAI(Script([Fault(Kind.STATUS, 503)])) as server:
            await failure(server, pauses=pauses)
        assert all(0 <= pause <= 0.5 * 2**place for place, pause in enumerate(pauses.taken))
        taken.append(pauses.taken)
    assert len(taken[0]) == 3
    assert taken[0] != taken[1]


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.STALL])
@pytest.mark.parametrize("streaming", [False, True])
async def test_a_silent_endpoint_is_asked_twice_and_then_left(streaming: bool, kind: Kind) -> None:
    with FakeOpenAI(Script([Fault(kind)])) as server:
        failed = await failure(server, streaming=streaming, timeout_seconds=0.2)
    assert "did not answer in time" in str(failed)
    assert failed.outage
    assert len(server.requests) == 2


async def test_the_time_box_ends_a_slow_conversation() -> None:
    slow = Reply(calls=(Call("changes", {}),), delay=0.4)
    with FakeOpenAI(Script([slow])) as server:
        failed = await failure(server, timeout_seconds=2, assignment_seconds=2, max_calls=50)
    assert "the time box of 2 s ended after" in str(failed)
    assert not failed.outage
    assert failed.usage.tokens_in > 0


async def test_a_time_box_that_is_over_asks_nothing() -> None:
    with FakeOpenAI(obliging) as server:
        failed = await failure(server, job=assignment(deadline=role_context().now))
    assert "had ended before" in str(failed)
    assert server.requests == []


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("broken", "note"),
    [
        (Reply(calls=(Call("InvestigationReport", HALF),)), "not valid JSON"),
        (Reply(calls=(Call("changes", "{'service': }"),)), "not valid JSON"),
        (Reply(text="The checkout is broken."), "held no call"),
        (Reply(text=""), "held no call"),
        (Reply(text="half a sen", finish="length"), "cut at the length"),
        (replace(WHOLE, finish="length"), "cut at the length"),
        (Reply(refusal="I cannot help with that."), "You declined"),
        (
            Reply(calls=(Call("InvestigationReport", {"summary": 7}),)),
            "was not accepted",
        ),
        (Reply(calls=(WHOLE.calls[0], WHOLE.calls[0])), "more than once"),
    ],
    ids=["half-report", "broken", "prose", "empty", "length", "cut-report", "refusal", "invalid", "twice"],
)
async def test_an_unusable_answer_is_asked_for_once_more(broken: Reply, note: str, streaming: bool) -> None:
    with FakeOpenAI(Script([broken, WHOLE])) as server:
        performed = await perform(server, streaming=streaming)
    assert performed.report == GIVEN
    assert len(server.requests) == 2
    assert note in server.requests[1].text
    echoed = {
        call["function"]["arguments"]
        for message in server.requests[1].messages
        for call in message.get("tool_calls") or []
    }
    assert not {call.wire for call in broken.calls if call.broken} & echoed


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (Reply(calls=(Call("InvestigationReport", "{"),)), "not valid JSON"),
        (Reply(text="No."), "held no report"),
        (Reply(text=None), "was empty"),
        (Reply(text="and so on", finish="length"), "cut at 4096 tokens"),
        (Reply(refusal="No."), "refused to answer"),
        (Reply(calls=(Call("InvestigationReport", {"summary": 7}),)), "does not fit"),
        (Reply(text="x", finish="content_filter"), "content filter"),
    ],
    ids=["broken", "prose", "empty", "length", "refusal", "invalid", "filter"],
)
async def test_answers_that_stay_unusable_fail_with_the_reason(broken: Reply, why: str) -> None:
    with FakeOpenAI(Script([broken])) as server:
        failed = await failure(server)
    assert why in str(failed)
    assert not failed.outage
    assert len(server.requests) <= 3


async def test_a_role_without_tools_cannot_loop() -> None:
    with FakeOpenAI(Script([Reply(calls=(Call("nothing_like_it", {}),))])) as server:
        failed = await failure(server, max_calls=5)
    assert "a tool that does not exist (nothing_like_it)" in str(failed)
    assert "There are: metrics, changes, evidence." in server.requests[1].text
    assert len(server.requests) == 3


async def test_endless_tool_calls_end_at_the_call_limit() -> None:
    with FakeOpenAI(Script([Reply(calls=(Call("changes", {}),))])) as server:
        failed = await failure(server, max_calls=5)
    assert "used up its 5 calls" in str(failed)
    assert not failed.outage
    assert len(server.requests) == 5


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_report_beside_a_question_counts_and_the_question_is_not_asked(streaming: bool) -> None:
    """A server that ignores `tool_choice` or that several calls are not wanted."""
    with FakeOpenAI(Script([Reply(calls=(Call("changes", {}), WHOLE.calls[0]))])) as server:
        performed = await perform(server, streaming=streaming)
    assert performed.report == GIVEN
    assert len(server.requests) == 1


async def test_a_broken_call_beside_a_sound_one_is_not_echoed_and_nothing_of_the_turn_is_asked() -> None:
    before, broken = role_context(), Call("changes", '{"a": ')
    mixed = Reply(calls=(broken, Call("metrics", {"service": "checkout"})))
    with FakeOpenAI(Script([mixed, WHOLE])) as server:
        await perform(server, before=before)
    assert "not valid JSON" in server.requests[1].text
    assert broken.wire not in json.dumps(server.requests[1].body)
    assert await before.toolset.store.evidence("inc-1") == ()


async def test_a_report_written_as_text_is_read() -> None:
    fenced = '```json\n{"summary": "Nothing seen.", "checks": [], "hypotheses": []}\n```'
    with FakeOpenAI(Script([Reply(text=fenced)])) as server:
        performed = await perform(server)
    assert performed.report == GIVEN
    assert len(server.requests) == 1


@pytest.mark.parametrize("streaming", [False, True])
async def test_calls_without_ids_are_answered_all_the_same(streaming: bool) -> None:
    asks = Reply(calls=(Call("changes", {}), Call("metrics", {"service": "checkout"})), with_ids=False)
    with FakeOpenAI(Script([asks, replace(WHOLE, with_ids=False)])) as server:
        performed = await perform(server, streaming=streaming)
    assert performed.report == GIVEN
    told = server.requests[1].messages
    ids = [call["id"] for message in told for call in message.get("tool_calls") or []]
    assert len(set(ids)) == 2
    assert all(ids)
    assert [message["tool_call_id"] for message in told if message["role"] == "tool"] == ids


async def test_a_missing_usage_is_estimated_not_zero() -> None:
    def without_usage(asked: Asked) -> Reply:
        return Reply(calls=WHOLE.calls, tokens_in=-1)

    with FakeOpenAI(without_usage) as server:
        performed = await perform(server)
    assert performed.usage.tokens_in > 100


async def test_the_server_gone_in_the_middle_is_an_outage() -> None:
    with FakeOpenAI(Script([Reply(calls=(Call("changes", {}),))], then=lambda _: Fault(Kind.DROP))) as server:
        failed = await failure(server)
    assert failed.outage
    assert failed.usage.tokens_in == 100


async def test_a_self_signed_certificate_is_named_and_can_be_trusted(tmp_path: Path) -> None:
    context, cert = self_signed(tmp_path)
    with FakeOpenAI(obliging, tls=context) as server:
        failed = await failure(server)
        assert "certificate is not trusted" in str(failed)
        assert failed.outage
        assert failed.usage.model_calls == 1
        performed = await perform(server, ca_file=cert)
    assert isinstance(performed.report, InvestigationReport)
