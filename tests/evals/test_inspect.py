"""A model run under inspect-ai: the same result and scores, and a log that its viewer reads."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from evals.batch import plan_jobs
from evals.case import EvalCase
from evals.scorers import SCORERS, score_run
from nexus.config.settings import Settings
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI

logs = pytest.importorskip("inspect_ai.log", reason="the extra `inspect` is not installed")
harness = pytest.importorskip("evals.inspect.harness", reason="the extra `inspect` is not installed")

KEY = "sk-test-0123456789abcdef"


@pytest.mark.filterwarnings("ignore")  # inspect's own dependencies warn
def test_model_calls_go_over_the_bridge_into_the_log(case: EvalCase, tmp_path: Path) -> None:
    with FakeOpenAI(obliging) as server:
        settings = Settings(
            llm_base_url=server.base_url,
            llm_model="local-model",
            llm_api_key=SecretStr(KEY),
            log_level="error",
        )
        jobs = plan_jobs([case.folder], "llm", 2, settings)
        done = dict(harness.inspected(tmp_path, settings, 2)(jobs))
    assert set(done) == set(jobs)
    run = done[jobs[1]]
    assert run.record is not None, run.error
    (path,) = tmp_path.iterdir()
    log = logs.read_eval_log(str(path))
    assert log.status == "success"
    assert [step.solver for step in log.plan.steps] == ["run_incident"]
    assert [one.name for one in log.eval.scorers or []] == [one.name for one in SCORERS]
    assert (log.eval.task, log.eval.config.epochs, log.eval.dataset.samples) == ("nexus-incidents", 2, 1)
    first, sample = log.samples or []
    assert (first.epoch, sample.epoch) == (1, 2)
    assert (sample.input, sample.target) == (case.title, f"deployment in {case.truth.cause.service}")
    asked = sum(event.event == "model" for event in sample.events)
    assert asked == run.record.incident.usage.model_calls > 0
    assert len(server.requests) == 2 * asked
    scores = {name: score.value for name, score in (sample.scores or {}).items()}
    answers = score_run(run, case.truth)
    assert {name: scores[name] for name in answers} == {name: one.value for name, one in answers.items()}
    assert KEY not in log.model_dump_json()
