"""The playbook in other worlds: nothing wrong, no data, exhausted resources, failures outside, bad code."""

from datetime import timedelta

import pytest

from incidents.action import Action, ActionKind, ActionState, Arguments
from incidents.catalogue import Catalogue, Service, ServiceKind
from incidents.changes import Change, ChangeKind
from incidents.findings import Category, Confidence, Diagnosis, Window
from incidents.incident import Incident
from incidents.reports import (
    CheckState,
    InvestigationReport,
    MitigationReport,
    Task,
    TriageReport,
    VerificationReport,
)
from incidents.severity import Severity, Step
from incidents.verification import Recovery, Verification
from tests.agents.stage import NOW, ONSET, RUNBOOK, START, Levels, Planned, Stage, incident, proposal, world

CATALOGUE = Catalogue(
    services=(
        Service(name="web", owner="frontend", user_facing=True, depends_on=("orders",)),
        Service(name="orders", owner="backend", depends_on=("store", "bank")),
        Service(name="store", kind=ServiceKind.DATABASE, owner="data"),
        Service(name="bank", kind=ServiceKind.EXTERNAL),
    )
)
INVESTIGATORS = [row.role for row in RUNBOOK.steps[Step.INVESTIGATION].roles]
INFRASTRUCTURE = (ActionKind.SCALE, ActionKind.RESTART, ActionKind.FAILOVER)


def levels(**since: float) -> Levels:
    """A calm world; `orders_cpu=0.95` and the like change one series since the onset."""
    usual = {
        ("web", "error_ratio", "ratio", ""): 0.001,
        ("web", "latency_p95", "seconds", ""): 0.08,
        ("orders", "error_ratio", "ratio", ""): 0.001,
        ("orders", "latency_p95", "seconds", ""): 0.05,
        ("orders", "cpu", "ratio", ""): 0.2,
        ("orders", "memory", "bytes", ""): 2e8,
        ("store", "latency_p95", "seconds", ""): 0.004,
        ("store", "disk_used", "ratio", ""): 0.4,
        ("bank", "error_ratio", "ratio", ""): 0.001,
        ("bank", "latency_p95", "seconds", ""): 0.05,
    }  # fmt: skip
    names = {f"{service}_{metric}": key for key in usual for service, metric in [key[:2]]}
    changed = {names[name]: level for name, level in since.items()}
    return {key: (level, changed.get(key, level)) for key, level in usual.items()}


async def triage(stage: Stage, case: Incident) -> TriageReport:
    report = await stage.do(case, "infrastructure_maintainer", Task.TRIAGE, step=Step.TRIAGE)
    assert isinstance(report, TriageReport)
    return report


async def investigate(stage: Stage, case: Incident, role: str) -> InvestigationReport:
    report = await stage.do(case, role, Task.INVESTIGATE)
    assert isinstance(report, InvestigationReport)
    return report


async def mitigate(
    stage: Stage, case: Incident, role: str, actions: tuple[ActionKind, ...]
) -> MitigationReport:
    report = await stage.do(case, role, Task.MITIGATE, step=Step.MITIGATION, actions=actions)
    assert isinstance(report, MitigationReport)
    return report


async def blamed(stage: Stage, case: Incident, role: str) -> Incident:
    """The incident with the role's first hypothesis as its diagnosis."""
    report = await investigate(stage, case, role)
    fields = report.hypotheses[0].model_dump(exclude={"ruled_out_by"})
    return case.evolve(diagnosis=Diagnosis.model_validate(fields))


