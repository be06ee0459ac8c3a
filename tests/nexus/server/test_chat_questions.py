"""Questions in the thread of an incident: a mention is answered to whoever asked, alone and once."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from incidents.actor import Via
from nexus.server.chat.app import _is_slack
from nexus.server.chat.payloads import words_of
from nexus.store.audit import Deed, DeedKind
from nexus.store.leases import this_process
from nexus.store.outbox import DeliveryState, NewDelivery, Routed, Sender, Settled
from nexus.store.records import Message, MessageKind
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked, Reply
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.nexus.server.rooms import Room
from tests.nexus.server.test_chat import Slack, chat, texts

THREAD = "1700.01"
QUESTION = "<@U0NEXUS> why did checkout fail?"


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[Slack]:
    with chat(tmp_path) as made:
        threaded(made.room)
        yield made


def threaded(made: Room) -> None:
    """The incident's thread, as the delivery loop leaves it."""

    async def keep() -> None:
        store = made.home.store
        message = Message(incident=ID, kind=MessageKind.PAGE, key="k", at=at(0), title="t", text="look")
        await store.send(message)
        number = next(one.number for one in await store.unrouted("default", 9) if one.message.key == "k")
        delivery = NewDelivery(message=number, destination="ops", urgency=1, next_at=at(0))
        await store.route("default", (Routed(message=number, deliveries=(delivery,)),))
        sender = Sender(owner="a", process=this_process(), until=at(90))
        (taken,) = await store.take("default", "ops", sender, at(1), 9, 9)
        reference = f"C0CHANNEL:{THREAD}"
        done = Settled(delivery=taken.number, owner="a", state=DeliveryState.ACCEPTED, reference=reference)
        await store.settle((done,))
        await store.put(sample.evidence(), b"{}")

    asyncio.run(keep())


def mention(slack: Slack, text: str = QUESTION, event: str = "Ev1", **more: Any) -> int:
    """Send one; a retry has headers that say so."""
    happened = {
        "type": "app_mention", "user": "U1", "text": text, "ts": "1700.09", "channel": "C0CHANNEL",
        "thread_ts": THREAD,
    }  # fmt: skip
    body = {
        "type": "event_callback", "team_id": "T1", "event_id": event, "event_time": 1,
        "event": happened | more.pop("event_of", {}),
    }  # fmt: skip
    return slack.post("events", json.dumps(body).encode(), **more).status_code


def questions(slack: Slack) -> list[Deed]:
    rows = asyncio.run(slack.room.home.store.audit())
    return [row.deed for row in rows if row.deed.kind is DeedKind.TOOL_CALL]


def test_a_mention_in_its_thread_is_answered_to_one_alone_from_the_timeline(slack: Slack) -> None:
    slack.link("viewer")
    assert mention(slack) == 200
    (told,) = slack.told("chat.postEphemeral")
    assert (told["channel"], told["user"], told["thread_ts"]) == ("C0CHANNEL", "U1", THREAD)
    assert "No model is configured" in texts(told)
    assert "checkout" in texts(told)
    assert not re.search(r"E-[0-9a-f]{8}", texts(told))
    assert not [one for one in slack.server.asked if one.path == "/chat.postMessage"]
    (deed,) = questions(slack)
    assert (deed.person, deed.incident, deed.via, deed.about) == ("viewer", ID, Via.CHAT, "ask_about")


def test_a_mention_that_slack_tells_again_is_answered_once(slack: Slack) -> None:
    slack.link("viewer")
    for retry in range(4):
        headers = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"} if retry else {}
        assert mention(slack, headers=headers) == 200
    assert len(slack.told("chat.postEphemeral")) == len(questions(slack)) == 1
    mention(slack, event="Ev2")
    assert len(slack.told("chat.postEphemeral")) == len(questions(slack)) == 2


def test_whoever_is_not_linked_hears_how_and_nothing_else(slack: Slack) -> None:
    assert mention(slack) == 200
    assert "Nobody knows here who you are" in slack.last
    assert "fail" not in slack.last
    assert questions(slack) == []


def test_an_incident_that_somebody_does_not_see_is_none_in_its_thread_either(slack: Slack) -> None:
    slack.link("viewer")
    answer = slack.room.post(f"/incidents/{ID}/restrict", {"why": "breach", "people": []}, by="commander")
    assert answer.status_code == 200
    mention(slack)
    assert "Nothing was done" in slack.last
    assert "checkout" not in slack.last


