"""People are told outside by a real server: a proposal pages, a decision is told, whoever dies goes on."""

import asyncio
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from demo.processes import wait_for
from nexus.store.outbox import ARRIVED, DeliveryState
from tests.nexus.live import Live, live
from tests.nexus.notify.receiver import Behaviour, Receiver, Taken, beside
from tests.nexus.notify.test_webhook import SECRET
from tests.patience import PATIENCE

#: Of two updates that follow each other at once only the newer one is sent.
SETTLED = ARRIVED | {DeliveryState.WITHHELD}


def notify(receiver: Receiver, folder: Path) -> dict[str, object]:
    (folder / "hook").write_text(SECRET)
    hook = {"kind": "webhook", "name": "ops", "url": receiver.url, "secret": f"file:{folder / 'hook'}"}
    return {"destinations": [hook]}


def of(receiver: Receiver, purpose: str) -> Taken | None:
    return next((one for one in receiver.taken if one.json["type"] == f"nexus.{purpose}"), None)


def states(one: Live) -> list[DeliveryState]:
    with one.store() as store:
        return [each.state for each in asyncio.run(store.deliveries_of(one.incident))]


def test_a_proposal_pages_and_who_decided_is_told(tmp_path: Path) -> None:
    with beside(Receiver()) as ops, live(notify=notify(ops, tmp_path)) as one:
        one.alert()
        one.nexus.until("for a person to decide on A1")
        page = wait_for("it pages", lambda: of(ops, "decision"), seconds=PATIENCE)
        told = Webhook(SECRET).verify(page.body, dict(page.headers))["data"]
        assert told["incident"] == one.incident
        assert told["facts"]["decision"]
        assert told["facts"]["until"]
        one.saved("A1")
        assert one.decide()[0] == 200
        handled = wait_for("that is told", lambda: of(ops, "handled"), seconds=PATIENCE)
        assert handled.json["data"]["text"] == "handled by dana: approved"
        wait_for("all is kept", lambda: set(states(one)) <= SETTLED or None, seconds=PATIENCE)


@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
def test_whoever_dies_between_sending_and_noting_sends_a_page_again_under_its_key(
    tmp_path: Path, on: str, request: pytest.FixtureRequest
) -> None:
    database = request.getfixturevalue("postgres").new("told") if on == "postgresql" else None
    store = {"url": database.url.get_secret_value()} if database is not None else {}
    hangs = Receiver(always=Behaviour(hangs=True))
    with beside(hangs) as ops, live(notify=notify(ops, tmp_path), database=database, store=store) as one:
        one.alert()
        one.nexus.until("for a person to decide on A1")
        first = wait_for("it is being sent", lambda: of(ops, "decision"), seconds=PATIENCE)
        ops.always = Behaviour()
        one.again()
        again = wait_for(
            "it is sent again",
            lambda: [taken for taken in ops.taken if taken.key == first.key][1:] or None,
            seconds=PATIENCE,
        )
        assert again[0].json["data"]["resent"] is True