class TestNothingWrong:
    async def test_an_alert_that_is_over_is_a_false_alarm(self) -> None:
        report = await triage(Stage(world(CATALOGUE, levels())), incident(over=True))
        assert report.false_alarm
        assert report.impact.services == ()
        assert report.impact.customers_affected is False

    async def test_an_alert_that_still_fires_is_none(self) -> None:
        report = await triage(Stage(world(CATALOGUE, levels())), incident())
        assert not report.false_alarm
        assert report.severity is Severity.P2

    @pytest.mark.parametrize(
        ("over", "severity"), [(True, Severity.P3), (False, Severity.P2)], ids=["over", "firing"]
    )
    async def test_what_deviates_inside_only_is_minor_once_the_alert_is_over(
        self, over: bool, severity: Severity
    ) -> None:
        inside = levels(orders_error_ratio=0.3)
        report = await triage(Stage(world(CATALOGUE, inside)), incident(over=over, severity="ticket"))
        assert report.severity is severity
        assert not report.false_alarm

    @pytest.mark.parametrize("role", INVESTIGATORS)
    async def test_nobody_is_blamed(self, role: str) -> None:
        report = await investigate(Stage(world(CATALOGUE, levels())), incident(), role)
        assert report.hypotheses == ()
        assert "unknown" in report.summary
        assert CheckState.ABNORMAL not in {check.state for check in report.checks}


class TestNoData:
    async def test_triage_says_that_it_does_not_know(self) -> None:
        report = await triage(Stage(world(CATALOGUE)), incident(severity="critical"))
        assert report.severity is Severity.P1
        assert "nothing could be measured" in report.severity_reason
        assert report.impact.customers_affected is None
        assert report.impact.users_affected == "unknown"
        assert not report.false_alarm

    async def test_without_data_an_ended_alert_is_no_false_alarm(self) -> None:
        assert not (await triage(Stage(world(CATALOGUE)), incident(over=True))).false_alarm

    @pytest.mark.parametrize("role", INVESTIGATORS)
    async def test_every_check_of_telemetry_says_no_data(self, role: str) -> None:
        report = await investigate(Stage(world(CATALOGUE)), incident(), role)
        assert report.hypotheses == ()
        silent = [check for check in report.checks if "change" not in check.check.lower()]
        recorded = {"Check recent deployments"}  # the record of changes does answer: there are none
        assert {c.state for c in silent if c.check not in recorded} == {CheckState.NO_DATA}

    async def test_an_incident_about_no_known_service_is_survived(self) -> None:
        report = await investigate(Stage(world(CATALOGUE)), incident(service=None), "backend_architect")
        assert report.hypotheses == ()


class TestGone:
    @pytest.mark.parametrize("role", INVESTIGATORS)
    async def test_a_service_without_an_instance_goes_before_whatever_is_a_little_slow(
        self, role: str
    ) -> None:
        gone: Levels = {**levels(orders_latency_p95=0.2), ("web", "up", "count", ""): (1.0, 0.0)}
        report = await investigate(Stage(world(CATALOGUE, gone)), incident(), role)
        assert report.hypotheses[0].service == "web"
        up: Levels = {**gone, ("web", "up", "count", ""): (1.0, 1.0)}
        report = await investigate(Stage(world(CATALOGUE, up)), incident(), role)
        assert report.hypotheses[0].service == "orders"


