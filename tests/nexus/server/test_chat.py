"""Slack's doors, by requests that are signed as Slack signs them, against an application in this process."""

import asyncio
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from incidents.action import ActionKind
from incidents.actor import Via
from nexus.server.chat.signature import is_signed
from tests.nexus import sample
from tests.nexus.notify.conformance.provider import Asked, Provider, Reply, provider
from tests.nexus.sample import DIGEST, ID
from tests.nexus.server.rooms import LATE, Room, csrf_of, room

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
CHANGE = f"{ID} A1 {DIGEST}"
YAML = """
server: {{public_url: 'http://testserver'}}
notify:
  destinations:
    - {{name: ops, kind: slack, token: 'env:BOT', channel: C0CHANNEL, signing_secret: 'env:SIGNING',
       url: '{url}'}}
"""


class Slack:
    """The other side: it signs what it sends, and keeps what it is told."""

    def __init__(self, made: Room, server: Provider) -> None:
        self.room = made
        self.server = server

    def send(self, path: str, fields: dict[str, str], **forged: Any) -> httpx2.Response:
        return self.post(path, urlencode(fields).encode(), **forged)

    def post(self, path: str, body: bytes, **forged: Any) -> httpx2.Response:
        moment = forged.get("moment", str(int(time.time())))
        signature = forged.get("signature", signed(moment, forged.get("over", body)))
        headers = {"content-type": "application/x-www-form-urlencoded"}
        headers |= {"x-slack-request-timestamp": moment, "x-slack-signature": signature}
        headers |= forged.get("headers", {})
        return self.room.client.post(f"/chat/slack/{path}", content=body, headers=headers)

    def press(self, button: str, value: str, user: str = "U1", **forged: Any) -> httpx2.Response:
        payload = {
            "type": "block_actions", "team": {"id": "T1"}, "user": {"id": user}, "trigger_id": "13.1",
            "channel": {"id": "C0CHANNEL"}, "message": {"ts": "17.1"},
            "actions": [{"action_id": button, "value": value}],
        }  # fmt: skip
        return self.send("interactions", {"payload": json.dumps(payload)}, **forged)

    def sign(self, value: str, user: str = "U1", callback: str = "nexus_sign") -> str:
        payload = {
            "type": "view_submission", "team": {"id": "T1"}, "user": {"id": user},
            "view": {"callback_id": callback, "private_metadata": value},
        }  # fmt: skip
        answer = self.send("interactions", {"payload": json.dumps(payload)})
        assert answer.status_code == 200, answer.text
        return texts(answer.json()["view"])

    def command(self, text: str, user: str = "U1") -> str:
        answer = self.send("commands", {"team_id": "T1", "user_id": user, "command": "/nexus", "text": text})
        assert answer.status_code == 200, answer.text
        assert answer.json()["response_type"] == "ephemeral"
        return texts(answer.json())

    def link(self, name: str, user: str = "U1") -> None:
        code = self.command("link", user).rpartition(" ")[2]
        browser = self.room.browser(name)
        page = browser.get("/you").text
        sent = {"csrf": csrf_of(page), "code": code}
        answer = browser.post("/you/chat", data=sent, follow_redirects=False)
        assert answer.status_code == 303, answer.text

    def told(self, method: str) -> list[dict[str, Any]]:
        return [one.json for one in self.server.asked if one.path == f"/{method}"]

    @property
    def last(self) -> str:
        """What was said last, to one person alone."""
        return texts(self.told("chat.postEphemeral")[-1])


def signed(moment: str, body: bytes, secret: str = SECRET) -> str:
    made = hmac.new(secret.encode(), b"v0:" + moment.encode() + b":" + body, hashlib.sha256)
    return f"v0={made.hexdigest()}"


def texts(said: dict[str, Any]) -> str:
    return "\n".join(block["text"]["text"] for block in said["blocks"])


@contextmanager
def elsewhere() -> Iterator[Provider]:
    """A provider on a loop of its own: the room's client has none that goes on."""
    loop = asyncio.new_event_loop()
    ready, done, made = threading.Event(), asyncio.Event(), list[Provider]()

    async def serve() -> None:
        async with provider(_slack) as server:
            made.append(server)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def _slack(asked: Asked) -> Reply:
    return Reply(body={"ok": True})


@contextmanager
def chat(folder: Path, more: str = "", signatures: int = 1, model: str = "") -> Iterator[Slack]:
    with elsewhere() as server:
        secrets = {"BOT": "xoxb-1111-test", "SIGNING": SECRET}
        yaml = YAML.format(url=server.url) + more
        with room(folder, more=yaml, signatures=signatures, environment=secrets, model=model) as made:
            yield Slack(made, server)


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[Slack]:
    with chat(tmp_path) as made:
        yield made