@pytest.mark.parametrize(
    ("text", "thread", "said"),
    [
        (f"<@U0NEXUS> {ID}: why did checkout fail?", "1.1", "checkout"),
        (f"<@U0NEXUS|nexus> {ID} why did checkout fail?", "", "checkout"),
        ("<@U0NEXUS> why did checkout fail?", "1.1", "in the thread of an incident"),
        ("<@U0NEXUS>", THREAD, "with one"),
        (f"<@U0NEXUS> {ID}", THREAD, "with one"),
        ("<@U0NEXUS> INC-2020-01-01-001 what?", THREAD, "INC-2020-01-01-001"),
        ("<@U0NEXUS> what of the zebra?", THREAD, "Nothing"),
    ],
)
def test_a_question_is_of_the_thread_or_of_the_id_that_it_begins_with(
    slack: Slack, text: str, thread: str, said: str
) -> None:
    slack.link("viewer")
    assert mention(slack, text, event_of={"thread_ts": thread}) == 200
    assert said in slack.last


@pytest.mark.parametrize(
    "other",
    [
        {"bot_id": "B1"}, {"user": ""}, {"type": "message"}, {"subtype": "bot_message"},
        {"type": "app_home_opened"},
    ],
)  # fmt: skip
def test_what_no_person_asked_is_heard_and_not_answered(slack: Slack, other: dict[str, str]) -> None:
    slack.link("viewer")
    assert mention(slack, event_of=other) == 200
    assert slack.told("chat.postEphemeral") == []


def test_who_asks_too_often_is_told_to_wait(slack: Slack) -> None:
    slack.link("viewer")
    for number in range(11):
        mention(slack, event=f"Ev{number}")
    assert "ask again in" in slack.last
    assert len(questions(slack)) == 10


def test_the_door_of_events_takes_what_is_signed_alone_and_says_what_slack_wants(slack: Slack) -> None:
    asked = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"}).encode()
    assert slack.post("events", asked).json() == {"challenge": "3eZbrw1aB"}
    assert slack.post("events", asked, signature="v0=" + "0" * 64).status_code == 401
    for broken in (b"", b"[]", b"{", b'{"type": 3}'):
        assert slack.post("events", broken).status_code == 400
    nobody = json.dumps({"type": "event_callback", "event": {"type": "app_mention", "user": "u"}}).encode()
    assert slack.post("events", nobody).status_code == 400
    limits = json.dumps({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}).encode()
    assert slack.post("events", limits).status_code == 200


def answers(asked: Asked) -> Reply:
    return Reply(text="checkout failed after the release 2026.11.2 [T1]\nunknown: who released it")


def test_a_model_answers_later_where_one_is_configured(tmp_path: Path) -> None:
    with FakeOpenAI(answers) as model, chat(tmp_path, model=model.base_url) as slack:
        threaded(slack.room)
        slack.link("viewer")
        mention(slack)
        assert "unknown: who released it" in slack.last
        assert "No model" not in slack.last
        assert len(model.requests) == 1
        said = {"team_id": "T1", "user_id": "U1", "command": "/nexus", "text": f"ask {ID} why?"}
        said |= {"trigger_id": "13.2", "response_url": f"{slack.server.url}/commands/T1/2/x"}
        for _ in range(2):
            answer = slack.send("commands", said)
            assert answer.status_code == 200
        (later,) = slack.told("commands/T1/2/x")
        assert later["response_type"] == "ephemeral"
        assert "unknown: who released it" in texts(later)
        assert len(model.requests) == 2


def test_a_model_that_fails_leaves_the_timeline_and_no_evidence(tmp_path: Path) -> None:
    with chat(tmp_path, model="http://127.0.0.1:9/v1") as slack:
        threaded(slack.room)
        slack.link("viewer")
        mention(slack)
        assert "The model did not answer" in slack.last
        shown = {line for line in sample.evidence().summary.splitlines() if len(line) > 8}
        assert not [line for line in shown if line.strip("- ") in slack.last]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<@U1> why?", "why?"), ("<@U1|dana>  why\n now?", "why now?"), ("why <@U1>?", "why ?"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"), ("<#C1|ops> and <#C2>", "ops and #C2"),
        ("<https://x.example/a?b=1|the graph> <https://y.example>", "the graph https://y.example"),
        ("<!here> look", "!here look"), ("", ""), ("1 < 2 > 0", "1 < 2 > 0"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
    ],
)  # fmt: skip
def test_what_somebody_wrote_is_read_without_slacks_marks(text: str, said: str) -> None:
    assert words_of(text) == said


@pytest.mark.parametrize(
    ("address", "is_slack"),
    [
        ("https://hooks.slack.com/commands/T/1/x", True), ("https://hooks.slack-gov.com/a", True),
        ("http://hooks.slack.com/x", False), ("https://hooks.slack.com.example/x", False),
        ("https://hooks.slack.com@evil.example/x", False), ("https://hooks.slack.com:8443/x", False),
        ("https://slack.com/api/x", True), ("", False), ("//hooks.slack.com", False), ("https://[", False),
    ],
)  # fmt: skip
def test_a_later_answer_goes_to_slack_alone(address: str, is_slack: bool) -> None:
    assert _is_slack(address, "https://slack.com/api") == is_slack