class TestResources:
    @pytest.fixture
    def busy(self) -> Levels:
        return levels(orders_cpu=0.97, orders_latency_p95=0.9, web_latency_p95=1.0)

    async def test_an_exhausted_resource_without_a_change_is_infrastructure(self, busy: Levels) -> None:
        report = await investigate(Stage(world(CATALOGUE, busy)), incident(), "infrastructure_maintainer")
        best = report.hypotheses[0]
        assert (best.service, best.category) == ("orders", Category.INFRASTRUCTURE)
        assert best.confidence is not Confidence.LOW
        assert best.change is None
        changed = next(h for h in report.hypotheses if h.category is Category.DEPLOYMENT)
        assert changed.ruled_out_by == "no change of orders is recorded near the onset"

    async def test_it_is_scaled_out_from_the_number_that_runs(self, busy: Levels) -> None:
        stage = Stage(world(CATALOGUE, busy, actions=Planned(replicas={"orders": 4})))
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        report = await mitigate(stage, case, "infrastructure_maintainer", INFRASTRUCTURE)
        first = report.proposals[0].action
        assert first == Action(kind=ActionKind.SCALE, service="orders", arguments=Arguments(replicas=6))

    async def test_it_is_not_scaled_when_nobody_knows_how_many_run(self, busy: Levels) -> None:
        stage = Stage(world(CATALOGUE, busy))
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        report = await mitigate(stage, case, "infrastructure_maintainer", INFRASTRUCTURE)
        assert ActionKind.SCALE not in {one.action.kind for one in report.proposals}

    async def test_leaked_memory_is_restarted_before_it_is_scaled(self) -> None:
        leak = levels(orders_memory=1.9e9, orders_latency_p95=0.9, web_latency_p95=1.0)
        stage = Stage(world(CATALOGUE, leak, actions=Planned(replicas={"orders": 2})))
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        report = await mitigate(stage, case, "infrastructure_maintainer", INFRASTRUCTURE)
        assert [one.action.kind for one in report.proposals][:2] == [ActionKind.RESTART, ActionKind.SCALE]

    async def test_a_full_disk_is_neither_restarted_nor_failed_over(self) -> None:
        full = levels(
            store_disk_used=0.99, store_latency_p95=0.5, orders_latency_p95=0.6, web_latency_p95=0.7
        )
        stage = Stage(world(CATALOGUE, full))
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        assert case.diagnosis is not None
        assert case.diagnosis.service == "store"
        report = await mitigate(stage, case, "infrastructure_maintainer", INFRASTRUCTURE)
        assert report.proposals == ()
        assert "its replica has the same data on a disk of the same size" in report.summary

    async def test_what_the_dry_run_refuses_is_not_proposed(self, busy: Levels) -> None:
        refuses = frozenset({(kind, "orders") for kind in ActionKind})
        stage = Stage(world(CATALOGUE, busy, actions=Planned(refuses=refuses)))
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        report = await mitigate(stage, case, "infrastructure_maintainer", INFRASTRUCTURE)
        assert report.proposals == ()
        assert "No change is safe" in report.summary

    async def test_what_is_proposed_instead_says_what_was_refused(self) -> None:
        leak = levels(orders_memory=1.9e9, orders_latency_p95=0.9, web_latency_p95=1.0)
        hands = Planned(replicas={"orders": 2}, refuses=frozenset({(ActionKind.RESTART, "orders")}))
        stage = Stage(world(CATALOGUE, leak, actions=hands))
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        report = await mitigate(stage, case, "infrastructure_maintainer", INFRASTRUCTURE)
        assert [one.action.kind for one in report.proposals] == [ActionKind.SCALE]
        (said,) = (one for one in report.concerns if one.startswith("Not possible instead: "))
        assert said.startswith("Not possible instead: to restart orders cannot be planned (")

    async def test_a_restart_that_did_not_help_lowers_the_belief_in_its_cause(self, busy: Levels) -> None:
        stage = Stage(world(CATALOGUE, busy))
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        done = proposal(Action(kind=ActionKind.RESTART, service="orders"), ActionState.DONE, at=NOW)
        assert case.diagnosis is not None
        failed = case.with_proposal(done).evolve(
            verification=Verification(
                at=NOW, verdict=Recovery.UNCHANGED, readings=(), summary="unchanged",
                window=Window(start=ONSET, end=NOW), evidence=case.diagnosis.evidence[:1],
            )
        )  # fmt: skip
        report = await investigate(stage, failed, "infrastructure_maintainer")
        again = next(h for h in report.hypotheses if h.category is Category.INFRASTRUCTURE)
        assert again.ruled_out_by is not None
        assert "A1" in again.ruled_out_by


class TestOutside:
    @pytest.fixture
    def stage(self) -> Stage:
        failing = levels(
            bank_error_ratio=0.6, orders_error_ratio=0.5, web_error_ratio=0.4, bank_latency_p95=4.0
        )
        return Stage(
            world(CATALOGUE, failing, actions=Planned(refuses=frozenset({(ActionKind.FALLBACK, "bank")})))
        )

    async def test_a_failing_external_part_is_a_dependency(self, stage: Stage) -> None:
        report = await investigate(stage, incident(), "infrastructure_maintainer")
        best = report.hypotheses[0]
        assert (best.service, best.category) == ("bank", Category.DEPENDENCY)
        check = next(c for c in report.checks if c.check == "Verify external dependencies")
        assert check.state is CheckState.ABNORMAL
        assert "bank" in check.finding

    async def test_the_fallback_is_that_of_a_service_that_can_have_one(self, stage: Stage) -> None:
        case = await blamed(stage, incident(), "infrastructure_maintainer")
        report = await mitigate(
            stage, case, "infrastructure_maintainer", (ActionKind.FALLBACK, ActionKind.FEATURE_FLAG)
        )
        assert [one.action for one in report.proposals] == [
            Action(kind=ActionKind.FALLBACK, service="orders")
        ]


