"""What people say of a backtest at a terminal."""

import io
import json
from pathlib import Path

import pytest

from evals.backtest.run import Backtest, save
from evals.backtest.said import Said
from tests.cases import ALERT, END, START, build_case
from tests.nexus.command_line import Terminal


class Typing(io.StringIO):
    """Somebody who types at a terminal."""

    def isatty(self) -> bool:
        return True


def test_where_no_cause_was_named_there_is_none_to_call_right(
    nexus: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "history"
    case = build_case(folder / "cases").name
    said = Said(case=case, title="Checkout fails", at=ALERT, ended_at=None, services=(), sources=("a file",))
    made = Backtest(made_at=END, since=START, until=END, engine="playbook", said=(said,))
    save(made, folder)
    monkeypatch.setattr("sys.stdin", Typing("right\nwrong\nit was the network\n"))
    typed = nexus("backtest", "judge", folder, "--by", "Ana")
    assert (typed.code, "1 judged, 0 open." in typed.out) == (0, True), typed.err
    (answer,) = (folder / "answers.jsonl").read_text().splitlines()
    assert (json.loads(answer)["judgement"], json.loads(answer)["note"]) == ("wrong", "it was the network")
