"""What other senders post: alerts, fields of HTML forms, events of a drop-in, and what is no alert."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests import patient
from tests.nexus.command_line import Terminal
from tests.nexus.served import Serving, served
from tests.nexus.server.test_serve import SITE, TOKEN, alert


@pytest.fixture
def serving(nexus: Terminal, tmp_path: Path) -> Iterator[Serving]:
    """A live Nexus without any backend."""
    (tmp_path / "nexus.yaml").write_text(SITE)
    with served(tmp_path, nexus.home, SHOP_TOKEN="a-token-of-the-test") as running:
        yield running
        running.stop()


def test_what_is_no_alert_is_taken_and_said_and_opens_nothing(serving: Serving) -> None:
    acknowledged = {"action": "Acknowledge", "alert": {"message": "mails wait", "alias": "mail-wait"}}
    answer = patient.post(serving.url, json=acknowledged, headers=TOKEN)
    assert (answer.status_code, answer.json()["taken"]) == (200, "ignored")
    assert answer.json()["notes"] == ["acknowledged: mails wait: Acknowledge"]
    deployed = {"app": "mail", "phase": "Succeeded", "revision": "abc1234"}
    answer = patient.post(f"{serving.url}/argocd", json=deployed, headers=TOKEN)
    assert answer.json()["notes"] == ["a change of mail: mail: Succeeded"]
    assert patient.get(f"{serving.root}/healthz").json()["open_incidents"] == 0


def test_the_fields_of_an_html_form_are_an_alert(serving: Serving) -> None:
    fields = {"Name": "mail", "Status": "Down", "StatusCode": "503", "URL": "https://mail.example.org/"}
    answer = patient.post(serving.url, data=fields, headers=TOKEN)
    assert (answer.status_code, answer.json()["taken"]) == (202, "opened")


def test_an_event_for_pagerduty_is_answered_as_pagerduty_does(serving: Serving) -> None:
    url = f"{serving.root}/v2/enqueue"
    payload = {"summary": "mails wait", "source": "mx1", "severity": "error", "component": "mail"}
    event = {"routing_key": "0" * 32, "event_action": "trigger", "payload": payload}
    answer = patient.post(url, json=event | {"dedup_key": "mail/1"}, headers=TOKEN)
    assert (answer.status_code, answer.json()["dedup_key"]) == (202, "mail/1")
    made = patient.post(url, json=event, headers=TOKEN).json()["dedup_key"]
    assert made == patient.post(url, json=event, headers=TOKEN).json()["dedup_key"]
    refused = patient.post(url, json={"routing_key": "0" * 32, "dedup_key": "x"}, headers=TOKEN)
    assert (refused.status_code, refused.json()["status"]) == (400, "invalid event")
    assert "event_action: is missing" in refused.json()["errors"][0]


SENDERS = """
services: [{name: web}, {name: mail}]
intake:
  senders:
    github: {shows: {by: signature, like: github, secrets: ["env:NEW", "env:OLD"]}}
    alertmanager: {shows: {by: basic, user: prom, secrets: ["env:NEW"]}}
    pagerduty-events: {shows: {by: field, path: routing_key, secrets: ["env:OLD"]}}
    probe:
      shows: {by: bearer, secrets: ["env:NEW"]}
      reads: {title: what, state: how, states: {broken: firing, mended: resolved}, service: who.name, key: nr}
"""


@pytest.fixture
def proving(nexus: Terminal, tmp_path: Path) -> Iterator[Serving]:
    """A live Nexus whose senders show who they are, each in its way."""
    (tmp_path / "nexus.yaml").write_text(SENDERS)
    with served(tmp_path, nexus.home, NEW="a-new-secret", OLD="an-old-secret") as running:
        yield running
        running.stop()


def test_each_sender_shows_who_it_is_in_its_own_way(proving: Serving) -> None:
    def post(path: str, body: object, headers: dict[str, str] | None = None) -> httpx2.Response:
        content = json.dumps(body).encode()
        return patient.post(f"{proving.root}{path}", content=content, headers=headers or {})

    pinged = {"zen": "x", "hook_id": 1, "repository": {"name": "web"}, "hook": {}}
    signed = hmac.new(b"an-old-secret", json.dumps(pinged).encode(), hashlib.sha256).hexdigest()
    right = {"X-Hub-Signature-256": f"sha256={signed}"}
    assert post("/alerts/github", pinged, right).json()["notes"] == ["test: GitHub's ping of this webhook"]
    assert post("/alerts", pinged, right).status_code == 200
    wrong = post("/alerts/github", pinged | {"zen": "y"}, right)
    assert (wrong.status_code, "another body" in wrong.json()["error"]) == (401, True)
    prom = {"Authorization": "Basic " + base64.b64encode(b"prom:a-new-secret").decode()}
    assert post("/alerts/alertmanager", alert("mail"), prom).status_code == 202
    assert post("/alerts/github", pinged, prom).status_code == 401
    event = {"event_action": "acknowledge", "dedup_key": "x", "payload": {"summary": "s"}}
    assert post("/v2/enqueue", event | {"routing_key": "an-old-secret"}).json()["dedup_key"] == "x"
    assert post("/v2/enqueue", event | {"routing_key": "another"}).status_code == 401
    for nobody in ("/alerts", "/alerts/nexus", "/alerts/zabbix"):
        assert post(nobody, {"title": "x", "service": "web"}).status_code == 401


def test_a_form_of_ones_own_is_read_by_its_mapping(proving: Serving) -> None:
    shown = {"Authorization": "Bearer a-new-secret"}
    broken = {"what": "mails wait", "how": "broken", "who": {"name": "mail"}, "nr": "p-7"}
    url = f"{proving.url}/probe"
    opened = patient.post(url, json=broken, headers=shown)
    assert (opened.status_code, opened.json()["taken"]) == (202, "opened")
    ended = patient.post(url, json=broken | {"how": "mended"}, headers=shown)
    second = opened.json()["delivery"] + 1
    assert ended.json() == {"taken": "joined", "incident": opened.json()["incident"], "delivery": second}
    lacking = patient.post(url, json={"how": "broken"}, headers=shown)
    assert (lacking.status_code, "what: is missing" in lacking.json()["error"]) == (400, True)
