"""One small case, run once, whose record the tests of the scorers bend."""

import asyncio
from pathlib import Path

import pytest

from evals.case import EvalCase, open_eval_case
from evals.run import Record, Run, run_case
from nexus.config import Settings
from tests.cases import build_case
from tests.nexus.cli import Terminal


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
