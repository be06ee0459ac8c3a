"""From a role's patch to the branch: two people sign its bytes, and only those are made."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from agents.engine import EngineResult
from graph.execute import run
from graph.state import Deps, RoleResult
from graph.step import assignment
from graph.steps.mitigation import conclude
from incidents.action import Action, ActionKind, ActionState, Approval, Arguments, Proposal, Verdict
from incidents.findings import Category, Confidence, Diagnosis
from incidents.incident import Incident
from incidents.policy import decide
from incidents.reports import MitigationReport, ProposedAction, Task
from incidents.severity import Severity, Step
from nexus.store.fence import FencedIntents
from nexus.store.records import WorldKind, WorldRef
from tests.graph.harness import bench, incident
from tests.graph.worlds import ALERT
from tests.tools.live.sources import FIX, Shop
from tests.tools.live.test_patches import CATALOGUE, actions, spec
from tools.live.code.patches import GitPatches


async def proposed(shop: Shop) -> tuple[Deps, Incident, Proposal]:
    """A patch that was tried and proposed by the role that the decision tree names for code."""
    tried = await GitPatches([spec(shop)]).attempt("shop", FIX, "Read a comma")
    made = bench()
    await made.store.register(incident(), WorldRef(kind=WorldKind.CASE, path="made"), ALERT)
    number = await made.store.lease("INC-1", "test", ALERT + timedelta(hours=1), ALERT)
    assert number is not None
    world = replace(made.deps.world, catalogue=CATALOGUE, actions=actions(shop))
    deps = replace(made.deps, world=world, intents=FencedIntents(made.store, number))
    cause = Diagnosis(
        service="shop", category=Category.CODE, confidence=Confidence.HIGH, summary="a comma", evidence=("E",)
    )
    broken = incident().evolve(step=Step.MITIGATION, severity=Severity.P1, diagnosis=cause)
    kinds = (ActionKind.HOTFIX,)
    work = assignment(
        deps, broken, "relevant_developer", Task.MITIGATE, does="Implement hotfix", actions=kinds
    )
    action = Action(kind=ActionKind.HOTFIX, service="shop", arguments=Arguments(patch=tried.patch))
    wanted = ProposedAction(action=action, reason="A comma is read.", expected_effect="errors fall")
    report = MitigationReport(summary="A patch.", proposals=(wanted,))
    told = await conclude(
        deps, broken, (RoleResult(assignment=work, performed=EngineResult(report=report, engine="llm")),)
    )
    return deps, told.incident, told.incident.proposals[0]


def signed(deps: Deps, waiting: Proposal) -> Proposal:
    for who in ("ana", "ben"):
        assert waiting.state is ActionState.PROPOSED
        approval = Approval(
            action=waiting.id, digest=waiting.digest, verdict=Verdict.APPROVE, by=who, at=ALERT
        )
        waiting = decide(waiting, approval, deps.policy)
    assert waiting.state is ActionState.APPROVED
    return waiting


async def test_two_people_sign_a_patch_and_it_becomes_that_branch(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "repo")
    deps, broken, waiting = await proposed(shop)
    assert waiting.approvers_needed == 2
    ran = await run(deps, broken, signed(deps, waiting))
    done = ran.incident.proposals[0]
    patch = waiting.action.arguments.patch or ""
    assert done.state is ActionState.DONE, ran.entries
    assert shop("rev-parse", f"nexus/INC-1-{patch[:8]}") == patch
    assert (
        await run(deps, broken, signed(deps, waiting)) is not None
    )  # again: the outcome, not a second branch
    assert shop("branch", "--list", "nexus/*").count("nexus/") == 1


async def test_what_was_signed_is_not_made_on_another_base(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "repo")
    deps, broken, waiting = await proposed(shop)
    shop.write("mail/text.txt", "meanwhile\n")
    shop.kept("Meanwhile")
    ran = await run(deps, broken, signed(deps, waiting))
    assert ran.incident.proposals[0].state is ActionState.DRIFTED
    assert "has to be tried again" in ran.entries[0].text
    assert shop("branch", "--list", "nexus/*") == ""
