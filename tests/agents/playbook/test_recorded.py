"""The playbook over recordings of real systems."""

from datetime import timedelta
from pathlib import Path

import pytest

from incidents.findings import Category
from incidents.incident import Incident
from incidents.reports import InvestigationReport, MitigationReport, Task, TriageReport
from incidents.severity import Step
from tests.agents.stage import RUNBOOK, Stage
from tools.alerts.formats import parse_alerts
from tools.clock import VirtualClock
from tools.recorded import open_case, read_truth, recorded_world

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "cases"
DEMO = ROOT / "demo" / "recording"
INVESTIGATORS = [row.role for row in RUNBOOK.steps[Step.INVESTIGATION].roles]


def first_cases() -> list[Path]:
    """The first case of every shared data set."""
    sets = sorted(folder for folder in SHARED.iterdir() if folder.is_dir()) if SHARED.is_dir() else []
    return [case for one in sets for case in sorted(path.parent for path in one.glob("*/case.yaml"))[:1]]


def staged(folder: Path, ledger: Path) -> tuple[Stage, Incident]:
    """The recorded world two minutes after its first alert, and the incident that the alert opens."""
    case = open_case(folder)
    first = case.alerts[0]
    clock = VirtualClock(first.at + timedelta(minutes=2))
    world = recorded_world(case, clock, ledger)
    alerts = parse_alerts(first.body, first.at, catalogue=world.catalogue)
    incident = Incident(
        id="INC-1",
        title=alerts[0].title,
        engine="playbook",
        opened_at=first.at,
        step_since=first.at,
        alerts=alerts,
    )
    return Stage(world, clock), incident


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/cases, the recorded public data sets, is not here")
@pytest.mark.parametrize("folder", first_cases(), ids=lambda folder: folder.name)
async def test_a_real_recording_gives_reports_that_stand_on_evidence(folder: Path, tmp_path: Path) -> None:
    stage, incident = staged(folder, tmp_path / "ledger.jsonl")
    triage = await stage.do(incident, "infrastructure_maintainer", Task.TRIAGE, step=Step.TRIAGE)
    assert isinstance(triage, TriageReport)
    assert not triage.false_alarm
    names = set(stage.world.catalogue.names)
    for role in INVESTIGATORS:
        report = await stage.do(incident, role, Task.INVESTIGATE)
        assert isinstance(report, InvestigationReport)
        kept = await stage.kept(incident)
        for hypothesis in report.hypotheses:
            assert hypothesis.service in names
            assert hypothesis.evidence
            assert set(hypothesis.evidence) <= set(kept)


@pytest.mark.skipif(not any(DEMO.glob("*/case.yaml")), reason="the demo recording was not made yet")
async def test_the_demos_bad_release_is_found_and_its_rollback_proposed(tmp_path: Path) -> None:
    folder = next(DEMO.glob("*/case.yaml")).parent
    truth, actions = read_truth(folder).cause, read_truth(folder).actions
    assert actions is not None
    right = {(one.kind, one.service, one.to) for one in actions.right}
    stage, incident = staged(folder, tmp_path / "ledger.jsonl")
    report = await stage.do(incident, "devops_automator", Task.INVESTIGATE)
    assert isinstance(report, InvestigationReport)
    best = report.hypotheses[0]
    assert (best.service, best.category, best.change) == (truth.service, Category.DEPLOYMENT, truth.change)
    blamed = incident.evolve(diagnosis=best.model_dump(exclude={"ruled_out_by"}))
    branch = RUNBOOK.decision_tree[Category.DEPLOYMENT][0]
    fix = await stage.do(blamed, branch.role, Task.MITIGATE, step=Step.MITIGATION, actions=branch.actions)
    assert isinstance(fix, MitigationReport)
    first = fix.proposals[0].action
    assert (first.kind, first.service, first.arguments.version) in right
