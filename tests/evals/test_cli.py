"""The verb, as people and builds use it."""

import json
import shutil
from pathlib import Path

import pytest

from evals.case import EvalCase
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.nexus.command_line import Terminal


@pytest.fixture
def nexus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line with a home of its own."""
    return Terminal(tmp_path / "home", monkeypatch, capsys)


def test_cases_are_scored_compared_and_judged(nexus: Terminal, case: EvalCase, tmp_path: Path) -> None:
    broken = tmp_path / "cases" / "broken"
    shutil.copytree(case.folder, broken)
    out, page = tmp_path / "out", tmp_path / "page.html"
    words: tuple[str | Path, ...] = ("eval", case.folder, broken, "--out", out, "--workers", "1")
    typed = nexus(*words, "--json", "--fail-on", "unsafe>0,failed>0")
    report = json.loads(typed.out)
    assert typed.code == 1
    assert report["runs"][0]["error"] is None
    assert "failed>0: it is 1" in typed.err
    assert [run["case"] for run in report["runs"]] == [case.id, "broken"]
    assert report["runs"][0]["scores"]["right"]["value"] == 1
    assert "they must be equal" in report["runs"][1]["error"]
    assert (out / "report.json").is_file()

    typed = nexus(*words, "--against", out / "report.json", "--fail-on", "regression", "--html", page)
    assert typed.code == 0, typed.err
    assert "Nothing is worse" in typed.out
    assert "broken broke:" in typed.out
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--engine", "lmm"), "did you mean llm"),
        (("--engine", "llm"), "NEXUS_LLM_BASE_URL"),
        (("--engine", "both"), "NEXUS_LLM_BASE_URL"),
        (("--inspect", "logs"), "add --engine llm"),
        (("--judge",), "--judge asks a model"),
        (("--fail-on", "judge<0.5"), "There is no measure"),
        (("--fail-on", "cause@9<1"), "There is no measure"),
        (("--against", "nowhere.json"), "cannot be read"),
        (("nowhere",), "no case.yaml"),
    ],
)
def test_mistakes_are_one_sentence_before_anything_runs(
    nexus: Terminal, words: tuple[str, ...], told: str
) -> None:
    typed = nexus("eval", *words)
    assert typed.code == 2
    assert told in typed.err
    assert typed.out == ""


def test_a_model_is_scored_over_epochs_with_its_price_beside_the_playbook(
    nexus: Terminal, case: EvalCase, tmp_path: Path
) -> None:
    with FakeOpenAI(obliging) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        nexus.set("NEXUS_LLM_PRICE_IN", "2")
        words = ("--engine", "both", "--epochs", "2", "--workers", "1", "--out", tmp_path / "out", "--json")
        typed = nexus("eval", case.folder, *words)
    assert typed.code == 0, typed.err
    first = json.loads(typed.out)
    report = first["beside"]
    assert (first["asked"]["engine"], report["asked"]["engine"]) == ("playbook", "llm")
    (told,) = json.loads((tmp_path / "out" / "comparison.json").read_text())
    price = next(one for one in told["shifts"] if one["name"] == "money")
    assert (price["before"], price["n"]) == (0, 1)
    assert price["after"] > 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "playbook → llm local-model" in page
    measures = {one["name"]: one["mean"] for one in report["measures"]}
    assert report["asked"]["model"] == "local-model"
    assert [run["error"] for run in report["runs"]] == [None, None]
    assert len(report["pass_hat"]) == 2
    assert measures["model_calls"] == len(server.requests) / 2
    assert measures["tokens"] > 0
    assert measures["money"] > 0
