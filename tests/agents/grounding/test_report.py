"""What happens to a report whose sentences outrun their evidence; and that the playbook's never do."""

from datetime import timedelta
from pathlib import Path

import pytest

from agents.engine import Assignment
from agents.grounding import Grounds, Source, ground, unsupported
from agents.grounding.grounds import grounded
from agents.playbook import Playbook
from graph.diagnosis import merge
from incidents.action import Action, ActionKind, Arguments
from incidents.findings import Category, Claim, Confidence, Diagnosis, Evidence, EvidenceStatus, Hypothesis
from incidents.incident import Incident
from incidents.reports import (
    CheckResult,
    CheckState,
    Impact,
    InvestigationReport,
    MitigationReport,
    ProposedAction,
    Report,
    Task,
    TriageReport,
)
from incidents.severity import Severity, Step
from tests import cases
from tests.agents.stage import RUNBOOK, Stage
from tools.telemetry.facts import measure
from tools.toolset import Sources

E1, E2 = "E-00000001", "E-00000002"
GROUNDS = Grounds(
    services=frozenset({"checkout", "payment"}),
    evidence={
        E1: Source("checkout: error ratio 43 %, baseline 0.2 %"),
        E2: Source("payment: error ratio 7 %"),
    },
    actions=frozenset({ActionKind.ROLLBACK}),
    alerts=(Source("web fails since 10:20"),),
)


def hypothesis(summary: str, *cited: str) -> Hypothesis:
    return Hypothesis(
        service="checkout",
        category=Category.CODE,
        confidence=Confidence.HIGH,
        summary=summary,
        evidence=cited,
    )


def test_a_figure_of_another_evidence_does_not_support_a_claim() -> None:
    report = InvestigationReport(summary="", checks=(), hypotheses=(hypothesis("checkout fails at 7 %", E1),))
    (found,) = unsupported(report, GROUNDS)
    assert (found.where, found.quotes, found.cited) == ("hypotheses 1.summary", ("7 %",), (E1,))


def test_a_service_may_be_named_by_anything_the_report_cites_a_figure_only_by_its_own() -> None:
    rival = hypothesis("payment shows no failures of its own, only checkout does", E2)
    both = InvestigationReport(summary="", checks=(), hypotheses=(hypothesis("checkout fails", E1), rival))
    assert unsupported(both, GROUNDS) == ()
    alone = InvestigationReport(summary="", checks=(), hypotheses=(rival,))
    assert [found.quotes for found in unsupported(alone, GROUNDS)] == [("checkout",)]
    figure = rival.model_copy(update={"summary": "checkout fails at 43 %"})
    mixed = both.model_copy(update={"hypotheses": (both.hypotheses[0], figure)})
    assert [found.quotes for found in unsupported(mixed, GROUNDS)] == [("43 %",)]


def test_an_unsupported_hypothesis_cannot_become_the_diagnosis() -> None:
    report = InvestigationReport(
        summary="", checks=(), hypotheses=(hypothesis("checkout fails at 99 %", E1),)
    )
    held, dropped = ground(report, GROUNDS)
    assert isinstance(held, InvestigationReport)
    assert held.hypotheses[0].evidence == ()
    assert "[unsupported: 99 %]" in held.hypotheses[0].summary
    assert any("99 %" in sentence and E1 in sentence for sentence in dropped)
    stored = Evidence(
        id=E1,
        incident="i",
        tool="metrics",
        query="{}",
        role="r",
        at=cases.ALERT,
        status=EvidenceStatus.OK,
        summary="",
        size=0,
        digest="",
    )
    assert not merge({"r": held}, {E1: stored}, ("checkout",)).known
    assert merge({"r": report}, {E1: stored}, ("checkout",)).known


def test_claims_checks_and_reasons_are_held_to_what_they_cite() -> None:
    claims = (Claim(text="43 % fail", evidence=(E1,)), Claim(text="44 % fail", evidence=(E1,)))
    triage = TriageReport(
        summary="7 % fail, or 8 %",
        severity=Severity.P1,
        severity_reason="",
        impact=Impact(),
        false_alarm=False,
        claims=claims,
    )
    held, dropped = ground(triage, GROUNDS)
    assert isinstance(held, TriageReport)
    assert held.claims == claims[:1]
    assert held.summary.endswith("[unsupported: 8 %]")
    assert len(dropped) == 2
    check = CheckResult(check="Checked 55 times", state=CheckState.NORMAL, finding="only 3 %", evidence=(E2,))
    investigation, _ = ground(InvestigationReport(summary="", checks=(check,), hypotheses=()), GROUNDS)
    assert isinstance(investigation, InvestigationReport)
    assert investigation.checks[0].state is CheckState.NO_DATA


