"""What pages and the API show of what was told outside: each way, each try, what is disabled."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.store.leases import this_process
from nexus.store.outbox import (
    DeliveryState,
    Disabled,
    KeptAttempt,
    NewDelivery,
    Routed,
    Sender,
    Settled,
)
from nexus.store.records import Message, MessageKind
from tests.nexus.sample import ID, at
from tests.nexus.server.pages.test_incident import page, text_of
from tests.nexus.server.rooms import Room, room

NOTIFY = """notify:
  destinations:
    - {name: chat, kind: file, path: told.jsonl}
    - {name: pager, kind: webhook, url: "https://pager.example/", secret: "env:PAGER"}
"""
NASTY = "it answered 500: <b>oops</b>"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path, more=NOTIFY) as one:
        asyncio.run(told(one))
        one.app.state.streams.end()
        yield one


async def told(made: Room) -> None:
    """A page that one destination took at once and another one not yet."""
    store = made.home.store
    await store.send(Message(incident=ID, kind=MessageKind.PAGE, key="k", at=at(12), title="t", text="look"))
    (new,) = await store.unrouted("default", 5)
    both = tuple(
        NewDelivery(message=new.number, destination=name, urgency=0, next_at=at(12))
        for name in ("chat", "pager")
    )
    await store.route("default", (Routed(message=new.number, deliveries=both, asks=True),))
    for name, state in (("chat", DeliveryState.ACCEPTED), ("pager", DeliveryState.FAILED_FOR_NOW)):
        sender = Sender(owner="a", process=this_process(), until=at(20))
        (one,) = await store.take("default", name, sender, at(12), 1, 99)
        failed = state is DeliveryState.FAILED_FOR_NOW
        why = NASTY if failed else ""
        tried = KeptAttempt(at=at(12.5), outcome=state, reason=why)
        done = Settled(
            delivery=one.number, owner="a", state=state, reason=why, attempt=tried,
            next_at=at(14) if failed else None,
        )  # fmt: skip
        await store.settle((done,))


def test_the_incident_says_who_was_reached_and_who_was_not(made: Room) -> None:
    shown = page(made)
    assert "<b>oops</b>" not in shown
    text = text_of(shown)
    assert "taken chat" in text
    assert "not yet pager it answered 500: <b>oops</b>, again at 03:12:10 UTC" in text
    assert "pager : 03:10:40 failed for now: it answered 500" in text.replace("pager:", "pager :")


def test_the_api_tells_every_delivery_and_every_try(made: Room) -> None:
    (message,) = made.get(f"/incidents/{ID}/messages").json()["items"]
    assert (message["kind"], message["text"]) == ("page", "look")
    chat, pager = message["deliveries"]
    assert (chat["destination"], chat["state"], chat["next_at"]) == ("chat", "accepted", None)
    assert (pager["state"], len(pager["attempts"]), pager["reason"]) == ("failed_for_now", 1, NASTY)
    assert made.get(f"/incidents/{ID}").json()["messages"] == [message]


def test_what_is_disabled_is_seen_and_enabled_by_who_may(made: Room) -> None:
    gone = Disabled(destination="pager", since=at(13), reason="it answered 401")
    assert asyncio.run(made.home.store.disable("default", gone))
    text = text_of(page(made, "/settings"))
    (shown,) = re.findall(r"pager webhook (.{80})", text)
    assert re.match(r"disabled since .*03:11 UTC: it answered 401", shown), shown
    assert made.client.get("/healthz").json()["destinations"] == {"pager": "disabled"}
    assert made.client.get("/healthz").json()["status"] == "degraded"
    assert made.post("/destinations/pager/enable", by="viewer").status_code == 403
    answer = made.post("/destinations/pager/enable", by="commander")
    assert (answer.status_code, answer.json()["disabled_since"]) == (200, None)
    assert made.post("/destinations/pager/enable", by="commander").status_code == 409
    assert made.client.get("/healthz").json()["destinations"] == {"pager": "failing"}
