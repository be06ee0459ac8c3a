"""What users hardly feel: a P2 that proves minor, memory that runs full, what the backlog is told."""

from datetime import timedelta

import pytest

from incidents.action import Action, ActionKind
from incidents.alert import AlertStatus
from incidents.catalogue import Catalogue, Service
from incidents.changes import Change, ChangeKind
from incidents.facts import Facts
from incidents.findings import Category, Confidence, Diagnosis
from incidents.incident import Incident
from incidents.reports import BacklogReport, InvestigationReport, MitigationReport, PostMortemReport, Task
from incidents.severity import Severity, Status, Step
from tests.agents.stage import ALERT, NOW, ONSET, Levels, Planned, Stage, incident, world

CATALOGUE = Catalogue(services=(Service(name="web", owner="frontend", user_facing=True),))
THEME = Change(
    id="config-7", time=ONSET - timedelta(seconds=20), kind=ChangeKind.CONFIG, service="web",
    version_from="7", version_to="8", summary="Winter theme",
)  # fmt: skip
MISSING = tuple(
    (ONSET + index * timedelta(seconds=5), "web", "warn", "asset shop.css is missing") for index in range(60)
)


def levels(**since: float) -> Levels:
    usual = {
        ("web", "error_ratio", "ratio", ""): 0.001,
        ("web", "latency_p95", "seconds", ""): 0.08,
        ("web", "request_rate", "per_second", ""): 10.0,
        ("web", "memory", "bytes", ""): 2e8,
    }  # fmt: skip
    return {key: (level, since.get(key[1], level)) for key, level in usual.items()}


def classified(severity: Severity, *, errors: float | None = 0.001, latency: float = 1.0) -> Incident:
    facts = Facts(at=NOW, error_ratio=errors, latency_times=latency, quiet=True)
    return incident().evolve(severity=severity, facts=facts)


async def asked(case: Incident) -> Severity | None:
    stage = Stage(world(CATALOGUE, levels(), MISSING, (THEME,)))
    report = await stage.do(case, "relevant_developer", Task.INVESTIGATE)
    assert isinstance(report, InvestigationReport)
    assert report.hypotheses[0].category is Category.DEPLOYMENT
    return report.severity


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (classified(Severity.P2), Severity.P3),
        (classified(Severity.P2, errors=0.03), None),  # what the runbook calls a P2
        (classified(Severity.P2, latency=2.5), None),
        (classified(Severity.P2, errors=None), None),  # not measured
        (classified(Severity.P1), None),
        (classified(Severity.P2).evolve(severity_by="ana"), None),
    ],
)
async def test_a_p2_that_users_hardly_feel_proves_minor_once_explained(
    case: Incident, expected: Severity | None
) -> None:
    assert await asked(case) is expected


@pytest.mark.parametrize("rate", [10.0, 19.0])
async def test_memory_that_its_owners_call_full_is_freed_before_users_feel_it(rate: float) -> None:
    stage = Stage(world(CATALOGUE, levels(memory=1.9e9, request_rate=rate), actions=Planned()))
    cause = Diagnosis(
        service="web", category=Category.INFRASTRUCTURE, confidence=Confidence.MEDIUM, summary="web: memory",
        evidence=("E-1",),
    )  # fmt: skip
    warning = incident().alerts[0].model_copy(update={"title": "MemoryNearLimit: web uses 99 %"})
    case = incident().evolve(diagnosis=cause, alerts=(warning,))
    report = await stage.do(
        case, "infrastructure_maintainer", Task.MITIGATE, step=Step.MITIGATION,
        actions=(ActionKind.SCALE, ActionKind.RESTART, ActionKind.FAILOVER),
    )  # fmt: skip
    assert isinstance(report, MitigationReport)
    assert report.proposals[0].action == Action(kind=ActionKind.RESTART, service="web")


def flapped() -> Incident:
    """An alert that came and went twice, ten seconds each."""
    first = incident().alerts[0]
    alerts = []
    for minutes in (0, 3):
        begun = ALERT + timedelta(minutes=minutes)
        over = begun + timedelta(seconds=10)
        fired = first.model_copy(update={"starts_at": begun, "received_at": begun})
        ended = {"status": AlertStatus.RESOLVED, "ends_at": over, "received_at": over}
        alerts += [fired, fired.model_copy(update=ended)]
    return incident().evolve(alerts=alerts, severity=Severity.P3)


async def test_a_false_alarm_asks_for_patience_of_its_alert() -> None:
    case = flapped().evolve(status=Status.FALSE_ALARM)
    report = await Stage(world(CATALOGUE)).do(case, "sprint_prioritizer", Task.BACKLOG, step=Step.POST_MORTEM)
    assert isinstance(report, BacklogReport)
    (item,) = report.items
    assert item.title.startswith("Let the alert wait")
    assert "2 times, after 10 s at most" in item.reason


async def test_what_went_by_itself_has_that_lesson_too() -> None:
    case = flapped().evolve(status=Status.RESOLVED, ever_deviated=True)
    stage = Stage(world(CATALOGUE))
    report = await stage.do(case, "workflow_optimizer", Task.POST_MORTEM, step=Step.POST_MORTEM)
    assert isinstance(report, PostMortemReport)
    assert any("wait" in line and "10 s" in line for line in report.monitoring)


async def test_a_minor_fault_with_a_known_cause_is_a_task_of_its_owner() -> None:
    found = Diagnosis(
        service="web", category=Category.DEPLOYMENT, confidence=Confidence.HIGH, summary="Winter theme",
        evidence=("E-1",),
    )  # fmt: skip
    case = incident().evolve(severity=Severity.P3, diagnosis=found)
    report = await Stage(world(CATALOGUE)).do(case, "sprint_prioritizer", Task.BACKLOG, step=Step.POST_MORTEM)
    assert isinstance(report, BacklogReport)
    (item,) = report.items
    assert (item.owner, item.reason) == ("frontend", "Winter theme")
    assert item.title.startswith("Mend")
