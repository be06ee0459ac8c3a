"""Processes: started, watched, ended, and never left behind."""

import os
import sys
from pathlib import Path

import pytest

from demo.processes import NotReadyError, Process, free_port, kept, wait_for
from tests.patience import PATIENCE

FOREVER = (sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)")


def _started(output: Path) -> int:
    return wait_for("its pid", lambda: int(output.read_text() or 0) or None, seconds=PATIENCE)


def _ended(pid: int) -> bool | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return None


def test_a_kept_program_ends_with_stop(tmp_path: Path) -> None:
    process = Process("sleeper", kept(*FOREVER), output=tmp_path / "out.txt")
    pid = _started(tmp_path / "out.txt")
    process.check()

    process.stop()

    assert not process.running
    assert _ended(pid)
    process.stop()


def test_a_kept_program_ends_when_its_launcher_is_gone(tmp_path: Path) -> None:
    process = Process("sleeper", kept(*FOREVER), output=tmp_path / "out.txt")
    pid = _started(tmp_path / "out.txt")

    assert process._process.stdin is not None
    process._process.stdin.close()  # what the kernel does when the launcher is killed

    assert wait_for("its end", lambda: _ended(pid), seconds=PATIENCE)
    process.stop()


def test_a_program_that_ended_is_reported_with_its_last_words(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import sys; sys.exit('no such port')"]
    process = Process("broken", argv, output=tmp_path / "out.txt")
    wait_for("its end", lambda: None if process.running else True, seconds=PATIENCE)

    with pytest.raises(NotReadyError, match=r"broken ended with status 1: no such port"):
        process.check()
    process.stop()


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    process = Process("stubborn", [sys.executable, "-c", stubborn], output=tmp_path / "out.txt")
    _started(tmp_path / "out.txt")

    process.stop(grace=0.2)

    assert not process.running


def test_waiting_has_an_end() -> None:
    with pytest.raises(NotReadyError, match=r"Godot: nothing within 0\.1 s"):
        wait_for("Godot", lambda: None, seconds=0.1)


def test_no_port_is_named_twice_though_nobody_listens_on_it_yet() -> None:
    assert len({free_port() for _ in range(50)}) == 50
