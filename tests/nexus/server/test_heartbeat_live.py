"""A heartbeat through a real server: while it comes nothing opens, when it stays away people are paged."""

import asyncio
import json
import time

from demo.processes import wait_for
from nexus.store.records import MessageKind
from nexus.store.sqlite.store import Store
from tests import patient
from tests.nexus.command_line import typed_before
from tests.nexus.live import TOKENS, Live, live
from tests.nexus.served import working
from tests.patience import PATIENCE

WATCHDOG = {
    "labels": {"alertname": "Watchdog", "severity": "none"}, "status": "firing", "fingerprint": "dog",
    "startsAt": "2026-11-01T00:00:00Z",
}  # fmt: skip


def beat(one: Live) -> str:
    body = {"version": "4", "groupKey": "{}:{}", "status": "firing", "alerts": [WATCHDOG]}
    taken: str = patient.post(one.nexus.url, json=body).json()["taken"]
    return taken


def incidents(one: Live) -> list[str]:
    return [row["id"] for row in json.loads(typed_before(one.home, "incidents", "--json"))]


def pages(one: Live) -> list[str]:
    with Store.existing(one.home) as store:
        sent = asyncio.run(store.messages(one.incident))
    return [message.text for message in sent if message.kind is MessageKind.PAGE]


def test_it_is_missed_by_doors_alone_and_by_hands_alone() -> None:
    with live(
        words=("--engine", "playbook", "--no-worker"), intake={"heartbeats": {"Watchdog": "1s"}}
    ) as one:
        assert beat(one) == "ignored"
        (one.incident,) = wait_for("doors miss it", lambda: incidents(one) or None, seconds=PATIENCE)
        beat(one)
        one.nexus.kill()  # it led, and is heard no more
        with working(one.made.folder, one.home, **TOKENS) as hands:
            hands.until("The monitoring itself is silent")
            one.seen(lambda incident: "silence" in incident.reminders)
            hands.stop()


def test_a_silent_watchdog_pages_and_one_that_comes_opens_nothing() -> None:
    with live(intake={"heartbeats": {"Watchdog": "2s"}}) as one:
        until = time.monotonic() + 9  # longer than a silence that opens an incident
        while time.monotonic() < until:
            assert beat(one) == "ignored"
            time.sleep(0.5)
        assert incidents(one) == []
        one.nexus.until("The monitoring itself is silent")
        (one.incident,) = incidents(one)
        one.seen(lambda incident: "silence" in incident.reminders)
        (page,) = [text for text in pages(one) if text.startswith("The monitoring itself is silent")]
        assert "Watchdog was expected every 2s" in page
        one.seen(lambda incident: incident.in_peoples_hands)
        ended = one.stands()
        assert (ended.services, ended.proposals) == ((), ()), "what fails beside it is not its own"
        beat(one)
        one.nexus.until("is not heard is resolved")