@pytest.mark.parametrize(
    ("version", "kept"), [("2026.11.1", True), ("2026.11.2", False), ("; rm -rf /", False)]
)
def test_an_action_names_only_versions_that_were_read(version: str, kept: bool) -> None:
    action = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version=version))
    report = MitigationReport(
        summary="", proposals=(ProposedAction(action=action, reason="", expected_effect=""),)
    )
    held, dropped = ground(
        report,
        Grounds(
            services=GROUNDS.services,
            evidence={E1: Source("checkout runs 2026.11.1")},
            actions=GROUNDS.actions,
        ),
    )
    assert isinstance(held, MitigationReport)
    assert bool(held.proposals) is kept
    assert bool(dropped) is not kept


def test_alerts_have_no_id_and_may_be_quoted_by_everybody() -> None:
    claim = Claim(text="It began at 10:20, before 43 % failed", evidence=(E1,))
    assert unsupported(claim, GROUNDS) == ()


STEPS = {
    Task.TRIAGE: (Step.TRIAGE, ("infrastructure_maintainer",)),
    Task.INVESTIGATE: (
        Step.INVESTIGATION,
        tuple(row.role for row in RUNBOOK.steps[Step.INVESTIGATION].roles),
    ),
    Task.MITIGATE: (Step.MITIGATION, ("devops_automator",)),
    Task.VERIFY: (Step.VERIFICATION, ("evidence_collector", "infrastructure_maintainer", "api_tester")),
    Task.STATUS_UPDATE: (Step.MITIGATION, ("support_responder",)),
    Task.BRIEF: (Step.MITIGATION, ("executive_summary_generator",)),
    Task.ASSESS: (Step.MITIGATION, ("legal_compliance_checker", "finance_tracker", "studio_producer")),
    Task.POST_MORTEM: (Step.POST_MORTEM, ("workflow_optimizer",)),
    Task.BACKLOG: (Step.POST_MORTEM, ("sprint_prioritizer",)),
}


async def test_the_playbooks_own_reports_pass(tmp_path: Path) -> None:
    folder = cases.build_case(tmp_path)
    world, clock = cases.case_world(folder, tmp_path / "ledger.jsonl", cases.ALERT + timedelta(minutes=2))
    stage, incident = Stage(world, clock), cases.case_incident()
    facts = await measure(Sources(world=world, clock=clock, incident=incident))
    incident = incident.evolve(facts=facts, signals=facts.signals)
    for task, (step, roles) in STEPS.items():
        for role in roles:
            report, dropped = await held(stage, incident, role, task, step)
            assert dropped == (), (role, task)
            incident = learned(incident, report)
    assert incident.diagnosis is not None


async def held(
    stage: Stage, incident: Incident, role: str, task: Task, step: Step
) -> tuple[Report, tuple[str, ...]]:
    checks = next((row.checks for row in RUNBOOK.steps[step].roles if row.role == role), ())
    job = Assignment(
        id="1",
        incident=incident.id,
        role=role,
        task=task,
        step=step,
        severity=incident.severity,
        checks=checks,
        actions=(ActionKind.ROLLBACK,),
        deadline=stage.clock.now() + timedelta(minutes=5),
    )
    before = stage.context(incident, role)
    performed = await Playbook().perform(job, before)
    after = await grounded(performed, job, before)
    return after.report, after.dropped


def learned(incident: Incident, report: Report) -> Incident:
    if isinstance(report, TriageReport):
        return incident.evolve(severity=report.severity, impact=report.impact, summary=report.summary)
    if isinstance(report, InvestigationReport):
        best = report.hypotheses[0].model_dump(exclude={"ruled_out_by"})
        return incident.evolve(diagnosis=Diagnosis.model_validate(best))
    return incident
