"""What the tools' tests share."""

from pathlib import Path

import pytest

from tests.cases import build_case


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small case, written once; tests must not change it."""
    return build_case(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Where a test's recorded world keeps what was done."""
    return tmp_path / "ledger.jsonl"
