"""The server's door under what careful operators try: odd bytes, held locks, hang-ups, IPv6, bad files."""

import json
import signal
import socket
import sqlite3
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import patient
from tests.nexus.command_line import Terminal
from tests.nexus.served import Serving, served
from tests.nexus.server.test_serve import SITE, TOKEN, alert, send

HALF = b'"\\ud83d is half of a face"'


@pytest.fixture
def serving(nexus: Terminal, tmp_path: Path) -> Iterator[Serving]:
    """A live Nexus without any backend."""
    (tmp_path / "nexus.yaml").write_text(SITE + "people: [{name: dana, token: 'env:DANA'}]\n")
    secrets = {"SHOP_TOKEN": "a-token-of-the-test", "DANA": "tökén-of-dana"}
    with served(tmp_path, nexus.home, **secrets) as running:
        yield running
        running.stop()


def test_half_a_character_is_read_with_a_replacement(serving: Serving) -> None:
    body = json.dumps(alert("mail")).encode().replace(b'"mail fails"', HALF)
    assert HALF in body
    answer = patient.post(serving.url, content=body, headers=TOKEN)
    assert answer.status_code == 202
    assert "\N{REPLACEMENT CHARACTER} is half of a face" in "".join(serving.until("acknowledged"))
    for unknown in (b'{"a": %s}', b"{%s: 1}", b'{"alerts": [{"status": %s, "labels": {"alertname": "a"}}]}'):
        answer = patient.post(serving.url, content=unknown.replace(b"%s", HALF), headers=TOKEN)
        assert (answer.status_code, answer.json()["error"]) == (400, answer.json()["detail"])


def test_a_decision_with_half_a_character_is_refused(serving: Serving) -> None:
    body = b'{"verdict": "approve", "action": "A1", "digest": "12345678", "note": %s}'.replace(b"%s", HALF)
    shown = {b"Authorization": "bearer tökén-of-dana".encode()}
    url = f"{serving.root}/incidents/INC-1/decisions"
    answer = patient.post(url, content=body, headers=shown)
    assert (answer.status_code, "a decision is" in answer.json()["error"]) == (400, True)
    known = patient.post(url, content=body.replace(HALF, b'""'), headers=shown)
    assert (known.status_code, "INC-1" in known.json()["error"]) == (404, True)
    assert patient.post(url, content=body, headers={"Authorization": "Bearer x"}).status_code == 401


def test_whatever_is_not_there_is_said_in_one_form(serving: Serving) -> None:
    missing, wrong = (patient.get(f"{serving.root}/{path}") for path in ("nothing", "v2/enqueue"))
    assert (missing.status_code, missing.json()["error"]) == (404, "there is nothing at /nothing")
    assert (wrong.status_code, wrong.json()["error"]) == (405, "GET is not taken here")
    assert {"type", "title", "status", "detail"} < set(missing.json())


def test_a_lock_that_another_process_holds_keeps_nothing_else_waiting(
    serving: Serving, nexus: Terminal
) -> None:
    assert patient.get(f"{serving.root}/healthz").status_code == 200, "its start writes, too"
    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(nexus.home / "nexus.db")) as other:
        other.execute("begin immediate")
        sent = pool.submit(send, serving.url, alert("mail"))
        for _ in range(5):
            assert patient.get(f"{serving.root}/healthz").json()["open_incidents"] == 0
        assert not sent.done(), "it waits for the store's lock"
        other.rollback()
        assert sent.result()[0] == 202


def test_a_hang_up_reads_nexus_yaml_again_and_the_server_goes_on(serving: Serving, tmp_path: Path) -> None:
    config = tmp_path / "nexus.yaml"
    config.write_text(config.read_text().replace("services:", "services:\n  - {name: kasse}"))
    serving.signal(signal.SIGHUP)
    serving.complains("nexus.yaml was read again; changed: services (added kasse)")
    config.write_text("services: [{name: shop, depends_on: [nobody]}]\n")
    serving.signal(signal.SIGHUP)
    serving.complains("nexus.yaml cannot be used, what it said before stays in force: ")
    serving.complains("there is no service 'nobody'")
    assert serving.alive
    assert send(serving.url, alert("kasse"))[1]["taken"] == "opened"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_it_listens_on_ipv6(nexus: Terminal, tmp_path: Path, host: str) -> None:
    (tmp_path / "nexus.yaml").write_text("services: [{name: web}]\n")
    with served(tmp_path, nexus.home, "--host", host, "--engine", "playbook") as running:
        assert running.root.startswith("http://[::1]:")
        assert patient.get(f"{running.root}/healthz").status_code == 200
        running.stop()


@pytest.mark.parametrize("host", ["::", "0.0.0.0", "192.0.2.1", "::ffff:192.0.2.1"])  # noqa: S104
def test_listening_beyond_this_machine_needs_a_token(nexus: Terminal, tmp_path: Path, host: str) -> None:
    (tmp_path / "nexus.yaml").write_text("services: [{name: web}]\n")
    refused = nexus("serve", "--config", tmp_path / "nexus.yaml", "--host", host, "--port", "0")
    assert (refused.code, "intake.token" in refused.err) == (2, True)


def test_a_host_that_does_not_exist_is_said(nexus: Terminal, tmp_path: Path) -> None:
    (tmp_path / "nexus.yaml").write_text('services: [{name: web}]\nintake: {token: "env:SHOP_TOKEN"}\n')
    nexus.set("SHOP_TOKEN", "a-token-of-the-test")
    refused = nexus(
        "serve", "--config", tmp_path / "nexus.yaml", "--host", "no.such.host.invalid", "--port", "0"
    )
    assert refused.code == 1
    assert "nexus: no.such.host.invalid: there is no such host" in refused.err


@pytest.mark.parametrize("text", ["severities: 3\n", "- a\n", "a: [\n", "\0"])
def test_a_runbook_that_cannot_be_used_is_a_sentence(nexus: Terminal, tmp_path: Path, text: str) -> None:
    (tmp_path / "nexus.yaml").write_text("services: [{name: web}]\n")
    runbook = tmp_path / "own.yaml"
    runbook.write_text(text)
    nexus.set("NEXUS_RUNBOOK", str(runbook))
    refused = nexus("serve", "--config", tmp_path / "nexus.yaml", "--port", "0")
    assert (refused.code, refused.out) == (2, "")
    assert str(runbook) in refused.err
    assert "Traceback" not in refused.err


def test_no_release_of_the_framework_with_a_known_hole_is_taken() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    (floor,) = [r for r in map(Requirement, project["dependencies"]) if r.name == "starlette"]
    assert not any(floor.specifier.contains(known) for known in ("0.46.0", "0.49.1", "1.3.0"))
    assert floor.specifier.contains("1.3.1")
