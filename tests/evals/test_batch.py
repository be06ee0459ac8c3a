"""Many runs: a broken case beside a good one, results that are kept, a rerun that goes on."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from evals.batch import FILE, Job, plan_jobs, processes, run_all, work
from evals.case import EvalCase
from evals.run import Run
from nexus.config.settings import Settings

SETTINGS = Settings(log_level="error")


def quiet(run: Run, done: int, total: int) -> None:
    """Tell nobody."""


def here(jobs: Sequence[Job]) -> Iterator[tuple[Job, Run]]:
    """A runner in this process, where the process is not the point."""
    return ((job, work(job)) for job in jobs)


@pytest.fixture(scope="module")
def folders(case: EvalCase, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Two good cases, one whose metrics are no parquet file, one that is gone."""
    root = tmp_path_factory.mktemp("batch")
    broken = root / "broken"
    shutil.copytree(case.folder, broken)
    document = broken / "case.yaml"
    document.write_text(document.read_text().replace(f"id: {case.id}", "id: broken"))
    (broken / "telemetry" / "metrics.parquet").write_bytes(b"no parquet")
    return case.folder, broken, root / "gone"


def test_a_broken_case_is_reported_and_the_others_go_on(folders: tuple[Path, ...], tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    jobs = plan_jobs(folders, "playbook", 1, SETTINGS)
    runs = run_all(
        jobs, tmp_path, processes(2), lambda run, done, total: told.append((run.case, done, total))
    )
    good, broken, gone = runs
    assert good.error is None
    assert good.record is not None
    assert "metrics.parquet" in (broken.error or "")
    assert gone.error
    assert {case for case, _, _ in told} == {one.case for one in runs}
    assert [done for _, done, _ in told] == [1, 2, 3]

    kept = (tmp_path / FILE).read_text()
    again = run_all(jobs[:1], tmp_path, processes(2), quiet)
    assert again == (good,)
    assert (tmp_path / FILE).read_text() == kept


def test_a_torn_line_and_a_foreign_one_are_left_out(folders: tuple[Path, ...], tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"a line of": "another version"}\n{"key": "torn')
    jobs = plan_jobs(folders[2:], "playbook", 1, SETTINGS)
    (run,) = run_all(jobs, tmp_path, here, quiet)
    assert run.error
    lines = (tmp_path / FILE).read_text().splitlines()
    assert len(lines) == 3
    assert '"run"' in lines[2]


def test_a_result_is_of_one_case_engine_epoch_and_setting(folders: tuple[Path, ...], tmp_path: Path) -> None:
    def keys(*jobs: Job) -> set[str]:
        return {job.key for job in jobs}

    first = keys(*plan_jobs(folders, "playbook", 2, SETTINGS))
    assert len(first) == 6
    assert first == keys(*plan_jobs(folders, "playbook", 2, SETTINGS.model_copy(update={"home": tmp_path})))
    assert not first & keys(*plan_jobs(folders, "llm", 2, SETTINGS))
    other = SETTINGS.model_copy(update={"llm_model": "another"})
    assert not first & keys(*plan_jobs(folders, "playbook", 2, other))


def test_a_changed_case_runs_again(case: EvalCase, tmp_path: Path) -> None:
    copy = tmp_path / case.id
    shutil.copytree(case.folder, copy)
    (before,) = plan_jobs([copy], "playbook", 1, SETTINGS)
    (original,) = plan_jobs([case.folder], "playbook", 1, SETTINGS)
    assert original.key == before.key
    (copy / "telemetry" / "changes.jsonl").write_text("")
    (after,) = plan_jobs([copy], "playbook", 1, SETTINGS)
    assert before.key != after.key


def test_settings_that_cannot_be_used_fail_the_run_with_a_sentence(case: EvalCase) -> None:
    (job,) = plan_jobs([case.folder], "llm", 1, SETTINGS)
    assert "no model is configured" in (work(job).error or "")
