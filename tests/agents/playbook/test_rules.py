"""The playbook's pure rules: weighing hints, words that mean something, prevention, assessments."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.playbook.checks.changes import is_near
from agents.playbook.checks.keywords import (
    Rule,
    keywords,
    quoted,
    rule_for,
    says,
)
from agents.playbook.checks.result import Hint
from agents.playbook.checks.runbook_checks import CHECKS
from agents.playbook.diagnosis.hypotheses import weigh
from agents.playbook.tasks.assess import When, conditions
from agents.playbook.tasks.prevention import KINDS, Lessons, prevention
from agents.public import public_words, stand_of
from incidents.action import ActionState
from incidents.catalogue import Catalogue, Service, ServiceKind
from incidents.facts import Facts
from incidents.findings import Category, Channel, Confidence, Diagnosis
from incidents.incident import Incident, Watch
from incidents.reports import AssessmentReport, BacklogReport, Impact, PostMortemReport, Task
from incidents.severity import PublicStatus, Status, Step
from tests.agents.stage import CAUSES, NOW, ONSET, ROSTER, RUNBOOK, Stage, incident, proposal, rollback, world
from tools.toolbox import TOOLS

CATALOGUE = Catalogue(
    services=(
        Service(name="web", user_facing=True, owner="frontend", depends_on=("orders",)),
        Service(name="orders", owner="backend"),
        Service(name="bank", kind=ServiceKind.EXTERNAL),
    )
)

hints = st.lists(
    st.builds(
        Hint,
        service=st.sampled_from(["web", "orders", "bank", "nowhere"]),
        category=st.sampled_from([None, *Category]),
        channel=st.sampled_from(Channel),
        text=st.sampled_from(["a", "b", "c"]),
        weight=st.floats(min_value=0, max_value=3),
        evidence=st.sampled_from(["E-1", "E-2", "E-3"]),
        against=st.booleans(),
        change=st.sampled_from([None, "c1"]),
        onset=st.sampled_from([None, ONSET, ONSET + timedelta(minutes=5)]),
    ),
    max_size=12,
)


def change(service: str, weight: float = 2.0) -> Hint:
    return Hint(
        service=service, category=Category.DEPLOYMENT, channel=Channel.CHANGES, text="a release",
        weight=weight, evidence="E-c", change="c1",
    )  # fmt: skip


def symptom(service: str, weight: float = 3.0, channel: Channel = Channel.METRICS) -> Hint:
    return Hint(service=service, channel=channel, text="errors", weight=weight, evidence="E-m", onset=ONSET)


class TestWeighing:
    @pytest.mark.parametrize(
        ("near", "channels", "sure"),
        [
            (True, [Channel.METRICS], Confidence.HIGH),  # at the onset: time and symptom agree
            (False, [Channel.METRICS], Confidence.MEDIUM),  # minutes before it others fit by chance as well
            (False, [Channel.METRICS, Channel.TRACES], Confidence.HIGH),
        ],
    )
    def test_a_change_minutes_before_the_onset_is_no_source_of_its_own(
        self, near: bool, channels: list[Channel], sure: Confidence
    ) -> None:
        made = change("orders").model_copy(update={"near": near})
        found = weigh([made, *(symptom("orders", channel=one) for one in channels)], CATALOGUE)[0]
        assert (found.category, found.confidence) == (Category.DEPLOYMENT, sure)

    @pytest.mark.parametrize(("before", "near"), [(-1, False), (0, True), (180, True), (181, False)])
    def test_a_change_is_near_shortly_before_and_never_after(self, before: int, near: bool) -> None:
        assert is_near(ONSET - timedelta(seconds=before), ONSET) is near

    @given(hints)
    def test_the_first_is_never_ruled_out_and_all_cite_what_was_seen(self, seen: list[Hint]) -> None:
        found = weigh(seen, CATALOGUE)
        evidence = {hint.evidence for hint in seen}
        assert all(one.service in CATALOGUE.names for one in found)
        assert all(set(one.evidence) <= evidence and one.evidence for one in found)
        if found:
            assert found[0].ruled_out_by is None
            assert found[0].service in {hint.service for hint in seen if not hint.against}

    @given(hints)
    def test_the_order_of_looking_does_not_matter(self, seen: list[Hint]) -> None:
        names = [(one.service, one.category) for one in weigh(seen, CATALOGUE)[:1]]
        assert [(one.service, one.category) for one in weigh(list(reversed(seen)), CATALOGUE)[:1]] == names

    def test_nothing_seen_is_nothing_believed(self) -> None:
        assert weigh([], CATALOGUE) == ()

    def test_a_release_beside_a_symptom_is_believed_surely(self) -> None:
        best = weigh([symptom("orders"), change("orders")], CATALOGUE)[0]
        assert (best.service, best.category, best.confidence) == (
            "orders",
            Category.DEPLOYMENT,
            Confidence.HIGH,
        )
        assert best.change == "c1"

    def test_the_same_release_through_two_tools_counts_once(self) -> None:
        against = Hint(
            service="orders", category=Category.INFRASTRUCTURE, channel=Channel.METRICS, text="cpu",
            weight=1.5, evidence="E-m",
        )  # fmt: skip
        twice = [symptom("orders"), change("orders", 1.0), change("orders", 0.9), against]
        assert weigh(twice, CATALOGUE)[0].category is Category.INFRASTRUCTURE

    def test_what_ran_out_with_a_release_is_its_damage(self) -> None:
        ran_out = Hint(
            service="orders", category=Category.INFRASTRUCTURE, channel=Channel.LOGS, text="no connection",
            weight=2.2, evidence="E-l",
        )  # fmt: skip
        assert weigh([ran_out], CATALOGUE)[0].category is Category.INFRASTRUCTURE
        best = weigh([change("orders", 1.2), ran_out], CATALOGUE)[0]
        assert (best.category, best.change) == (Category.DEPLOYMENT, "c1")
        assert "no connection" in best.summary

    def test_a_vendor_whose_word_the_calls_bear_out_is_no_ones_rival(self) -> None:
        admits = Hint(
            service="bank", category=Category.DEPENDENCY, channel=Channel.TOPOLOGY, text="outage", weight=2.0,
            evidence="E-p", ranked=True,
        )  # fmt: skip
        released = symptom("orders").model_copy(update={"ranked": True})
        calls = symptom("bank", 2.9, Channel.TRACES).model_copy(update={"ranked": True})
        alone = weigh([released, change("orders"), admits], CATALOGUE)[0]
        assert (alone.service, alone.category) == ("orders", Category.DEPLOYMENT)
        both = weigh([released, change("orders"), admits, calls], CATALOGUE)
        assert (both[0].service, both[0].category) == ("bank", Category.DEPENDENCY)
        assert next(one for one in both if one.change).ruled_out_by is not None

    def test_a_change_that_was_ruled_out_is_named_though_nothing_marks_its_service(self) -> None:
        cleared = change("web", 0.5).model_copy(update={"against": True, "text": "it fits only by 0.30"})
        found = weigh([symptom("orders"), change("orders"), cleared], CATALOGUE)
        assert weigh([cleared], CATALOGUE) == ()
        (spared,) = [one for one in found if one.service == "web"]
        assert (spared.category, spared.change, spared.ruled_out_by) == (
            Category.DEPLOYMENT,
            "c1",
            "it fits only by 0.30",
        )
        assert found[0] == weigh([symptom("orders"), change("orders")], CATALOGUE)[0]

    @pytest.mark.parametrize(
        ("other", "weight", "faint", "sure"),
        [
            ("web", 2.0, False, Confidence.HIGH),  # it calls orders: that is where it has it from
            ("web", 4.9, False, Confidence.LOW),  # it shows more than orders can be the reason of
            ("bank", 1.0, False, Confidence.MEDIUM),
            ("bank", 2.0, False, Confidence.LOW),
            ("bank", 2.0, True, Confidence.HIGH),  # no more than chance does
        ],
    )
    def test_what_others_show_and_it_cannot_explain_makes_less_sure(
        self, other: str, weight: float, faint: bool, sure: Confidence
    ) -> None:
        apart = symptom(other, weight).model_copy(update={"faint": faint})
        logged = symptom("orders", 0.1, Channel.LOGS).model_copy(update={"category": Category.CODE})
        assert weigh([symptom("orders"), logged, apart], CATALOGUE)[0].confidence is sure

    def test_what_a_change_did_shows_below_as_well(self) -> None:
        below = symptom("orders", 2.0)
        logged = symptom("web", 0.1, Channel.LOGS).model_copy(update={"category": Category.CODE})
        assert weigh([symptom("web"), logged, below], CATALOGUE)[0].confidence is Confidence.LOW
        assert weigh([symptom("web"), change("web"), below], CATALOGUE)[0].confidence is Confidence.HIGH
        far = change("web").model_copy(update={"near": False})
        assert weigh([symptom("web"), far, below], CATALOGUE)[0].confidence is Confidence.LOW

    @pytest.mark.parametrize(
        ("seconds", "sure"), [(-60, Confidence.LOW), (-15, Confidence.HIGH), (60, Confidence.HIGH)]
    )
    def test_what_began_before_it_does_not_come_from_it(self, seconds: int, sure: Confidence) -> None:
        caller = symptom("web", 2.0).model_copy(update={"onset": ONSET + timedelta(seconds=seconds)})
        logged = symptom("orders", 0.1, Channel.LOGS).model_copy(update={"category": Category.CODE})
        assert weigh([symptom("orders"), logged, caller], CATALOGUE)[0].confidence is sure
        below = symptom("orders", 2.0).model_copy(update={"onset": ONSET + timedelta(seconds=seconds)})
        assert weigh([symptom("web"), change("web"), below], CATALOGUE)[0].confidence is sure

    @pytest.mark.parametrize(
        ("weight", "near", "sure"),
        [
            (2.9, False, Confidence.MEDIUM),
            (3.1, False, Confidence.LOW),
            (3.1, True, Confidence.HIGH),  # it calls orders, which was changed just before
        ],
    )
    def test_a_change_long_before_does_not_make_sure_of_whom_telemetry_puts_behind(
        self, weight: float, near: bool, sure: Confidence
    ) -> None:
        made = change("orders").model_copy(update={"near": near})
        best = weigh([symptom("orders"), made, symptom("web", weight)], CATALOGUE)[0]
        assert (best.service, best.confidence) == ("orders", sure)

    def test_a_mere_symptom_has_no_known_cause(self) -> None:
        best = weigh([symptom("orders")], CATALOGUE)[0]
        assert (best.category, best.confidence) == (Category.UNKNOWN, Confidence.LOW)

    def test_that_change_and_resources_are_cleared_is_no_sign_of_code(self) -> None:
        cleared = [
            Hint(
                service="orders", category=category, channel=Channel.METRICS, text="no", weight=0.5,
                evidence="E-1", against=True,
            )
            for category in (Category.DEPLOYMENT, Category.INFRASTRUCTURE)
        ]  # fmt: skip
        best = weigh([symptom("orders"), *cleared], CATALOGUE)[0]
        assert (best.category, best.confidence) == (Category.UNKNOWN, Confidence.LOW)


class TestWords:
    def test_every_check_of_the_runbook_is_answered_by_a_tool_of_its_role(self) -> None:
        for step in (Step.INVESTIGATION, Step.VERIFICATION):
            for row in RUNBOOK.steps[step].roles:
                for check in row.checks:
                    rule = rule_for(check)
                    assert rule is not None, check
                    assert set(rule.tools) & set(ROSTER.get(row.role).tools), (row.role, check)

    def test_rules_name_tools_that_exist_and_are_read(self) -> None:
        sources = {name for name, tool in TOOLS.items() if tool.channel == "code"}  # read for a hotfix
        assert set(CHECKS) == set(TOOLS) - {"plan_action", "inventory"} - sources
        found = [rule_for(check) for check in ("ci/cd", "logs", "database", "recovery", "endpoints", "cpu")]
        assert all(isinstance(rule, Rule) and set(rule.tools) <= set(CHECKS) for rule in found)

    @pytest.mark.parametrize(
        ("line", "category"),
        [
            ("java.lang.OutOfMemoryError: Java heap space, out of memory", Category.INFRASTRUCTURE),
            ("write failed: No space left on device", Category.INFRASTRUCTURE),
            ("TypeError: unsupported operand", Category.CODE),
            ("dial tcp 10.0.0.1: connection refused", Category.DEPENDENCY),
            ("user logged in", None),
        ],
    )
    def test_log_lines_hint_at_a_kind_of_cause(self, line: str, category: Category | None) -> None:
        sign = CAUSES.of_line(line)
        assert (sign.category if sign is not None else None) is category

    def test_a_leak_of_memory_is_no_leak_of_data(self) -> None:
        assert not says(keywords().breach, "memory leak in checkout", "goroutine leak")
        assert says(keywords().breach, "Possible data breach: bulk export by unknown client")
        assert says(keywords().breach, "leaked customer data on pastebin")

    @given(st.text())
    def test_a_quotation_is_one_short_line(self, text: str) -> None:
        line = quoted(text)
        assert len(line) <= 122
        assert "\n" not in line


class TestPrevention:
    @pytest.mark.parametrize("category", list(Category))
    def test_every_cause_gives_something_to_do(self, category: Category) -> None:
        fields = (
            {} if category is Category.UNKNOWN else {"service": "orders", "resource": "cpu", "callers": "web"}
        )
        found = prevention(
            Lessons(category=category, fields=fields, holds=frozenset(), owner="backend"), CAUSES
        )
        assert found.items
        assert set(found.measures) == set(KINDS)
        assert all("{" not in text for texts in found.measures.values() for text in texts)
        slugs = {role.slug for role in ROSTER.roles}
        assert all(item.owner in slugs | {"backend"} for item in found.items)

    def test_nothing_is_said_of_what_is_not_known(self) -> None:
        bare = prevention(
            Lessons(category=Category.DEPLOYMENT, fields={}, holds=frozenset({"late"}), owner=None), CAUSES
        )
        assert all(not texts for texts in bare.measures.values())


class TestStanding:
    def test_the_status_follows_the_incident(self) -> None:
        case = incident()
        known = case.evolve(
            diagnosis=Diagnosis(
                service="orders",
                category=Category.CODE,
                confidence=Confidence.MEDIUM,
                summary="s",
                evidence=("E",),
            )
        )
        watched = known.evolve(watch=Watch(action="A1", started_at=NOW, until=NOW + timedelta(minutes=30)))
        stands = [case, known, watched, watched.evolve(status=Status.RESOLVED)]
        assert [one.public_status for one in stands] == [
            PublicStatus.INVESTIGATING, PublicStatus.IDENTIFIED, PublicStatus.MONITORING,
            PublicStatus.RESOLVED,
        ]  # fmt: skip

    def test_users_read_what_is_measured_or_that_it_is_not_known(self) -> None:
        def told(case: Incident) -> str:
            return public_words(stand_of(case, NOW)).impact

        case = incident()
        assert "checking" in told(case)
        facts = Facts(at=NOW, error_ratio=0.43, latency_times=6.0, customers_affected=True, quiet=False)
        assert "43 %" in told(case.evolve(facts=facts))
        assert "6 times" in told(case.evolve(facts=facts))
        watch = Watch(action="A1", started_at=NOW + timedelta(minutes=1), until=NOW + timedelta(minutes=31))
        assert "while we check" in told(case.evolve(facts=facts, watch=watch))
        inside = Facts(at=NOW, customers_affected=False, quiet=False)
        assert "not known to be affected" in told(case.evolve(facts=inside))


class TestAssessing:
    def breached(self) -> Incident:
        return incident().evolve(impact=Impact(data_breach_suspected=True, user_data_affected=True))

    async def assessed(self, case: Incident, role: str) -> AssessmentReport:
        report = await Stage(world(CATALOGUE)).do(case, role, Task.ASSESS, step=Step.MITIGATION)
        assert isinstance(report, AssessmentReport)
        return report

    async def test_a_suspected_breach_starts_the_72_hours(self) -> None:
        report = await self.assessed(self.breached(), "legal_compliance_checker")
        assert "72 hours" in " ".join(report.recommendations)
        assert report.notify
        assert "not confirmed" in report.assessment

    async def test_without_a_sign_of_a_breach_no_clock_is_started(self) -> None:
        report = await self.assessed(incident(), "legal_compliance_checker")
        assert "72 hours" not in " ".join(report.recommendations)

    async def test_money_is_named_only_where_it_is_measured(self) -> None:
        unknown = await self.assessed(incident(), "finance_tracker")
        felt = Facts(at=NOW, error_ratio=0.43, customers_affected=True, quiet=False)
        hit = incident().evolve(revenue_impact=12800.0, facts=felt, ever_deviated=True)
        known = await self.assessed(hit, "finance_tracker")
        assert "Revenue: not known" in unknown.assessment
        assert "about 12,800 lost so far (measured; currency not configured)" in known.assessment
        assert unknown.needs != known.needs

    async def test_a_figure_without_traffic_that_was_hit_is_no_measured_loss(self) -> None:
        calm = Facts(at=NOW, customers_affected=False, quiet=True)
        for case in (incident(), incident().evolve(facts=calm, ever_deviated=True)):
            report = await self.assessed(case.evolve(revenue_impact=12800.0), "finance_tracker")
            assert "Revenue: not known" in report.assessment

    async def test_a_role_that_a_team_added_says_something_too(self) -> None:
        assert (await self.assessed(incident(), "evidence_collector")).recommendations

    def test_conditions_follow_the_incident(self) -> None:
        waiting = incident().with_proposal(proposal(rollback("orders", "1"), ActionState.PROPOSED))
        assert {When.APPROVAL, When.CAUSE_UNKNOWN, When.NO_REVENUE} == conditions(waiting)


class TestUnknownToTheEnd:
    async def test_a_post_mortem_without_a_cause_says_so(self) -> None:
        case = incident().evolve(status=Status.HANDED_OVER, end_reason="nobody decided")
        report = await Stage(world(CATALOGUE)).do(
            case, "workflow_optimizer", Task.POST_MORTEM, step=Step.POST_MORTEM
        )
        assert isinstance(report, PostMortemReport)
        assert "unknown" in report.why_it_failed.text
        assert len(report.whys) == 1
        assert report.action_items
        assert report.users_affected == "not known"
        assert (report.revenue_impact, report.data_impact) == ("not known",) * 2

    async def test_a_minor_incident_becomes_one_task_of_its_owner(self) -> None:
        report = await Stage(world(CATALOGUE)).do(
            incident(), "sprint_prioritizer", Task.BACKLOG, step=Step.POST_MORTEM
        )
        assert isinstance(report, BacklogReport)
        (item,) = report.items
        assert item.owner == "frontend"
