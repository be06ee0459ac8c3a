"""`nexus doctor --test-paging` as somebody types it: at a terminal, and where there is none."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nexus.command_line import Terminal
from tests.patience import PATIENCE
from tests.tools.live.fakes.server import Answer, Asked, Server, serving, told

SITE = """services: [{{name: web}}]
people: [{{name: Dana Lee, token: 'env:DANA', contacts: [{{to: phones, at: phone}}]}}]
notify:
  destinations:
    - {{name: phones, kind: ntfy, topic: 'file:{topic}', url: '{url}'}}
    - {{name: gone, kind: ntfy, topic: 'file:{topic}', url: '{url}/gone'}}
    - {{name: log, kind: file, path: told.jsonl}}
"""


def ntfy(asked: Asked) -> Answer:
    return Answer("gone", 410) if asked.path.startswith("/gone") else told({"id": "m1", "event": "message"})


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Server]:
    with serving(ntfy) as server:
        (tmp_path / "topic").write_text("alerts-of-a-test")
        (tmp_path / "nexus.yaml").write_text(SITE.format(topic=tmp_path / "topic", url=server.url))
        yield server


def asked_at_a_terminal(folder: Path, answer: str) -> tuple[int, str]:
    """What a person sees who answers the question."""
    ours, theirs = pty.openpty()
    environment = {"NEXUS_HOME": str(folder / "home"), "NEXUS_CONFIG": str(folder / "nexus.yaml")}
    asks = subprocess.Popen(
        [sys.executable, "-m", "nexus", "doctor", "--test-paging"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | environment | {"DANA": "x"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        while b"[y/N]" not in seen:
            seen += terminal.read(4096)
        terminal.write(f"{answer}\n".encode())
        try:
            while part := terminal.read(4096):
                seen += part
        except OSError:  # how Linux tells that the other side of a terminal is closed
            pass
    return asks.wait(PATIENCE), " ".join(seen.decode().split())


def test_it_asks_whom_it_wakes_sends_and_tells_who_got_it(tmp_path: Path, phones: Server) -> None:
    code, seen = asked_at_a_terminal(tmp_path, "y")
    assert "This wakes whoever is behind phones (Dana Lee), gone. Send a test to each? [y/N]" in seen
    assert "phones (Dana Lee): accepted" in seen
    assert "gone: failed for good:" in seen
    assert code == 1, "one of them did not arrive"
    assert len(phones.asked) == 2
    assert not (tmp_path / "told.jsonl").exists(), "what wakes nobody is not asked"


@pytest.mark.parametrize("answer", ["n", ""])
def test_nothing_is_sent_unless_somebody_says_yes(tmp_path: Path, phones: Server, answer: str) -> None:
    code, seen = asked_at_a_terminal(tmp_path, answer)
    assert (code, "Nothing was sent." in seen) == (0, True)
    assert phones.asked == []


def test_without_anybody_to_ask_nothing_is_sent(
    tmp_path: Path, phones: Server, nexus: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    nexus.set("NEXUS_CONFIG", str(tmp_path / "nexus.yaml"))
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        typed = nexus("doctor", "--test-paging")
    assert (typed.code, phones.asked) == (1, [])
    assert "the input ended before the question was answered" in typed.err
    refused = nexus("doctor", "--test-paging", "--json")
    assert (refused.code, refused.out) == (2, "")
    assert "nexus destinations test NAME --json" in refused.err
    assert phones.asked == []


def test_a_machine_tests_one_way_by_its_name(tmp_path: Path, phones: Server, nexus: Terminal) -> None:
    nexus.set("NEXUS_CONFIG", str(tmp_path / "nexus.yaml"))
    typed = nexus("destinations", "test", "phones", "--json")
    assert json.loads(typed.out)["outcome"] in {"accepted", "delivered"}
    assert len(phones.asked) == 1


def test_destinations_are_listed_before_anything_has_happened(
    tmp_path: Path, phones: Server, nexus: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANA", "x")
    nexus.set("NEXUS_CONFIG", str(tmp_path / "nexus.yaml"))
    listed = json.loads(nexus("destinations", "--json").out)
    assert [one["name"] for one in listed] == ["phones", "gone", "log"]
    assert phones.asked == []
