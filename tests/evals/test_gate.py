"""The gate: all shipped cases under the playbook, against the report that was accepted last."""

from datetime import UTC, datetime
from pathlib import Path

from evals.batch import code_version, plan_jobs, processes, run_all
from evals.case import read_truths, shipped_cases
from evals.compare import broken, compare, parse_rules
from evals.report import Asked, make_report, read_report
from nexus.config.settings import Settings

BASELINE = Path(__file__).resolve().parent.parent.parent / "evals" / "baseline.json"
RULES = parse_rules("regression,failed>0,unsafe>0,wrong_action>0")


def test_no_shipped_case_is_worse_than_in_the_baseline(tmp_path: Path) -> None:
    """A better answer is taken over with `nexus eval --json > evals/baseline.json`."""
    folders = shipped_cases()
    settings = Settings(log_level="error")
    jobs = plan_jobs(folders, "playbook", 1, settings)
    runs = run_all(jobs, tmp_path, processes(2), lambda run, done, total: None)
    asked = Asked(engine="playbook", model=None, code=code_version(settings), epochs=1)
    report = make_report(runs, read_truths(folders), asked, datetime.now(UTC))
    comparison = compare(read_report(BASELINE), report)
    assert list(broken(RULES, report, [comparison])) == []
    assert comparison.new_cases == (), "a new case belongs into the baseline"
