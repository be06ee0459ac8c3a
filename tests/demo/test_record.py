"""The command line of the recorder: what it refuses, it refuses before anything starts."""

from pathlib import Path

import pytest

from demo.record import main


def test_an_older_recording_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop-checkout-bad-release").mkdir()

    assert main(["--out", str(tmp_path), "--rehearsal"]) == 1
    assert "exists already" in capsys.readouterr().err


def test_without_prometheus_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")

    assert main(["--out", str(tmp_path / "out"), "--rehearsal"]) == 1
    assert "apt-get install prometheus" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
