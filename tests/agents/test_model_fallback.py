"""The next model is asked when one cannot serve; the playbook only when none can."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agents.breaker import Breaker
from agents.engine import Assignment, EngineResult, RoleContext
from agents.failure import ModelFailed
from agents.llm.engine import LlmEngine
from agents.llm.settings import Model, every_tier
from agents.llm.transport import Timer
from agents.model_fallback import Candidate, FallbackChain
from agents.model_or_playbook import ModelOrPlaybook
from incidents.faults import ModelFault
from incidents.usage import Usage
from tests.agents.contexts import assignment, role_context
from tests.agents.llm_run import Pauses, settings
from tests.agents.test_model_or_playbook import DOWN, REPORT, USELESS, Mind, Wall
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked, Fault, Kind, Reply, Script, Turn


def over(server: FakeOpenAI, model: str) -> Candidate:
    timer = Timer(sleep=Pauses().sleep)
    given = settings(base_url=server.base_url, models=every_tier(Model(name=model)))
    return Candidate(LlmEngine(given, timer=timer))


async def test_the_first_that_serves_speaks_and_all_that_was_used_counts() -> None:
    first, second, third = Mind("one", USELESS), Mind("two"), Mind("three")
    performed = await FallbackChain([Candidate(first), Candidate(second), Candidate(third)]).perform(
        assignment(), role_context()
    )
    assert (performed.engine, third.asked) == ("two", 0)
    assert performed.usage == USELESS.usage + Usage(seconds=1)
    assert performed.faults == (ModelFault.NO_REPORT,)


async def test_when_none_serves_every_reason_is_said() -> None:
    chain = FallbackChain([Candidate(Mind("one", DOWN)), Candidate(Mind("two", USELESS))])
    with pytest.raises(ModelFailed, match="nothing listens at the endpoint; then no usable report") as caught:
        await chain.perform(assignment(), role_context())
    assert caught.value.usage == DOWN.usage + USELESS.usage
    assert caught.value.faults == (ModelFault.CONNECTION, ModelFault.NO_REPORT)
    assert not caught.value.outage


async def test_an_outage_of_one_is_remembered_for_that_one_only() -> None:
    down, up = Mind("one", DOWN), Mind("two")
    chain = FallbackChain([Candidate(down, Breaker(now=Wall())), Candidate(up)])
    for _ in range(3):
        assert (await chain.perform(assignment(), role_context())).engine == "two"
    assert (down.asked, up.asked) == (1, 3)


@pytest.mark.parametrize(("status", "asked"), [(401, (1, 0)), (404, (1, 3)), (503, (4, 3))])
async def test_models_at_one_endpoint_share_its_outage_but_not_each_others(
    status: int, asked: tuple[int, int]
) -> None:
    """A refused key is refused for every model; a missing or overloaded model says nothing of the others."""

    def answer(request: Asked) -> Turn:
        return Fault(Kind.STATUS, status) if request.body["model"] == "large" else obliging(request)

    with FakeOpenAI(answer) as server:
        shared = Breaker()
        links = [replace(over(server, name), endpoint=shared) for name in ("large", "small")]
        performed = await ModelOrPlaybook(FallbackChain(links), Mind("playbook")).perform(
            assignment(checks=()), role_context()
        )
        models = [request.body["model"] for request in server.requests]
    assert (models.count("large"), models.count("small")) == asked
    assert performed.engine == ("llm" if asked[1] else "playbook")


async def test_the_next_gets_what_is_left_of_the_time_box() -> None:
    wall, given = Wall(), []

    class Slow:
        async def perform(self, assignment: Assignment, role_context: RoleContext) -> EngineResult:
            given.append(assignment.deadline)
            wall.now += 90
            if len(given) == 1:
                raise USELESS
            return EngineResult(report=REPORT, engine="slow")

    await FallbackChain([Candidate(Slow()), Candidate(Slow())], wall).perform(assignment(), role_context())
    assert given[0] - given[1] == timedelta(seconds=90)


async def test_over_http_the_second_endpoint_takes_over_and_then_the_playbook() -> None:
    with FakeOpenAI(Script([Fault(Kind.STATUS, 503)])) as broken, FakeOpenAI(obliging) as sound:
        auto = ModelOrPlaybook(FallbackChain([over(broken, "large"), over(sound, "small")]), Mind("playbook"))
        performed = await auto.perform(assignment(), role_context())
        assert (performed.engine, performed.model, performed.handover) == ("llm", "small", None)
    auto = ModelOrPlaybook(FallbackChain([over(broken, "large"), over(sound, "small")]), Mind("playbook"))
    performed = await auto.perform(assignment(checks=()), role_context())
    assert performed.engine == "playbook"
    assert performed.handover is not None
    assert "large" in performed.handover
    assert "small" in performed.handover


async def test_each_model_pays_for_itself_whether_it_served_or_not() -> None:
    def chatters(request: Asked) -> Turn:
        return Reply(text="I wonder.", tokens_in=900, tokens_out=40)

    with FakeOpenAI(chatters) as useless, FakeOpenAI(obliging) as sound:
        chain = FallbackChain([over(useless, "large"), over(sound, "small")])
        performed = await ModelOrPlaybook(chain, Mind("playbook")).perform(assignment(), role_context())
    large, small = performed.models
    assert (large.model, large.endpoint, large.fault) == ("large", useless.base_url, ModelFault.NO_REPORT)
    assert (large.usage.tokens_in, small.fault) == (large.usage.model_calls * 900, None)
    assert large.usage + small.usage == performed.usage


async def test_one_failure_has_one_key_however_it_is_worded_and_while_it_rests() -> None:
    wall = Wall()
    with FakeOpenAI(
        lambda request: Fault(Kind.STATUS, 401, message=f"key {request.number} is wrong")
    ) as server:
        auto = ModelOrPlaybook(over(server, "large").engine, Mind("playbook"), breaker=Breaker(now=wall))
        first, resting = [await auto.perform(assignment(), role_context()) for _ in range(2)]
        wall.now += 200
        again = await auto.perform(assignment(), role_context())
    assert len(server.requests) == 2
    assert first.key == resting.key == again.key
    assert first.handover != again.handover
