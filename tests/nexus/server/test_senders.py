"""What other senders post: alerts, fields of HTML forms, events of a drop-in, and what is no alert."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.nexus.command_line import Terminal
from tests.nexus.served import Serving, served
from tests.nexus.server.test_serve import SITE, TOKEN


@pytest.fixture
def serving(nexus: Terminal, tmp_path: Path) -> Iterator[Serving]:
    """A live Nexus without any backend."""
    (tmp_path / "nexus.yaml").write_text(SITE)
    with served(tmp_path, nexus.home, SHOP_TOKEN="a-token-of-the-test") as running:
        yield running
        running.stop()


def test_what_is_no_alert_is_taken_and_said_and_opens_nothing(serving: Serving) -> None:
    acknowledged = {"action": "Acknowledge", "alert": {"message": "mails wait", "alias": "mail-wait"}}
    answer = httpx2.post(serving.url, json=acknowledged, headers=TOKEN, timeout=60)
    assert (answer.status_code, answer.json()["taken"]) == (200, "ignored")
    assert answer.json()["notes"] == ["acknowledged: mails wait: Acknowledge"]
    deployed = {"app": "mail", "phase": "Succeeded", "revision": "abc1234"}
    answer = httpx2.post(f"{serving.url}/argocd", json=deployed, headers=TOKEN, timeout=60)
    assert answer.json()["notes"] == ["a change of mail: mail: Succeeded"]
    assert httpx2.get(f"{serving.root}/healthz", timeout=60).json()["open_incidents"] == 0


def test_the_fields_of_an_html_form_are_an_alert(serving: Serving) -> None:
    fields = {"Name": "mail", "Status": "Down", "StatusCode": "503", "URL": "https://mail.example.org/"}
    answer = httpx2.post(serving.url, data=fields, headers=TOKEN, timeout=60)
    assert (answer.status_code, answer.json()["taken"]) == (202, "opened")


def test_an_event_for_pagerduty_is_answered_as_pagerduty_does(serving: Serving) -> None:
    url = f"{serving.root}/v2/enqueue"
    payload = {"summary": "mails wait", "source": "mx1", "severity": "error", "component": "mail"}
    event = {"routing_key": "0" * 32, "event_action": "trigger", "payload": payload}
    answer = httpx2.post(url, json=event | {"dedup_key": "mail/1"}, headers=TOKEN, timeout=60)
    assert (answer.status_code, answer.json()["dedup_key"]) == (202, "mail/1")
    made = httpx2.post(url, json=event, headers=TOKEN, timeout=60).json()["dedup_key"]
    assert made == httpx2.post(url, json=event, headers=TOKEN, timeout=60).json()["dedup_key"]
    refused = httpx2.post(url, json={"routing_key": "0" * 32, "dedup_key": "x"}, headers=TOKEN, timeout=60)
    assert (refused.status_code, refused.json()["status"]) == (400, "invalid event")
    assert "event_action: is missing" in refused.json()["errors"][0]
