"""One rule for graph and playbook: what has been judged is not proposed again, all else may be."""

from dataclasses import replace

import pytest

from agents.engine import Assignment, EngineResult
from graph.state import RoleResult
from graph.steps.mitigation import candidates
from incidents.action import Action, ActionKind, ActionState
from incidents.findings import Category
from incidents.reports import MitigationReport, ProposedAction, Task
from incidents.severity import Step
from tests.agents.playbook.test_keywords import COMMANDER, FAILING, diagnosed, logging
from tests.agents.playbook.test_worlds import CATALOGUE, mitigate
from tests.agents.stage import NOW, Stage, proposal, world
from tests.graph.harness import bench

RESTART = Action(kind=ActionKind.RESTART, service="store")
LOCKED = logging("store", "statement failed: database is locked")

#: Whether a change may be put to people again that stands so.
AGAIN = {
    ActionState.REJECTED: False,
    ActionState.DONE: False,
    ActionState.FAILED: False,
    ActionState.REVOKED: True,
    ActionState.EXPIRED: True,
    ActionState.DRIFTED: True,
}


@pytest.mark.parametrize(("state", "again"), AGAIN.items())
async def test_the_playbook_and_the_graph_agree_on_what_may_be_proposed_again(
    state: ActionState, again: bool
) -> None:
    case = diagnosed("store", Category.INFRASTRUCTURE).evolve(proposals=(proposal(RESTART, state),))
    seen = world(CATALOGUE, FAILING, LOCKED)
    report = await mitigate(Stage(seen), case, COMMANDER, (RESTART.kind,))
    assert bool(report.proposals) is again
    wished = ProposedAction(action=RESTART, reason="it is locked", expected_effect="it answers")
    job = Assignment(
        id="1", incident=case.id, role=COMMANDER, task=Task.MITIGATE, step=Step.MITIGATION, severity=None,
        actions=(RESTART.kind,), deadline=NOW,
    )  # fmt: skip
    said = EngineResult(report=MitigationReport(summary="again", proposals=(wished,)), engine="llm")
    done = (RoleResult(assignment=job, performed=said),)
    assert bool(candidates(replace(bench().deps, world=seen), case, done)) is again
