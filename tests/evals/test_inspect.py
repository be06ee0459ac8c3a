"""A model run under inspect-ai: the same result and scores, and a log that its viewer reads."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from evals.batch import plan_jobs
from evals.case import EvalCase
from evals.scorers import score_run
from nexus.config import Settings
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
        jobs = plan_jobs([case.folder], "llm", 1, settings)
        ((job, run),) = harness.inspected(tmp_path, settings, 1)(jobs)
    assert job is jobs[0]
    assert run.record is not None, run.error
    (path,) = tmp_path.iterdir()
    log = logs.read_eval_log(str(path))
    assert log.status == "success"
    (sample,) = log.samples or []
    asked = sum(event.event == "model" for event in sample.events)
    assert asked == len(server.requests) == run.record.incident.usage.model_calls > 0
    scores = {name: score.value for name, score in (sample.scores or {}).items()}
    answers = score_run(run, case.truth)
    assert {name: scores[name] for name in answers} == {name: one.value for name, one in answers.items()}
    assert KEY not in log.model_dump_json()
