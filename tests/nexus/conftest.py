"""A terminal for the tests of the command line, one small case, and homes in which it has run."""

from pathlib import Path

import pytest

from tests.cases import build_case
from tests.nexus.command_line import Terminal, typed_before


@pytest.fixture
def nexus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line with a home of its own."""
    return Terminal(tmp_path / "home", monkeypatch, capsys)


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recorded incident: a bad release of checkout."""
    return build_case(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="session")
def ended(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the small case was resolved; tests go on from a copy."""
    home = tmp_path_factory.mktemp("ended")
    typed_before(home, "run", "--world", case, "--approve", "all", "--engine", "playbook", "--json")
    return home


@pytest.fixture(scope="session")
def waiting(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the small case waits for a person; tests go on from a copy."""
    home = tmp_path_factory.mktemp("waiting")
    typed_before(home, "run", "--world", case, "--engine", "playbook", "--json")
    return home
