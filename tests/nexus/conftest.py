"""A terminal for the tests of the command line, and one small case."""

from pathlib import Path

import pytest

from tests.cases import build_case
from tests.nexus.cli import Terminal


@pytest.fixture
def nexus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line with a home of its own."""
    return Terminal(tmp_path / "home", monkeypatch, capsys)


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recorded incident: a bad release of checkout."""
    return build_case(tmp_path_factory.mktemp("cases"))