class TestCode:
    LOGS = tuple(
        (ONSET + index * timedelta(seconds=5), "orders", "error", f"KeyError: 'region' in order {index}")
        for index in range(60)
    )
    CALM = tuple(
        (START + index * timedelta(seconds=20), "orders", "info", "order taken") for index in range(80)
    )

    async def test_new_errors_without_a_change_are_code(self) -> None:
        failing = levels(orders_error_ratio=0.3, web_error_ratio=0.2)
        stage = Stage(world(CATALOGUE, failing, sorted([*self.CALM, *self.LOGS])))
        report = await investigate(stage, incident(), "relevant_developer")
        best = report.hypotheses[0]
        assert (best.service, best.category) == ("orders", Category.CODE)
        assert "KeyError" in best.summary

    async def test_without_a_commit_there_is_no_hotfix(self) -> None:
        failing = levels(orders_error_ratio=0.3, web_error_ratio=0.2)
        stage = Stage(world(CATALOGUE, failing, sorted([*self.CALM, *self.LOGS])))
        case = await blamed(stage, incident(), "relevant_developer")
        report = await mitigate(stage, case, "relevant_developer", (ActionKind.HOTFIX,))
        assert report.proposals == ()
        assert "no commit of orders" in report.summary

    async def test_the_commit_of_the_blamed_change_is_reverted(self) -> None:
        change = Change(
            time=ONSET - timedelta(minutes=1), id="c9", service="orders", kind=ChangeKind.CONFIG,
            summary="regions", commit="f00ba4",
        )  # fmt: skip
        failing = levels(orders_error_ratio=0.3, web_error_ratio=0.2)
        stage = Stage(world(CATALOGUE, failing, sorted([*self.CALM, *self.LOGS]), (change,)))
        case = incident().evolve(
            diagnosis=Diagnosis(
                service="orders", category=Category.CODE, confidence=Confidence.MEDIUM, summary="s",
                change="c9", evidence=("E-1",),
            )
        )  # fmt: skip
        report = await mitigate(stage, case, "relevant_developer", (ActionKind.HOTFIX,))
        (proposed,) = report.proposals
        assert proposed.action.arguments.commit == "f00ba4"


class TestChecks:
    @pytest.mark.parametrize(
        ("check", "tool"),
        [
            ("Look for slow queries", "database"),
            ("Is a third-party API the cause?", "dependencies"),
            ("What changed in the last hour?", "changes"),
            ("Look for stack traces", "logs"),
        ],
    )
    async def test_a_teams_own_check_is_answered(self, check: str, tool: str) -> None:
        stage, case = Stage(world(CATALOGUE, levels(orders_error_ratio=0.5))), incident()
        report = await stage.do(case, "backend_architect", Task.INVESTIGATE, checks=(check,))
        assert isinstance(report, InvestigationReport)
        kept = await stage.kept(case)
        assert {kept[identity].tool for identity in report.checks[0].evidence} == {tool}

    async def test_a_check_that_nothing_answers_says_so(self) -> None:
        stage = Stage(world(CATALOGUE, levels()))
        report = await stage.do(incident(), "backend_architect", Task.INVESTIGATE, checks=("Ask the oracle",))
        assert isinstance(report, InvestigationReport)
        (check,) = report.checks
        assert (check.state, check.evidence) == (CheckState.NO_DATA, ())
        assert "No tool" in check.finding

    async def test_verification_without_data_says_so(self) -> None:
        stage = Stage(world(CATALOGUE))
        report = await stage.do(incident(), "evidence_collector", Task.VERIFY, step=Step.VERIFICATION)
        assert isinstance(report, VerificationReport)
        assert {check.state for check in report.checks} == {CheckState.NO_DATA}
