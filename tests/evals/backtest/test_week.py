"""A team's own history, backtested from the command line: three faults in a real Prometheus and in files."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.week import Week, days, running_week
from evals.case import shipped_cases
from tests.nexus.command_line import Terminal
from tools.recorded import read_truth

DAYS = ("shop-database-small-pool", "shop-payment-slow-release", "shop-customer-export")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    known = {path.name: path for path in shipped_cases()}
    until = datetime.now(UTC).replace(microsecond=0)
    lived = list(days([known[name] for name in DAYS], until, timedelta(hours=6), len(DAYS)))
    with running_week(tmp_path_factory.mktemp("week"), lived) as made:
        yield made


@pytest.fixture
def nexus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], week: Week
) -> Terminal:
    terminal = Terminal(tmp_path / "home", monkeypatch, capsys)
    terminal.set("NEXUS_CONFIG", str(week.site))
    return terminal


def test_a_history_is_played_judged_and_becomes_cases(nexus: Terminal, week: Week, tmp_path: Path) -> None:
    out = tmp_path / "history"
    typed = nexus("backtest", "--since", "2d", "--out", out, "--pause", "0", "--json")
    assert typed.code == 0, typed.err
    made = json.loads(typed.out)
    pool, slow, export = made["said"]
    for said, lived in zip(made["said"], week.lived, strict=True):
        begun = datetime.fromisoformat(said["at"])
        assert timedelta() <= begun - lived.at <= timedelta(seconds=1)  # found up to a step late, never early
        assert said["sources"] == ["Prometheus"]
    # What would have been said is the truth, or that it is not known; nothing was executed.
    assert (pool["service"], pool["category"]) == ("database", "deployment")
    assert (slow["service"], slow["category"]) == ("payment", "deployment")
    assert (export["service"], export["proposed"]) == (None, None)
    assert pool["proposed"]["title"] == "roll back database to 2026.9.2"
    # What people did is told beside it: the second day they rolled back the same release.
    assert [one["people"]["deed"] for one in made["said"]] == ["none", "same", "none"]
    assert "ana" in slow["people"]["change"]["author"]

    again = json.loads(nexus("backtest", "--since", "2d", "--out", out, "--pause", "0", "--json").out)
    assert (made["questions"] > 0, again["questions"]) == (True, 0)  # each is read once
    assert again["said"] == made["said"]

    assert (
        "nothing is scored" not in nexus("backtest", "judge", out, pool["case"], "right", "--by", "Ana").out
    )
    told = nexus(
        "backtest", "judge", out, slow["case"], "wrong", "--by", "Ana", "--note", "it was the network"
    )
    assert "high: right in 1 of 2 (95 % between 9 and 91 %: too few to tell)" in told.out
    truth = read_truth(out / "cases" / pool["case"])
    assert (truth.cause.service, truth.confirmed, truth.confirmed_by) == ("database", True, "Ana")
    assert not read_truth(out / "cases" / slow["case"]).confirmed
    rows = json.loads(nexus("trust", "--json").out)
    trusted = {(row["service"], row["kind"]): row for row in rows}
    assert (trusted["database", "rollback"]["right"], trusted["payment", "rollback"]["wrong"]) == (1, 1)
    assert trusted["payment", "rollback"]["ahead_seconds"] > 0  # people came to the same, later
    told = nexus("trust", "--backtest", out)  # what this home knows already counts once
    assert "Of fewer than 10 that people judged nothing is told" in told.out
    assert json.loads(nexus("trust", "--backtest", out, "--json").out) == rows
    page = (out / "backtest.html").read_text()
    assert "You judged <strong>2</strong>; <strong>1</strong> was right" in page
    assert "it was the network" in page


def test_a_budget_of_questions_leaves_the_rest_for_the_next_call(nexus: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "history"
    words = ("backtest", "--since", "2d", "--out", out, "--pause", "0", "--json")
    first = json.loads(nexus(*words, "--most-questions", "1").out)
    assert [one["error"] is None for one in first["said"]] == [True, False, False]
    assert "1 questions were asked; call again with the same --out" in first["said"][1]["error"]
    limited = json.loads(nexus(*words, "--limit", "1").out)
    assert (len(limited["said"]), limited["left"]) == (1, 2)


def test_what_cannot_be_read_any_more_is_listed_and_never_scored(nexus: Terminal, tmp_path: Path) -> None:
    export, out = tmp_path / "pages.json", tmp_path / "history"
    begun = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    rows = [{"id": "P1", "title": "Old trouble", "service": {"summary": "web"}, "created_at": begun},
            {"id": "P2", "title": "Of a service that is gone", "service": {"summary": "carts"},
             "created_at": begun, "resolved_at": begun}]  # fmt: skip
    export.write_text(json.dumps({"incidents": rows}))
    made = json.loads(nexus("backtest", "--alerts", export, "--out", out, "--pause", "0", "--json").out)
    assert [(one["title"], one["error"]) for one in made["said"]] == [
        ("Old trouble", "there are no metrics of that time any more"),
        ("Of a service that is gone", "there are no metrics of that time any more"),
    ]
    assert "None could be played; each says why." in (out / "backtest.html").read_text()
    refused = nexus("backtest", "judge", out, made["said"][0]["case"], "right", "--by", "Ana")
    assert "so there is nothing to judge" in refused.err


def test_what_a_model_fell_silent_over_is_not_half_scored(nexus: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "history"
    words = ("backtest", "--since", "2d", "--limit", "1", "--out", out, "--pause", "0", "--engine")
    missing = nexus(*words, "llm")
    assert (missing.code, "--engine playbook needs none" in missing.err) == (2, True)
    nexus.set("NEXUS_LLM_BASE_URL", "http://127.0.0.1:9/v1")  # nothing listens there
    nexus.set("NEXUS_LLM_API_KEY", "none")
    nexus.set("NEXUS_LLM_MODEL", "gone")
    (said,) = json.loads(nexus(*words, "llm", "--json").out)["said"]
    assert "MODEL DID NOT ANSWER" in said["error"]
    assert (said["service"], said["proposed"]) == (None, None)
    assert (out / "cases" / said["case"] / "case.yaml").is_file(), "it need not be read again"


def test_mistakes_are_one_sentence(nexus: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "none"
    for words, why in (
        (("backtest", "--since", "0m"), "--since: it has to reach into the past"),
        (("backtest", "--since", "soon"), "--since: 'soon' is no duration"),
        (("backtest", "--zone", "Mars/Base"), "--zone: 'Mars/Base' is no time zone"),
        (("backtest", "--hours", "25-3"), "--hours: '25-3' is no span of a day"),
        (("backtest", "--service", "chekout"), "checkout"),
        (("backtest", "judge", out), "there is no backtest in"),
    ):
        typed = nexus(*words)
        assert typed.code != 0
        assert why in typed.err