def test_what_is_not_signed_is_turned_away(slack: Slack) -> None:
    now = int(time.time())
    old, ahead = str(now - 301), str(now + 302)
    forged: list[dict[str, Any]] = [
        {"signature": ""}, {"signature": "v0="}, {"signature": "v1=" + "0" * 64},
        {"signature": "v0=" + "0" * 64}, {"signature": signed(str(now), b"payload=other")},
        {"over": b"other"}, {"moment": old}, {"moment": ahead},
        {"moment": ""}, {"moment": "soon"}, {"moment": "-1"}, {"moment": "1e9"}, {"moment": "9" * 400},
        {"signature": signed(str(now), b"", "another secret")},
    ]  # fmt: skip
    for one in forged:
        answer = slack.press("nexus_acknowledge", ID, **one)
        assert answer.status_code == 401, one
    assert slack.room.inbox() == []
    assert slack.server.asked == []


def test_signatures_are_read_as_the_library_makes_them() -> None:
    library = pytest.importorskip("slack_sdk.signature")
    verifier, now = library.SignatureVerifier(SECRET), sample.at(1)
    body, moment = "payload=ä%20&x=1", str(int(now.timestamp()))
    shown = verifier.generate_signature(timestamp=moment, body=body)
    headers = {"x-slack-request-timestamp": moment, "x-slack-signature": shown}
    assert is_signed(SECRET, headers, body.encode(), now)
    assert not is_signed(SECRET, headers, body.encode() + b" ", now)
    assert not is_signed(SECRET, headers | {"x-slack-signature": "v0=\udcff"}, body.encode(), now)
    assert not is_signed(SECRET, headers | {"x-slack-request-timestamp": "٣"}, body.encode(), now)


def test_nothing_is_there_while_no_chat_is_connected(tmp_path: Path) -> None:
    with room(tmp_path) as made:
        assert made.client.post("/chat/slack/interactions", content=b"").status_code == 404
        assert "Slack" not in made.browser("dana").get("/you").text


@pytest.mark.parametrize(
    "body", [{}, {"payload": ""}, {"payload": "[]"}, {"payload": "{"}, {"payload": "{}"}]
)
def test_what_is_signed_and_makes_no_sense_is_a_bad_request(slack: Slack, body: dict[str, str]) -> None:
    assert slack.send("interactions", body).status_code == 400
    assert slack.send("commands", body).status_code == 400


def test_whoever_is_not_linked_does_nothing_and_is_shown_a_code_alone(slack: Slack) -> None:
    assert slack.press("nexus_acknowledge", ID).status_code == 200
    assert slack.room.inbox() == []
    (told,) = slack.told("chat.postEphemeral")
    assert (told["channel"], told["user"], told["thread_ts"]) == ("C0CHANNEL", "U1", "17.1")
    assert re.search(r"T1-U1-\d+-[0-9a-f]{32}", texts(told))
    assert "http" not in texts(told)  # nothing to press that links anybody
    assert "Nobody knows here" in slack.sign(CHANGE)
    assert "Nobody knows here" in slack.command(f"ask {ID} what failed?")


def test_a_code_links_whoever_is_logged_in_and_is_nobodys_bearer_token(slack: Slack) -> None:
    slack.link("responder")
    slack.press("nexus_acknowledge", ID)
    assert slack.room.inbox() == ["acknowledge by responder"]
    assert slack.room.rung == [ID]
    assert "responder has" in slack.last
    for shown in ("nxs_chat", "chat\x1fslack\x1fT1\x1fU1", "nxs_T1"):
        headers = {"Authorization": f"Bearer {shown}"}
        assert slack.room.client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_code_of_another_app_another_account_or_of_yesterday_links_nobody(slack: Slack) -> None:
    code = slack.command("link").rpartition(" ")[2]
    team, user, ends, seal = code.split("-")
    browser = slack.room.browser("dana")
    token = csrf_of(browser.get("/you").text)
    for bad in (
        "", "hello", code[:-1], f"{team}-U2-{ends}-{seal}", f"{team}-{user}-{int(ends) + 60}-{seal}",
        f"{team}-{user}-{ends}-{'0' * 32}", f"{team}-{user}-999999999999-{seal}",
    ):  # fmt: skip
        answer = browser.post("/you/chat", data={"csrf": token, "code": bad}, follow_redirects=False)
        assert answer.status_code in {400, 409}, bad
    slack.press("nexus_acknowledge", ID)
    assert slack.room.inbox() == []


def test_a_link_ends_where_it_is_revoked_and_a_second_person_takes_it_over(slack: Slack) -> None:
    slack.link("responder")
    slack.link("commander")
    slack.press("nexus_acknowledge", ID)
    assert slack.room.inbox() == ["acknowledge by commander"]
    store = slack.room.home.store
    (token,) = asyncio.run(store.tokens("commander"))
    assert asyncio.run(store.tokens("responder")) == ()
    browser = slack.room.browser("commander")
    page = browser.get("/you").text
    assert "Slack T1 U1" in page
    browser.post(f"/you/tokens/{token.id}/revoke", data={"csrf": csrf_of(page)})
    assert "Nobody knows here" in slack.sign(CHANGE)


