"""Verify: how the state reads after the change. Whether it recovered was decided by code before."""

from agents.engine import Assignment, RoleContext
from agents.playbook.checks.overview import say_state
from agents.playbook.checks.result import CheckScope
from agents.playbook.checks.runbook_checks import answer, has_tool
from agents.playbook.tasks.investigate import in_question
from incidents.findings import Claim
from incidents.reports import CheckState, VerificationReport
from incidents.verification import Verification
from tools.toolbox import OVERVIEW
from tools.toolbox.arguments import NoArgs


async def verify(assignment: Assignment, context: RoleContext) -> VerificationReport:
    """Step 4 for one role: its checks, and what deviates that did not before the change."""
    services = in_question(context, None)
    looks = [(check, await answer(check, context, services)) for check in assignment.checks]
    abnormal = sum(look.state is CheckState.ABNORMAL for _, look in looks)
    blind = sum(look.state is CheckState.NO_DATA for _, look in looks)
    return VerificationReport(
        summary=_summary(context.incident.verification, len(looks), abnormal, blind),
        checks=tuple(look.as_check(check) for check, look in looks),
        new_issues=await _new_issues(context, services),
    )


async def _new_issues(context: RoleContext, services: tuple[str, ...]) -> tuple[Claim, ...]:
    """Services that deviate now and were not hit before."""
    if not has_tool(context, OVERVIEW.name):
        return ()
    found = await context.toolset.ask(OVERVIEW, NoArgs())
    before = CheckScope(context=context, services=services).hit_before
    states = found.data.services if found.data is not None else ()
    return tuple(
        Claim(text=say_state(state), evidence=(found.id,))
        for state in states
        if (state.deviates or state.down) and state.service not in before
    )


def _summary(found: Verification | None, checks: int, abnormal: int, blind: int) -> str:
    verdict = f"{found.verdict.capitalize()} since the change. " if found is not None else ""
    parts = [f"{checks - abnormal - blind} of the role's {checks} checks are normal"]
    if abnormal:
        parts.append(f"{abnormal} not")
    if blind:
        parts.append(f"{blind} without data")
    return f"{verdict}{', '.join(parts)}."
