"""Budgets by severity: checked before every call, shared by roles that work side by side."""

import pytest

from agents.auto import Auto
from agents.budget import DEFAULT_BUDGET, Budget, Limits, Purse
from agents.engine import Assignment
from agents.llm.engine import LlmEngine
from agents.llm.wire import Timer
from incidents.incident import Usage
from incidents.severity import Severity
from tests.agents.desk import assignment, desk, incident
from tests.agents.llm_run import Pauses, settings
from tests.agents.test_auto import Mind
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Asked, Call, Reply

REPORT = Call("InvestigationReport", {"summary": "Nothing seen.", "checks": [], "hypotheses": []})
ROLE_1000 = Budget(role={Severity.P1: Limits(tokens=1000)})


def job(name: str = "0001-backend_architect-investigate", about: str = "inc-1") -> Assignment:
    return assignment(id=name, incident=about, checks=())


def engine(server: FakeOpenAI, purse: Purse) -> LlmEngine:
    return LlmEngine(settings(base_url=server.base_url), timer=Timer(sleep=Pauses().sleep), purse=purse)


def curious(tokens: int, report_when_last: bool = True) -> Answerer:
    """Asks for ever, each time for so many tokens; reports only when nothing else is offered."""

    def answer(asked: Asked) -> Reply:
        if "changes" in asked.tools or not report_when_last:
            return Reply(calls=(Call("changes", {}),), tokens_in=tokens - 10, tokens_out=10)
        return Reply(calls=(REPORT,), tokens_in=tokens - 10, tokens_out=10)

    return answer


async def test_before_the_budget_ends_the_report_is_asked_for() -> None:
    with FakeOpenAI(curious(200)) as server:
        performed = await engine(server, Purse(ROLE_1000)).perform(job(), desk())
    assert performed.engine == "llm"
    assert performed.usage.tokens_in + performed.usage.tokens_out <= 1000
    assert "last turn" in server.requests[-1].text
    assert 2 <= len(server.requests) <= 5


async def test_a_spent_role_budget_stops_within_the_assignment_and_the_playbook_goes_on() -> None:
    with FakeOpenAI(curious(600, report_when_last=False)) as server:
        purse = Purse(ROLE_1000)
        performed = await Auto(engine(server, purse), Mind("playbook"), purse=purse).perform(job(), desk())
    assert performed.engine == "playbook"
    assert performed.handover is not None
    assert "the role's P1 budget of 1000 tokens is spent (1200 used)" in performed.handover
    assert performed.usage.tokens_in == 1180
    assert len(server.requests) == 2


def test_roles_side_by_side_see_each_others_spending() -> None:
    purse = Purse(Budget(by_severity={Severity.P1: Limits(tokens=1000)}))
    before, spent = Usage(tokens_in=400), Usage(tokens_in=350)
    assert purse.why_not(job("0004-a-investigate"), before, spent) is None
    assert purse.why_not(job("0004-b-investigate"), before, spent) is not None
    # In the next turn the incident itself has counted what those two used.
    assert purse.why_not(job("0005-a-mitigate"), Usage(tokens_in=400), Usage()) is None
    assert purse.why_not(job("0005-a-mitigate", about="another"), Usage(), spent) is None


@pytest.mark.parametrize(("severity", "stopped"), [(Severity.P0, False), (Severity.P3, True), (None, False)])
def test_p0_may_spend_and_p3_gets_one_cheap_pass(severity: Severity | None, stopped: bool) -> None:
    used = Usage(tokens_in=120_000)
    assert (DEFAULT_BUDGET.spent(used, severity) is not None) is stopped


async def test_nothing_is_asked_when_the_incident_has_spent_everything() -> None:
    with FakeOpenAI(curious(10)) as server:
        purse = Purse(Budget(tokens=100))
        auto = Auto(engine(server, purse), Mind("playbook"), purse=purse)
        about = incident(usage=Usage(tokens_in=100))
        performed = await auto.perform(job(), desk(about=about))
    assert server.requests == []
    assert performed.handover == "the incident's budget of 100 tokens is spent (100 used)"
