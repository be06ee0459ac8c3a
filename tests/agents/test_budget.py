"""Budgets by severity: checked before every call, shared by roles that work side by side."""

import pytest

from agents.budget import DEFAULT_BUDGET, Budget, BudgetTracker, Limits
from agents.engine import Assignment, RoleContext
from agents.llm.engine import LlmEngine
from agents.llm.transport import Timer
from agents.model_fallback import Candidate, FallbackChain
from agents.model_or_playbook import ModelOrPlaybook
from incidents.severity import Severity
from incidents.usage import Usage, UsageLine
from nexus.config.budgets import budget_of
from nexus.config.settings import Settings, read_settings
from tests.agents.contexts import assignment, incident, role_context
from tests.agents.llm_run import Pauses, settings
from tests.agents.test_model_or_playbook import Mind
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Asked, Call, Reply

REPORT = Call("InvestigationReport", {"summary": "Nothing seen.", "checks": [], "hypotheses": []})
ROLE_1000 = Budget(role={Severity.P1: Limits(tokens=1000)})


def job() -> Assignment:
    return assignment(checks=())


def p1() -> RoleContext:
    return role_context(about=incident(severity=Severity.P1))


def engine(server: FakeOpenAI, purse: BudgetTracker) -> LlmEngine:
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
        performed = await engine(server, BudgetTracker(ROLE_1000)).perform(job(), p1())
    assert performed.engine == "llm"
    assert performed.usage.tokens_in + performed.usage.tokens_out <= 1000
    assert "last turn" in server.requests[-1].text
    assert 2 <= len(server.requests) <= 5


async def test_a_spent_role_budget_stops_within_the_assignment_and_the_playbook_goes_on() -> None:
    with FakeOpenAI(curious(600, report_when_last=False)) as server:
        purse = BudgetTracker(ROLE_1000)
        performed = await ModelOrPlaybook(engine(server, purse), Mind("playbook"), purse=purse).perform(
            job(), p1()
        )
    assert performed.engine == "playbook"
    assert performed.handover is not None
    assert "the role's P1 budget of 1000 tokens is spent (1200 used)" in performed.handover
    assert performed.usage.tokens_in == 1180
    assert len(server.requests) == 2


def test_roles_side_by_side_see_each_others_spending() -> None:
    purse = BudgetTracker(Budget(by_severity={Severity.P1: Limits(tokens=1000)}))
    fourth = incident(turn=4, severity=Severity.P1, usage=Usage(tokens_in=400))
    assert purse.account("a", fourth).why_not(Usage(tokens_in=350)) is None
    assert purse.account("b", fourth).why_not(Usage(tokens_in=350)) is not None
    assert purse.exhausted(fourth) is not None
    # In the next turn the incident itself has counted what those two used.
    assert purse.why_not("a", fourth.evolve(turn=5)) is None
    assert purse.why_not("a", fourth.evolve(id="another")) is None


def test_a_roles_budget_holds_for_all_its_work_and_for_every_model_of_it() -> None:
    purse = BudgetTracker(ROLE_1000)
    line = UsageLine(
        assignment="1", role="a", task="triage", step="triage", engine="llm", usage=Usage(tokens_in=400)
    )
    about = incident(severity=Severity.P1, usage_lines=(line,), usage=line.usage)
    purse.account("a", about).why_not(Usage(tokens_in=500))
    second = purse.account("a", about)
    assert second.why_not(Usage(tokens_in=50)) is None
    assert not second.would_stop(Usage(tokens_in=99))
    assert second.would_stop(Usage(tokens_in=100))
    assert second.why_not(Usage(tokens_in=50)) is None
    assert purse.account("b", about).why_not(Usage(tokens_in=999)) is None


@pytest.mark.parametrize(("severity", "stopped"), [(Severity.P0, False), (Severity.P3, True), (None, False)])
def test_p0_may_spend_and_p3_gets_one_cheap_pass(severity: Severity | None, stopped: bool) -> None:
    used = Usage(tokens_in=120_000)
    assert (DEFAULT_BUDGET.spent(used, severity) is not None) is stopped


def test_money_binds_only_where_prices_are_set_and_settings_replace_the_defaults() -> None:
    free = budget_of(Settings())
    priced = budget_of(Settings(llm_price_in=2))
    assert free.by_severity[Severity.P0].cost is None
    assert priced.by_severity[Severity.P0].cost == DEFAULT_BUDGET.by_severity[Severity.P0].cost
    assert free.role[Severity.P3].seconds == DEFAULT_BUDGET.role[Severity.P3].seconds
    named = budget_of(
        read_settings(
            {
                "NEXUS_BUDGET_SECONDS": "90",
                "NEXUS_BUDGET_ROLE_SECONDS": "P3:30",
                "NEXUS_BUDGET_ROLE_COST": "2",
            }
        )
    )
    assert {limits.seconds for limits in named.by_severity.values()} == {90}
    assert (named.role[Severity.P3].seconds, named.role[Severity.P0].cost) == (30, 2)
    assert named.role[Severity.P0].seconds == DEFAULT_BUDGET.role[Severity.P0].seconds


async def test_nothing_is_asked_when_the_incident_has_spent_everything() -> None:
    with FakeOpenAI(curious(10)) as server:
        purse = BudgetTracker(Budget(tokens=100))
        auto = ModelOrPlaybook(engine(server, purse), Mind("playbook"), purse=purse)
        about = incident(usage=Usage(tokens_in=100))
        performed = await auto.perform(job(), role_context(about=about))
    assert server.requests == []
    assert performed.handover == "the incident's budget of 100 tokens is spent (100 used)"
    assert performed.exhausted is None  # no model was ever asked, so that nothing ran out


async def test_what_the_budget_cut_off_keeps_the_best_answer_so_far() -> None:
    """The first report claims what no evidence holds and goes back; there is no budget for a second one."""
    claims = {"summary": "Errors at 77 %.", "checks": [], "hypotheses": []}

    def answer(_: Asked) -> Reply:
        return Reply(calls=(Call("InvestigationReport", claims),), tokens_in=1100)

    with FakeOpenAI(answer) as server:
        purse = BudgetTracker(Budget(by_severity={Severity.P1: Limits(tokens=1000)}))
        performed = await ModelOrPlaybook(engine(server, purse), Mind("playbook"), purse=purse).perform(
            job(), p1()
        )
    assert len(server.requests) == 1
    assert (performed.engine, performed.handover) == ("llm", None)
    assert performed.cut == "the incident's P1 budget of 1000 tokens is spent (1120 used)"
    assert performed.exhausted == performed.cut


async def test_a_fallback_model_goes_on_where_the_first_ones_budget_stands() -> None:
    with FakeOpenAI(curious(600, report_when_last=False)) as first, FakeOpenAI(curious(10)) as second:
        purse = BudgetTracker(ROLE_1000)
        chain = FallbackChain([Candidate(engine(first, purse)), Candidate(engine(second, purse))])
        performed = await ModelOrPlaybook(chain, Mind("playbook"), purse=purse).perform(job(), p1())
    assert (len(first.requests), len(second.requests)) == (2, 0)
    assert performed.engine == "playbook"
    assert performed.usage.tokens_in == 1180
