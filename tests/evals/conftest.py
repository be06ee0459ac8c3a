"""One small case, run once, whose record the tests of the scorers bend; a runbook for those in a hurry."""

import asyncio
from importlib import resources
from pathlib import Path

import pytest

from evals.case import EvalCase, open_eval_case
from evals.run import Record, Run, run_case
from nexus.config.settings import Settings
from tests.cases import build_case
from tests.forks import forks
from tests.nexus.command_line import Terminal

SHIPPED = resources.files("nexus").joinpath("runbook.yaml").read_text(encoding="utf-8")
HASTE = {
    "investigations: 3": "investigations: 1",
    "mitigations: 3": "mitigations: 1",
    "lasts: 30m": "lasts: 5m",
    "approval_expiry: 30m": "approval_expiry: 5m",
    "approval_reminder: 10m": "approval_reminder: 2m",
    "decision_wait: 2h": "decision_wait: 10m",
}


@pytest.fixture(scope="session", autouse=True)
def _forks() -> None:
    """The processes of all evaluations are forked from one that has everything imported."""
    forks()


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A runbook that tries everything once, so that a run takes a second."""
    text = SHIPPED
    for before, after in HASTE.items():
        assert before in text
        text = text.replace(before, after)
    path = tmp_path_factory.mktemp("hasty") / "runbook.yaml"
    path.write_text(text, encoding="utf-8")
    return Settings(runbook=path, log_level="error")


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> EvalCase:
    """A bad release of checkout."""
    return open_eval_case(build_case(tmp_path_factory.mktemp("eval-cases")))


@pytest.fixture(scope="session")
def run(case: EvalCase) -> Run:
    """The case, run under the playbook with people who know the truth."""
    return asyncio.run(run_case(case, Settings(), "playbook"))


@pytest.fixture(scope="session")
def record(run: Run) -> Record:
    """What that run left behind."""
    assert run.record is not None, run.error
    return run.record


@pytest.fixture
def nexus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line with a home of its own."""
    return Terminal(tmp_path / "home", monkeypatch, capsys)
