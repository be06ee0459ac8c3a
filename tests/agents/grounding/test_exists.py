"""What a report may refer to; everything else is taken out and said."""

from hypothesis import given
from hypothesis import strategies as st

from agents.grounding import Grounds, Source, ground
from incidents.action import Action, ActionKind, Arguments
from incidents.findings import Category, Claim, Confidence, Hypothesis
from incidents.reports import (
    CheckResult,
    CheckState,
    Impact,
    InvestigationReport,
    MitigationReport,
    PostMortemReport,
    ProposedAction,
    TriageReport,
)
from incidents.severity import Severity
from tests.fake_answers import Filler, Seen

GROUNDS = Grounds(
    services=frozenset({"checkout", "payment"}),
    evidence={
        "E-00000001": Source("checkout deploy, change chg-42, to 2026.11.1"),
        "E-00000002": Source("payment"),
    },
    changes=frozenset({"chg-7"}),
    actions=frozenset({ActionKind.ROLLBACK}),
)


def hypothesis(**changes: object) -> Hypothesis:
    fields: dict[str, object] = {
        "service": "checkout",
        "category": Category.DEPLOYMENT,
        "confidence": Confidence.HIGH,
        "summary": "The release broke it.",
        "change": "chg-42",
        "evidence": ("E-00000001",),
    }
    return Hypothesis.model_validate({**fields, **changes})


def investigation(*hypotheses: Hypothesis) -> InvestigationReport:
    return InvestigationReport(summary="", checks=(), hypotheses=hypotheses)


def grounded(one: Hypothesis) -> tuple[Hypothesis, tuple[str, ...]]:
    report, dropped = ground(investigation(one), GROUNDS)
    assert isinstance(report, InvestigationReport)
    return report.hypotheses[0], dropped


def test_a_report_that_stands_is_not_touched() -> None:
    report = investigation(hypothesis(), hypothesis(change="chg-7"), hypothesis(change=None))
    assert ground(report, GROUNDS) == (report, ())


def test_evidence_that_does_not_exist_goes_and_takes_the_confidence_with_it() -> None:
    found, dropped = grounded(hypothesis(evidence=("E-99999999",)))
    assert found.evidence == ()
    assert found.confidence is Confidence.LOW
    assert any("E-99999999" in sentence for sentence in dropped)


def test_brackets_and_doubles_around_ids_are_forgiven() -> None:
    found, dropped = grounded(hypothesis(evidence=("[E-00000001]", "E-00000001", "`E-00000002`")))
    assert found.evidence == ("E-00000001", "E-00000002")
    assert dropped == ()


def test_a_service_outside_the_catalogue_points_at_none() -> None:
    found, dropped = grounded(hypothesis(service="moon"))
    assert (found.service, found.category, found.confidence) == (None, Category.UNKNOWN, Confidence.LOW)
    assert any("moon" in sentence for sentence in dropped)


def test_a_change_must_stand_in_evidence_as_a_whole_word() -> None:
    found, dropped = grounded(hypothesis(change="chg-4"))
    assert (found.change, found.confidence) == (None, Confidence.LOW)
    assert dropped


def test_a_check_without_evidence_counts_as_no_data() -> None:
    checks = tuple(CheckResult(check=state, state=state, finding="") for state in CheckState)
    report, dropped = ground(InvestigationReport(summary="", checks=checks, hypotheses=()), GROUNDS)
    assert isinstance(report, InvestigationReport)
    assert {check.state for check in report.checks} == {CheckState.NO_DATA}
    assert len(dropped) == 2


def test_triage_keeps_only_services_of_the_catalogue() -> None:
    impact = Impact(services=("moon", "payment", "payment"))
    claims = (Claim(text="Broken.", evidence=("E-00000001", "E-x")),)
    report = TriageReport(
        summary="", severity=Severity.P1, severity_reason="", impact=impact, false_alarm=False, claims=claims
    )
    found, dropped = ground(report, GROUNDS)
    assert isinstance(found, TriageReport)
    assert found.impact.services == ("payment",)
    assert found.claims[0].evidence == ("E-00000001",)
    assert len(dropped) == 2


def test_actions_outside_the_catalogue_or_the_assignment_are_dropped() -> None:
    version = Arguments(version="1")
    actions = (
        Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=version),
        Action(kind=ActionKind.ROLLBACK, service="moon; rm -rf /", arguments=version),
        Action(kind=ActionKind.FAILOVER, service="checkout"),
    )
    proposals = tuple(ProposedAction(action=a, reason="", expected_effect="") for a in actions)
    found, dropped = ground(MitigationReport(summary="", proposals=proposals), GROUNDS)
    assert isinstance(found, MitigationReport)
    assert [proposed.action for proposed in found.proposals] == [actions[0]]
    assert len(dropped) == 2


def test_evidence_is_checked_at_any_depth() -> None:
    schema = PostMortemReport.model_json_schema()
    filled = Filler(Seen(evidence=("E-99999999",)), schema).fill(schema)
    report, dropped = ground(PostMortemReport.model_validate(filled), GROUNDS)
    assert isinstance(report, PostMortemReport)
    assert report.what_failed.evidence == report.whys[0].evidence == ()
    assert dropped == ("Evidence 'E-99999999' does not exist and was removed",)


@given(
    st.sampled_from([None, "checkout", "moon"]),
    st.sampled_from([None, "chg-42", "chg-7", "chg-1"]),
    st.lists(st.sampled_from(["E-00000001", "E-00000002", "E-3"]), max_size=4),
    st.sampled_from(list(Confidence)),
)
def test_grounding_never_adds_and_is_done_once(
    service: str | None, change: str | None, evidence: list[str], confidence: Confidence
) -> None:
    before = hypothesis(service=service, change=change, evidence=tuple(evidence), confidence=confidence)
    after, _ = grounded(before)
    assert after.service in {None, service}
    assert after.change in {None, change}
    assert set(after.evidence) <= set(evidence) & set(GROUNDS.evidence)
    assert after.confidence.rank <= confidence.rank
    assert after.evidence or after.confidence is Confidence.LOW
    assert grounded(after) == (after, ())
