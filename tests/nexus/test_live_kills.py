"""A live incident whose parts die in the middle of every step: one execution, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.nexus.cli import Terminal
from tests.nexus.rig import Rig, rig

#: What the timeline says when a step is under way, in the order in which they come.
STEPS = (
    "triage the incident",
    "→ investigation",
    "→ mitigation",
    "for a person to decide on A1",
    "→ execute",
    "A1 executed",
    "recovered:",
    "write the post-mortem",
)


@contextmanager
def served(made: Rig, home: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A serving Nexus; killed if it takes longer than a minute, or still runs at the end."""
    environment = os.environ | {
        "NEXUS_HOME": str(home),
        "NEXUS_RUNBOOK": str(made.folder / "runbook.yaml"),
        "NEXUS_CONFIG": str(made.folder / "nexus.yaml"),
        "PYTHONUNBUFFERED": "1",
    }
    words = [sys.executable, "-m", "nexus", "serve", "--port", "0", "--engine", "playbook"]
    with subprocess.Popen(  # noqa: S603 - the words are the test's own
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        watchdog = threading.Timer(150, running.kill)
        watchdog.start()
        try:
            assert running.stdout is not None
            yield running.stdout.readline().split(" at ")[1].strip(), running
        finally:
            watchdog.cancel()
            running.kill()


def follow(running: "subprocess.Popen[str]", until: str) -> list[str]:
    """The lines up to one that holds some words."""
    assert running.stdout is not None
    heard = []
    for line in running.stdout:
        heard.append(line)
        if until in line:
            return heard
    raise AssertionError(f"{until!r} never came; the last lines: {''.join(heard[-5:])}")


def send(url: str, made: Rig) -> str:
    answer = httpx2.post(url, json=made.alert(), timeout=20)
    return str(answer.json()["incident"])


def approved(nexus: Terminal, identity: str) -> None:
    """Approve; the line that asks for it is told a moment before the incident is saved."""
    said = next(s for _ in range(50) if (s := nexus("approve", identity, "--by", "dana")).code == 0)
    assert "approved" in said.out


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as running:
        yield running


def test_nexus_is_killed_in_every_step(made: Rig, nexus: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_CONFIG", str(made.folder / "nexus.yaml"))
    identity = ""
    for step in STEPS:
        with served(made, nexus.home) as (url, running):
            identity = send(url, made)
            follow(running, step)
            if step.startswith("for a person"):
                approved(nexus, identity)
            running.send_signal(signal.SIGKILL)
            running.wait()
    with served(made, nexus.home) as (_, running):
        follow(running, "added to the backlog")
    assert len(made.done) == 1
    told = json.loads(nexus("show", identity, "--json").out)
    assert told["status"] == "resolved"
    assert [proposal["state"] for proposal in told["actions"]] == ["done"]


def test_the_metrics_are_silent_in_every_step(made: Rig, nexus: Terminal) -> None:
    made.silent = True
    with served(made, nexus.home) as (url, running):
        identity = send(url, made)
        blind = follow(running, "cause unknown")
        made.silent = False
        follow(running, "for a person to decide on A1")
        made.silent = True
        approved(nexus, identity)
        follow(running, "A1 executed")
        watched = follow(running, "unknown:")
        made.silent = False
        follow(running, "resolved:")
    assert any("answered 503" in line for line in blind)
    assert not any("recovered:" in line for line in watched)
    assert len(made.done) == 1