def test_approve_shows_exactly_what_would_be_signed_and_signs_that(slack: Slack) -> None:
    slack.link("approver")
    assert slack.press("nexus_approve", CHANGE).status_code == 200
    assert slack.room.inbox() == []  # to look at it signs nothing
    (opened,) = slack.told("views.open")
    shown = texts(opened["view"])
    for said in (
        DIGEST,
        "Target: checkout",
        "2026.11.2",
        "2026.11.1",
        "Undo: ",
        "instances: 2",
        "deployed: 2026-11-23",
    ):
        assert said in shown
    assert opened["view"]["private_metadata"] == CHANGE
    library = pytest.importorskip("slack_sdk.models.views")
    library.View(**opened["view"]).validate_json()
    assert "approver has signed A1" in slack.sign(opened["view"]["private_metadata"])
    (signature,) = asyncio.run(slack.room.home.store.approvals(ID))
    assert (signature.by, signature.digest, signature.via) == ("approver", DIGEST, Via.CHAT)
    assert slack.room.rung == [ID]
    slack.sign(CHANGE)  # sent again it changes nothing
    assert len(asyncio.run(slack.room.home.store.approvals(ID))) == 1
    slack.press("nexus_approve", CHANGE)
    assert len(slack.told("views.open")) == 1


def test_reject_acts_at_once(slack: Slack) -> None:
    slack.link("approver")
    slack.press("nexus_reject", CHANGE)
    assert slack.room.inbox() == ["decision by ?"]
    assert "approver has rejected A1" in slack.last


@pytest.mark.parametrize("button", ["nexus_approve", "nexus_reject"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"{ID} A1 {'0' * 64}", "."), (f"{ID} A9 {DIGEST}", "A9"), (f"INC-1 A1 {DIGEST}", "INC-1"),
        (f"{ID} A1", "none of Nexus'"), ("", "none of Nexus'"), (f"{ID} A1 {DIGEST[:8]}", "none of Nexus'"),
    ],
)  # fmt: skip
def test_another_change_than_was_shown_is_not_decided(
    slack: Slack, button: str, value: str, said: str
) -> None:
    slack.link("approver")
    assert slack.press(button, value).status_code == 200
    assert "Nothing was done" in slack.last
    assert said in slack.last
    slack.sign(value)
    assert slack.room.inbox() == []
    assert slack.told("views.open") == []


@pytest.mark.parametrize("who", ["viewer", "responder"])
def test_who_may_not_decide_may_not_here_either(slack: Slack, who: str) -> None:
    slack.link(who)
    slack.press("nexus_approve", CHANGE)
    slack.press("nexus_reject", CHANGE)
    assert "Nothing was done" in slack.sign(CHANGE)
    assert slack.room.inbox() == []


@pytest.mark.parametrize(
    ("more", "signatures", "kind", "said"),
    [
        ("approval: {chat: false}\n", 1, None, "approval.chat"),
        ("", 2, None, "2 people"),
        ("", 1, ActionKind.HOTFIX, "hotfix"),
        ("", 1, ActionKind.FAILOVER, "failover"),
    ],
)
def test_what_is_decided_on_its_page_alone_is_not_decided_here(
    tmp_path: Path, more: str, signatures: int, kind: ActionKind | None, said: str
) -> None:
    with chat(tmp_path, more, signatures) as slack:
        if kind is not None:
            _proposed_as(slack, kind)
        slack.link("approver")
        slack.press("nexus_approve", CHANGE)
        assert said in slack.last
        slack.press("nexus_reject", CHANGE)
        assert said in slack.last
        assert said in slack.sign(CHANGE)
        assert slack.told("views.open") == []
        assert slack.room.inbox() == []


def _proposed_as(slack: Slack, kind: ActionKind) -> None:
    """The same proposal, of another kind."""
    one = sample.proposal(approvers_needed=1, expires_at=LATE)
    action = one.action.model_copy(update={"kind": kind})
    plan = one.plan.model_copy(update={"action": action})
    incident = sample.waiting().evolve(proposals=(one.model_copy(update={"plan": plan}),))
    store = slack.room.home.store

    async def keep() -> None:
        now = store.now()
        number = await store.lease(ID, "test", now.replace(year=now.year + 1), now)
        assert number is not None
        await store.save(incident, sample.at(12), number)

    asyncio.run(keep())


def test_ask_answers_one_alone_from_the_timeline_without_evidence(slack: Slack) -> None:
    slack.link("viewer")
    said = slack.command(f"ask {ID} why did checkout fail after the release?")
    assert "checkout" in said
    assert not re.search(r"E-[0-9a-f]{8}", said)
    assert "Nothing was done" in slack.command(f"ask {ID}")
    assert "Nothing was done" in slack.command("ask INC-1 what failed?")
    assert "/nexus link" in slack.command("")


def test_nobody_hears_here_of_an_incident_that_they_do_not_see(slack: Slack) -> None:
    slack.link("approver")
    answer = slack.room.post(f"/incidents/{ID}/restrict", {"why": "breach", "people": []}, by="commander")
    assert answer.status_code == 200, answer.text
    before = slack.room.inbox()
    slack.press("nexus_acknowledge", ID)
    slack.press("nexus_approve", CHANGE)
    assert "Nothing was done" in slack.sign(CHANGE)
    assert "checkout" not in slack.command(f"ask {ID} why did checkout fail?")
    assert slack.told("views.open") == []
    assert slack.room.inbox() == before
