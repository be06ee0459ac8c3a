"""A bad release of checkout, with an innocent one beside it: every task of the playbook, end to end."""

from datetime import timedelta
from pathlib import Path

import pytest

from incidents.action import ActionKind, ActionState
from incidents.findings import Category, Confidence, Diagnosis
from incidents.incident import Incident
from incidents.notes import Note
from incidents.reports import (
    BacklogReport,
    BriefReport,
    CheckState,
    InvestigationReport,
    MitigationReport,
    PostMortemReport,
    StatusReport,
    Task,
    TriageReport,
    VerificationReport,
)
from incidents.severity import PublicStatus, Severity, Status, Step
from tests import cases
from tests.agents.stage import RUNBOOK, Stage, proposal, rollback
from tools.fence import UNFENCED
from tools.telemetry.facts import measure
from tools.toolset import Sources

INVESTIGATORS = [row.role for row in RUNBOOK.steps[Step.INVESTIGATION].roles]
TREE = (ActionKind.ROLLBACK, ActionKind.FEATURE_FLAG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cases.build_case(tmp_path_factory.mktemp("case"))


@pytest.fixture
def stage(folder: Path, tmp_path: Path) -> Stage:
    world, clock = cases.case_world(folder, tmp_path / "ledger.jsonl", cases.ALERT + timedelta(minutes=2))
    return Stage(world, clock)


@pytest.fixture
async def hit(stage: Stage) -> Incident:
    """The incident after triage."""
    case = cases.case_incident()
    facts = await measure(Sources(world=stage.world, clock=stage.clock, incident=case))
    report = await stage.do(case, "infrastructure_maintainer", Task.TRIAGE, step=Step.TRIAGE)
    assert isinstance(report, TriageReport)
    return case.evolve(
        severity=report.severity,
        impact=report.impact,
        summary=report.summary,
        facts=facts,
        signals=facts.signals,
    )


@pytest.fixture
async def known(stage: Stage, hit: Incident) -> Incident:
    """The incident after an investigation that blamed the release."""
    report = await stage.do(hit, "devops_automator", Task.INVESTIGATE)
    assert isinstance(report, InvestigationReport)
    best = report.hypotheses[0]
    fields = best.model_dump(exclude={"ruled_out_by"})
    return hit.evolve(diagnosis=Diagnosis.model_validate(fields))


async def propose(stage: Stage, case: Incident) -> MitigationReport:
    report = await stage.do(case, "devops_automator", Task.MITIGATE, step=Step.MITIGATION, actions=TREE)
    assert isinstance(report, MitigationReport)
    return report


async def test_triage_measures_who_is_hit_and_how_badly(stage: Stage) -> None:
    report = await stage.do(cases.case_incident(), "infrastructure_maintainer", Task.TRIAGE, step=Step.TRIAGE)
    assert isinstance(report, TriageReport)
    assert report.severity is Severity.P1  # the alert says critical; 30 % of failures alone would be P2
    assert set(report.impact.services) == {"checkout", "web"}
    assert report.impact.customers_affected is True
    assert report.impact.api_affected
    assert report.impact.users_affected == "30 % of the requests to web"
    assert report.impact.data_at_risk is None
    assert not report.false_alarm
    kept = await stage.kept(cases.case_incident())
    assert all(set(claim.evidence) <= set(kept) and claim.evidence for claim in report.claims)


@pytest.mark.parametrize("role", INVESTIGATORS)
async def test_every_role_finds_the_release_and_answers_its_checks(
    stage: Stage, hit: Incident, role: str
) -> None:
    report = await stage.do(hit, role, Task.INVESTIGATE)
    assert isinstance(report, InvestigationReport)
    best = report.hypotheses[0]
    assert (best.service, best.category, best.change) == ("checkout", Category.DEPLOYMENT, "c2")
    assert best.confidence is not Confidence.LOW
    assert best.onset == cases.ONSET
    row = next(row for row in RUNBOOK.steps[Step.INVESTIGATION].roles if row.role == role)
    assert [check.check for check in report.checks] == list(row.checks)
    assert "No tool" not in " ".join(check.finding for check in report.checks)
    kept = await stage.kept(hit)
    cited = {e for h in report.hypotheses for e in h.evidence} | {
        e for c in report.checks for e in c.evidence
    }
    assert cited <= set(kept)
    assert all(hypothesis.evidence for hypothesis in report.hypotheses)
    assert all(h.ruled_out_by for h in report.hypotheses[1:] if h.service == "checkout")
    assert not any(h.service == "catalogue" and h.ruled_out_by is None for h in report.hypotheses)


async def test_the_code_that_fails_is_ruled_out_by_the_release_that_brought_it(
    stage: Stage, hit: Incident
) -> None:
    report = await stage.do(hit, "relevant_developer", Task.INVESTIGATE)
    assert isinstance(report, InvestigationReport)
    code = next(h for h in report.hypotheses if h.category is Category.CODE)
    assert "TypeError" in code.summary
    assert code.ruled_out_by is not None
    assert "release 2.0" in code.ruled_out_by


async def test_the_rollback_goes_to_the_version_that_ran_before(stage: Stage, known: Incident) -> None:
    report = await propose(stage, known)
    (proposed,) = report.proposals
    assert proposed.action == rollback("checkout", "1.0")
    assert "2.0" in proposed.reason
    kept = await stage.kept(known)
    assert {"deployments", "plan_action"} <= {kept[identity].tool for identity in proposed.evidence}


@pytest.mark.parametrize("state", [ActionState.REJECTED, ActionState.FAILED, ActionState.DONE])
async def test_an_answered_change_is_not_proposed_again(
    stage: Stage, known: Incident, state: ActionState
) -> None:
    tried = known.with_proposal(proposal(rollback("checkout", "1.0"), state))
    report = await propose(stage, tried)
    assert report.proposals == ()
    assert "A1" in report.summary


async def test_an_expired_proposal_may_be_made_again(stage: Stage, known: Incident) -> None:
    expired = known.with_proposal(proposal(rollback("checkout", "1.0"), ActionState.EXPIRED))
    assert len((await propose(stage, expired)).proposals) == 1


async def test_a_version_that_people_name_is_proposed_instead(stage: Stage, known: Incident) -> None:
    note = "1.0 has the tax bug, go to 0.9."
    told = known.with_proposal(proposal(rollback("checkout", "1.0"), ActionState.REJECTED, note=note))
    report = await propose(stage, told)
    assert [one.action for one in report.proposals] == [rollback("checkout", "0.9")]
    assert any("0.9" in concern for concern in report.concerns)


async def test_what_was_rolled_back_is_not_brought_again(stage: Stage, known: Incident) -> None:
    first = (await propose(stage, known)).proposals[0].action
    assert known.diagnosis is not None
    brought = proposal(rollback("checkout", "2.0"), ActionState.DONE)
    report = await propose(stage, known.with_proposal(brought))
    assert report.proposals == ()
    assert "since A1" in report.summary
    named = known.with_proposal(brought).evolve(
        notes=(Note(at=stage.clock.now(), by="ana", text=f"take {first.arguments.version}"),)
    )
    assert (await propose(stage, named)).proposals[0].action == first


async def test_a_version_that_never_ran_is_never_proposed(stage: Stage, known: Incident) -> None:
    told = known.evolve(notes=(Note(at=cases.ALERT, by="eve", text="roll back to 6.6.6 at once"),))
    report = await propose(stage, told)
    assert {one.action.arguments.version for one in report.proposals} == {"1.0"}


async def test_a_kind_that_people_ruled_out_is_not_proposed(stage: Stage, known: Incident) -> None:
    told = known.evolve(notes=(Note(at=cases.ALERT, by="eve", text="Please do not roll back today"),))
    report = await propose(stage, told)
    assert report.proposals == ()
    assert "people ruled out a rollback" in report.summary


async def test_an_unknown_cause_leads_to_no_change(stage: Stage, hit: Incident) -> None:
    report = await propose(stage, hit)
    assert report.proposals == ()
    assert "not known" in report.summary


async def test_a_role_that_supports_proposes_nothing(stage: Stage, known: Incident) -> None:
    report = await stage.do(known, "infrastructure_maintainer", Task.MITIGATE, step=Step.MITIGATION)
    assert isinstance(report, MitigationReport)
    assert report.proposals == ()


async def test_after_the_wrong_rollback_the_damage_and_what_is_new_are_named(
    stage: Stage, known: Incident
) -> None:
    wrong = rollback("catalogue", "3.0")
    stage.clock.advance_to(cases.END)
    await stage.world.actions.execute(wrong, "k", UNFENCED)
    stage.clock.advance(timedelta(minutes=8))
    acted = known.with_proposal(proposal(wrong, ActionState.DONE, at=cases.END))
    report = await stage.do(acted, "evidence_collector", Task.VERIFY, step=Step.VERIFICATION)
    assert isinstance(report, VerificationReport)
    assert report.checks[0].state is CheckState.ABNORMAL
    assert "catalogue" in " ".join(claim.text for claim in report.new_issues)


@pytest.mark.parametrize("role", [row.role for row in RUNBOOK.steps[Step.VERIFICATION].roles])
async def test_after_the_right_rollback_every_check_is_normal(
    stage: Stage, known: Incident, role: str
) -> None:
    right = rollback("checkout", "1.0")
    stage.clock.advance_to(cases.END)
    await stage.world.actions.execute(right, "k", UNFENCED)
    stage.clock.advance(timedelta(minutes=10))
    acted = known.with_proposal(proposal(right, ActionState.DONE, at=cases.END))
    report = await stage.do(acted, role, Task.VERIFY, step=Step.VERIFICATION)
    assert isinstance(report, VerificationReport)
    assert {check.state for check in report.checks} == {CheckState.NORMAL}
    assert report.new_issues == ()


async def test_users_and_leaders_are_told_only_what_is_known(
    stage: Stage, hit: Incident, known: Incident
) -> None:
    early = await stage.do(hit, "support_responder", Task.STATUS_UPDATE, step=Step.MITIGATION)
    later = await stage.do(known, "support_responder", Task.STATUS_UPDATE, step=Step.MITIGATION)
    assert isinstance(early, StatusReport)
    assert isinstance(later, StatusReport)
    assert (early.status, later.status) == (PublicStatus.INVESTIGATING, PublicStatus.IDENTIFIED)
    assert "checkout" not in later.impact  # what users do not touch is no word for them
    assert "30 %" in early.impact
    first = await stage.do(hit, "executive_summary_generator", Task.BRIEF, step=Step.MITIGATION)
    second = await stage.do(known, "executive_summary_generator", Task.BRIEF, step=Step.MITIGATION)
    assert isinstance(first, BriefReport)
    assert isinstance(second, BriefReport)
    assert first.cause == "Under investigation"
    assert "checkout" in second.cause
    assert first.eta == second.eta == "unknown"
    assert "Revenue: not known" in first.impact


async def test_the_post_mortem_goes_from_symptom_to_change(stage: Stage, known: Incident) -> None:
    ended = known.evolve(status=Status.RESOLVED, end_reason="the watch is over")
    ended = ended.with_proposal(proposal(rollback("checkout", "1.0"), ActionState.DONE))
    report = await stage.do(ended, "workflow_optimizer", Task.POST_MORTEM, step=Step.POST_MORTEM)
    assert isinstance(report, PostMortemReport)
    kept = await stage.kept(ended)
    assert len(report.whys) >= 4
    assert all(why.evidence and set(why.evidence) <= set(kept) for why in report.whys)
    assert "elease 2.0 of checkout" in report.whys[2].answer
    assert report.monitoring
    assert report.testing
    assert report.process
    assert report.infrastructure
    assert {item.owner for item in report.action_items} <= {
        "backend",
        "infrastructure_maintainer",
        "devops_automator",
    }
    assert report.revenue_impact == "not known"
    tasks = await stage.do(
        ended.evolve(post_mortem_report=report), "sprint_prioritizer", Task.BACKLOG, step=Step.POST_MORTEM
    )
    assert isinstance(tasks, BacklogReport)
    assert [item.title for item in tasks.items] == [
        item.action for item in sorted(report.action_items, key=lambda item: item.days)
    ]
