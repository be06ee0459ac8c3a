"""Rehearsals: what is reported of them, and what their command line refuses."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.rehearsal import Result, logged
from demo.rehearse import main, table
from demo.scenarios import SCENARIOS, Line

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_result_says_what_was_not_as_written() -> None:
    fine = Result(scenario="a", alert=9.1, signs=["x"], wrong_fails=True, healed=12.0)
    odd = Result(scenario="b", alert=9.1, signs=["x", "y"], missing=["y"], wrong_fails=False)

    assert fine.as_written
    assert odd.complaints == ["not seen: y", "a remedy that is not right healed it", "it was not healed"]
    header, first, second = table([fine, odd]).splitlines()
    assert header.split()[:2] == ["scenario", "alert"]
    assert first.split() == ["a", "9.1", "s", "1/1", "does", "not", "heal", "12.0", "s", "ok"]
    assert "1/2" in second
    assert "NOT AS WRITTEN: not seen: y;" in second


def test_a_line_counts_only_after_the_fault(tmp_path: Path) -> None:
    lines = [{"time": NOW.isoformat(), "message": "statement failed: database is locked"}]
    (tmp_path / "database.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    line = Line(service="database", pattern="failed: .* locked")

    assert logged(tmp_path, line, NOW)
    assert not logged(tmp_path, line, NOW + timedelta(seconds=1))
    assert not logged(tmp_path, Line(service="database", pattern="^locked"), NOW)


def test_the_command_line_lists_and_refuses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(SCENARIOS)
    with pytest.raises(SystemExit):
        main(["no-such-scenario"])
    assert "One of: shop-checkout-bad-release" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert main(["shop-cosmetic"]) == 1
    assert "apt-get install prometheus" in capsys.readouterr().err
