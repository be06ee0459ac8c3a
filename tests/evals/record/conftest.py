"""One incident with personal data in it, run once; the tests record it."""

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import polars as pl
import pytest
import yaml

from nexus.cli import main
from tests.cases import build_case
from tests.nexus.command_line import Terminal
from tests.tools.live.repositories import Git

EMAIL, PASSWORD = "ana.keller@example.org", "hunter2hunter2"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one finished incident, INC-2026-03-12-001."""
    folder = build_case(tmp_path_factory.mktemp("recorded"), "shop-with-people", traces=False)
    for logs in folder.rglob("logs.parquet"):
        told = pl.col("message").str.replace("accepted", f"accepted for {EMAIL}, password={PASSWORD}")
        pl.read_parquet(logs).with_columns(message=told).write_parquet(logs)
    content = yaml.safe_load((folder / "case.yaml").read_text())
    content["alerts"][0]["payload"]["alerts"][0]["annotations"]["owner"] = EMAIL
    content["alerts"][0]["payload"]["password"] = PASSWORD
    (folder / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    (folder / "code").mkdir()
    git = Git(tmp_path_factory.mktemp("repository"), at=1_770_000_000)
    git.commit("Orders", app_py="TOTAL = 1\n")
    git("bundle", "create", "--quiet", str(folder / "code" / "checkout.bundle"), "HEAD", "main")
    where = tmp_path_factory.mktemp("home")
    words = ["nexus", "run", "--world", str(folder), "--approve", "all", "--engine", "playbook", "--json"]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
        patch.setenv("NEXUS_HOME", str(where))
        patch.setattr(sys, "argv", words)
        main()
    return where


@pytest.fixture
def nexus(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line in that home."""
    return Terminal(home, monkeypatch, capsys)
