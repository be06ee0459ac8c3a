"""Which engine speaks, and what is said when it is not the model."""

from datetime import timedelta

import pytest

from agents.breaker import Breaker
from agents.budget import Budget, BudgetTracker
from agents.engine import Assignment, EngineResult, RoleContext
from agents.failure import ModelFailed
from agents.model_or_playbook import Mode, ModelOrPlaybook
from incidents.errors import EngineFailed, SettingsError
from incidents.faults import ModelFault
from incidents.reports import InvestigationReport
from incidents.usage import Usage
from tests.agents.contexts import assignment, incident, role_context
from tests.agents.llm_run import Pauses, settings
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Fault, Kind, Script

REPORT = InvestigationReport(summary="Seen.", checks=(), hypotheses=())


class Mind:
    """An engine that answers, or fails with what it is given; it counts how often it was asked."""

    def __init__(self, name: str, failure: EngineFailed | None = None) -> None:
        self.name = name
        self.failure = failure
        self.asked = 0

    async def perform(self, assignment: Assignment, role_context: RoleContext) -> EngineResult:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return EngineResult(report=REPORT, engine=self.name, usage=Usage(seconds=1))


class Wall:
    """A wall clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


DOWN = ModelFailed(
    "nothing listens at the endpoint",
    Usage(model_calls=2, tokens_in=5),
    outage=True,
    faults=(ModelFault.CONNECTION,),
)
USELESS = ModelFailed("no usable report", Usage(model_calls=3, tokens_in=900, cost=0.5))


@pytest.mark.parametrize("mode", ["auto", "llm"])
async def test_the_model_speaks_while_it_can(mode: Mode) -> None:
    playbook = Mind("playbook")
    performed = await ModelOrPlaybook(Mind("llm"), playbook, mode).perform(assignment(), role_context())
    assert (performed.engine, performed.handover, playbook.asked) == ("llm", None, 0)


async def test_the_playbook_mode_never_asks_the_model() -> None:
    llm = Mind("llm")
    performed = await ModelOrPlaybook(llm, Mind("playbook"), "playbook").perform(assignment(), role_context())
    assert (performed.engine, performed.handover, llm.asked) == ("playbook", None, 0)


async def test_without_a_model_the_reason_is_said() -> None:
    performed = await ModelOrPlaybook(None, Mind("playbook"), reason="no key is set").perform(
        assignment(), role_context()
    )
    assert (performed.engine, performed.handover) == ("playbook", "no key is set")


def test_insisting_on_a_model_without_one_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"set to llm, but no key is set"):
        ModelOrPlaybook(None, Mind("playbook"), "llm", "no key is set")


async def test_a_failed_assignment_is_handed_over_and_still_paid_for() -> None:
    auto = ModelOrPlaybook(Mind("llm", USELESS), Mind("playbook"))
    performed = await auto.perform(assignment(), role_context())
    assert (performed.engine, performed.handover) == ("playbook", "no usable report")
    assert performed.usage == Usage(model_calls=3, tokens_in=900, cost=0.5, seconds=1)


async def test_insisting_on_the_model_hands_over_loudly() -> None:
    auto = ModelOrPlaybook(Mind("llm", EngineFailed("no usable report")), Mind("playbook"), "llm")
    performed = await auto.perform(assignment(), role_context())
    assert performed.engine == "playbook"
    assert performed.handover is not None
    assert performed.handover.startswith("THE MODEL DID NOT ANSWER")


async def test_an_outage_costs_its_timeout_once_in_a_while() -> None:
    llm, wall = Mind("llm", DOWN), Wall()
    auto = ModelOrPlaybook(llm, Mind("playbook"), breaker=Breaker(timedelta(minutes=3), wall))
    reasons = [(await auto.perform(assignment(), role_context())).handover for _ in range(5)]
    assert llm.asked == 1
    assert all(reason and "nothing listens" in reason for reason in reasons)
    assert reasons[1] is not None
    assert "asked again in 180 s" in reasons[1]
    wall.now += 181
    llm.failure = None
    assert (await auto.perform(assignment(), role_context())).engine == "llm"
    assert (await auto.perform(assignment(), role_context())).engine == "llm"


async def test_a_useless_answer_does_not_stop_the_next_assignment() -> None:
    llm = Mind("llm", USELESS)
    auto = ModelOrPlaybook(llm, Mind("playbook"))
    for _ in range(3):
        await auto.perform(assignment(), role_context())
    assert llm.asked == 3


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(tokens=1000), "1000 tokens is spent"),
        (Budget(cost=0.5), "0.5 cost is spent"),
        (Budget(seconds=60), "60 seconds is spent"),
    ],
)
async def test_a_spent_budget_hands_over(budget: Budget, said: str) -> None:
    llm = Mind("llm")
    auto = ModelOrPlaybook(llm, Mind("playbook"), purse=BudgetTracker(budget))
    assert (await auto.perform(assignment(), role_context())).engine == "llm"
    used = incident(usage=Usage(tokens_in=800, tokens_out=200, cost=0.5, seconds=60))
    performed = await auto.perform(assignment(), role_context(about=used))
    assert performed.engine == "playbook"
    assert performed.handover is not None
    assert said in performed.handover
    assert llm.asked == 1


async def test_a_playbook_that_fails_is_not_hidden() -> None:
    auto = ModelOrPlaybook(Mind("llm", USELESS), Mind("playbook", EngineFailed("no tools at all")))
    with pytest.raises(EngineFailed, match="no tools at all"):
        await auto.perform(assignment(), role_context())


async def test_a_dead_endpoint_over_http_ends_with_the_playbook() -> None:
    from agents.llm.engine import LlmEngine  # noqa: PLC0415  (as the composition root does it: late)
    from agents.llm.transport import Timer  # noqa: PLC0415

    with FakeOpenAI(Script([Fault(Kind.STATUS, 500)])) as server:
        engine = LlmEngine(settings(base_url=server.base_url), timer=Timer(sleep=Pauses().sleep))
        auto = ModelOrPlaybook(engine, Mind("playbook"), breaker=Breaker(now=Wall()))
        performed = [await auto.perform(assignment(), role_context()) for _ in range(3)]
    assert [done.engine for done in performed] == ["playbook"] * 3
    assert len(server.requests) == 4
    assert performed[0].usage.model_calls == 4
