"""A live Nexus as its users meet it: alerts over HTTP, and a stop for everything."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import patient
from tests.nexus.command_line import Terminal
from tests.nexus.served import Serving, served
from tests.patience import PATIENCE

SITE = """
services:
  - {name: web, depends_on: [checkout], user_facing: true}
  - {name: checkout}
  - {name: mail}
intake: {token: "env:SHOP_TOKEN"}
"""
TOKEN = {"Authorization": "Bearer a-token-of-the-test"}


def alert(service: str, status: str = "firing", fingerprint: str = "f1") -> dict[str, Any]:
    return {
        "receiver": "nexus", "status": status, "version": "4", "groupKey": "{}", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0,
        "alerts": [
            {
                "status": status, "labels": {"alertname": "HighErrorRate", "service": service},
                "annotations": {"summary": f"{service} fails"}, "startsAt": "2026-11-23T10:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": fingerprint,
            }
        ],
    }  # fmt: skip


@pytest.fixture
def serving(nexus: Terminal, tmp_path: Path) -> Iterator[Serving]:
    """A live Nexus without any backend."""
    (tmp_path / "nexus.yaml").write_text(SITE)
    with served(tmp_path, nexus.home, SHOP_TOKEN="a-token-of-the-test") as running:
        yield running
        running.stop()


def send(url: str, body: object, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str]]:
    answer = patient.post(url, json=body, headers=TOKEN if headers is None else headers)
    said = answer.json()
    said.pop("delivery", None)  # its number
    return answer.status_code, said


def test_alerts_open_incidents_join_them_or_are_known(serving: Serving, nexus: Terminal) -> None:
    url = serving.url
    opened = send(url, alert("checkout"))
    first = opened[1]["incident"]
    assert opened == (202, {"taken": "opened", "incident": first})
    assert send(url, alert("checkout")) == (200, {"taken": "known", "incident": first})
    assert send(url, alert("web", fingerprint="f2")) == (202, {"taken": "joined", "incident": first})
    assert send(url, alert("mail", "resolved", "f3")) == (200, {"taken": "ignored"})
    other = send(url, alert("mail", fingerprint="f3"))
    assert other[1]["incident"] != first

    # Each incident goes on with what it has, and says what is missing.
    told = serving.until("cause unknown")
    assert any("no metrics: nexus.yaml names no metrics backend" in line for line in told)
    stopped = nexus("stop", "--all", "--by", "ana", "--reason", "a drill")
    assert stopped.out.count("what was pending is revoked") == 2
    for _ in range(2):
        serving.until("stopped by ana: a drill")


def test_an_alert_without_a_start_is_worked_on_and_so_is_what_joins_it(serving: Serving) -> None:
    unset = alert("mail")
    unset["alerts"][0] |= {
        "startsAt": "0001-01-01T00:00:00Z",
        "labels": {"service": "mail", "severity": "ok"},
    }
    first = send(serving.url, unset)[1]["incident"]
    told = "\n".join(serving.until("cause unknown"))
    assert "alerts[0].startsAt is not set (0001-01-01T00:00:00Z); it counts from its receipt" in told
    assert "the severity 'ok' is not known to the runbook's `alert_severities`" in told
    assert send(serving.url, unset) == (200, {"taken": "known", "incident": first})

    real = alert("mail", fingerprint="f2")
    real["alerts"][0]["labels"]["severity"] = "critical"
    assert send(serving.url, real) == (202, {"taken": "joined", "incident": first})
    assert "P1" in serving.until("an alert that came later says so")[-1]
    assert send(serving.url, alert("mail", "resolved"))[0] == 202
    serving.until("is resolved")


def test_an_end_that_overtakes_its_beginning_leaves_nothing_open(serving: Serving) -> None:
    over = alert("mail", "resolved")
    over["alerts"][0]["endsAt"] = "2026-11-23T10:04:00Z"
    assert send(serving.url, over) == (200, {"taken": "ignored"})
    assert send(serving.url, alert("mail")) == (200, {"taken": "ignored"})
    again = alert("mail")
    again["alerts"][0]["startsAt"] = "2026-11-23T10:05:00Z"
    assert send(serving.url, again)[1]["taken"] == "opened", "it fires anew"


def test_who_may_not_and_what_cannot_be_read(serving: Serving) -> None:
    url = serving.url
    assert send(url, alert("checkout"), headers={})[0] == 401
    assert send(url, alert("checkout"), headers={"Authorization": "Bearer wrong"})[0] == 401
    status, said = send(url, {"hello": "there"})
    assert (status, "no known form" in said["error"]) == (400, True)
    assert send(f"{url}/nobody", alert("checkout"))[0] == 400
    large = patient.post(url, content=b" " * 1_100_000, headers=TOKEN)
    assert large.status_code == 413
    health = patient.get(url.replace("/alerts", "/healthz"))
    assert health.json() == {
        "status": "ok", "open_incidents": 0, "broken_off": [], "dead_letters": [],
        "failing_jobs": [], "destinations": {}, "turned_away": 2, "sent_away": 0, "oldest_due_seconds": 0.0,
        "waiting": {"alerts": 0, "oldest_seconds": 0},
    }  # fmt: skip


def test_listening_beyond_this_machine_needs_a_token(nexus: Terminal, tmp_path: Path) -> None:
    site = tmp_path / "nexus.yaml"
    site.write_text("services: [{name: web}]\n")
    refused = nexus("serve", "--config", site, "--host", "192.0.2.1", "--port", "0")
    assert refused.code == 2
    assert "intake.token" in refused.err


def test_what_is_given_to_a_live_run_is_checked(nexus: Terminal, tmp_path: Path) -> None:
    missing = nexus("run", tmp_path / "alert.json", "--config", tmp_path / "nexus.yaml")
    assert (missing.code, "is no file" in missing.err) == (2, True)
    body = tmp_path / "alert.json"
    body.write_text(json.dumps(alert("web", "resolved")))
    unread = nexus("run", body, "--config", tmp_path / "nexus.yaml")
    assert (unread.code, "nexus init" in unread.err) == (2, True)
    (tmp_path / "nexus.yaml").write_text("services: [{name: web}]\n")
    over = nexus("run", body, "--config", tmp_path / "nexus.yaml")
    assert (over.code, "only the end" in over.err) == (2, True)
    assert nexus("run").code == 2


def test_a_first_start_leads_to_the_first_login(nexus: Terminal, tmp_path: Path) -> None:
    (tmp_path / "nexus.yaml").write_text("services: [{name: web}]\npeople: [{name: dana}]\n")
    good = {"name": "dana", "password": "correct horse battery", "again": "correct horse battery"}
    with served(tmp_path, nexus.home, "--engine", "playbook", "--no-worker") as running:
        said = running.until("/setup/")[-1]
        with httpx2.Client(
            headers={"Origin": running.root}, timeout=PATIENCE, follow_redirects=True
        ) as browser:
            entered = browser.post(said.split()[-1], data=good)
            assert (entered.status_code, "Log out" in entered.text) == (200, True)
        running.stop()
    with served(tmp_path, nexus.home, "--engine", "playbook", "--no-worker") as running:
        with httpx2.Client(headers={"Origin": running.root}, timeout=PATIENCE) as browser:
            login = {"name": "dana", "secret": "correct horse battery"}
            assert browser.post(f"{running.root}/login", data=login).status_code == 303
        running.stop()
