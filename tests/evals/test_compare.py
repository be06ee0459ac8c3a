"""Two reports side by side, and the rules that fail a build."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evals.case import EvalCase
from evals.compare import broken, compare, parse_rules
from evals.report import Asked, Report, make_report, read_report
from evals.run import Run
from incidents.errors import UnknownName, UsageError
from incidents.severity import Severity
from tests.evals.bend import bent, failed_run

ASKED = Asked(engine="playbook", model=None, code="c", epochs=1)
NOW = datetime(2026, 3, 12, tzinfo=UTC)


def report_of(case: EvalCase, *runs: Run) -> Report:
    return make_report(runs, {case.id: case.truth}, ASKED, NOW)


def worse(run: Run) -> Run:
    assert run.record is not None
    return run.model_copy(update={"record": bent(run.record, suspects=(), severity=Severity.P3)})


def test_a_report_sums_up_and_can_be_read_again(case: EvalCase, run: Run, tmp_path: Path) -> None:
    report = report_of(case, run, failed_run("b"))
    right = report.measure("right")
    assert right is not None
    assert (right.n, right.mean, right.left_out) == (2, 0.5, 0)
    assert report.failed == 1
    assert {group.name: group.cases for group in report.groups} == {case.group: 1, "g": 1}
    assert [(level.n, level.right) for level in report.reliability if level.n] == [(1, 1)]
    path = tmp_path / "report.json"
    path.write_text(report.model_dump_json())
    assert read_report(path) == report


def test_questions_that_are_left_open_are_in_no_denominator(case: EvalCase, run: Run) -> None:
    unknown = run.model_copy(update={"case": "other"})
    measure = report_of(case, run, unknown).measure("cause@1")
    assert measure is not None
    assert (measure.n, measure.left_out) == (1, 1)


def test_epochs_give_pass_hat(case: EvalCase, run: Run) -> None:
    second = worse(run).model_copy(update={"epoch": 2})
    assert report_of(case, run, second).pass_hat == (0.5, 0.0)


def test_regressions_and_improvements_are_told_case_by_case(case: EvalCase, run: Run) -> None:
    good, bad = report_of(case, run), report_of(case, worse(run))
    found = compare(good, bad)
    assert {one.name for one in found.regressions} >= {"right", "severity", "severity_distance", "cause@1"}
    assert not found.improvements
    back = compare(bad, good)
    assert not back.regressions
    assert {one.name for one in back.improvements} >= {"right", "severity", "severity_distance", "cause@1"}
    assert not compare(good, good).regressions


def test_a_case_that_breaks_or_goes_missing_is_a_regression(case: EvalCase, run: Run) -> None:
    good = report_of(case, run)
    assert {one.name for one in compare(good, report_of(case, failed_run(case.id))).regressions} == {
        "finished",
        "right",
    }
    found = compare(good, report_of(case, failed_run("other")))
    assert found.missing_cases == (case.id,)
    assert found.new_cases == ("other",)
    assert list(broken(parse_rules("regression"), good, [found]))


@pytest.mark.parametrize(
    ("rules", "broken_ones"),
    [
        ("cause@1<0.9", 0),
        ("right<=1", 1),
        ("unsafe>0, failed>0", 0),
        ("tokens>=0,money>=0", 2),
        ("regression", 1),
        ("", 0),
    ],
)
def test_rules_name_what_must_not_be(case: EvalCase, run: Run, rules: str, broken_ones: int) -> None:
    assert len(list(broken(parse_rules(rules), report_of(case, run), []))) == broken_ones


def test_a_rule_that_no_case_answers_is_broken() -> None:
    nothing = make_report((failed_run("a"),), {}, ASKED, NOW)
    (sentence,) = broken(parse_rules("unsafe>0"), nothing, [])
    assert "cannot be judged" in sentence


def test_a_rule_that_is_mistyped_is_told() -> None:
    with pytest.raises(UnknownName, match="cause@1"):
        parse_rules("cause@2<0.9")
    with pytest.raises(UsageError, match="no rule"):
        parse_rules("cause@1 should be good")


def test_a_file_that_is_no_report_is_told(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(path)
    path.write_text('{"format": 1}')
    with pytest.raises(UsageError, match="no report"):
        read_report(path)
