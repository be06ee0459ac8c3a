"""What a notification leaves out is fetched from its sender: of a fake one, and of a real Alertmanager."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from demo.processes import Process, free_port, wait_for
from incidents.alert import Label
from nexus.service.left_out import LeftOutAlerts
from nexus.store.deliveries import DeliveryFilter, FiledDelivery
from nexus.store.memory import MemoryStore
from tests import patient
from tests.nexus.service.test_rematching import World
from tests.patience import PATIENCE
from tests.tools.live.fakes.server import Answer, Asked, Server, serving, told
from tools.live.alertmanager import matcher

SITE = "services: [{{name: mail}}, {{name: web}}]\n{intake}"
STARTED = "2026-11-29T02:59:00.000Z"
REAL = pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None, reason="not installed: prometheus-alertmanager (apt)"
)


def one(number: int, **more: object) -> dict[str, Any]:
    """An alert as both the webhook and the API write it."""
    labels = {"alertname": "QueueGrows", "service": "mail", "queue": f"q{number}"}
    made = {"labels": labels, "annotations": {}, "startsAt": STARTED, "fingerprint": f"f{number}"}
    return made | {"endsAt": "0001-01-01T00:00:00Z", "status": "firing"} | more


def active(number: int) -> dict[str, Any]:
    return one(number, status={"state": "active", "silencedBy": [], "inhibitedBy": []}, receivers=[])


def notification(*numbers: int, left_out: int) -> bytes:
    body = {
        "version": "4", "receiver": "team (mail)", "status": "firing", "truncatedAlerts": left_out,
        "groupKey": '{}:{alertname="QueueGrows"}', "groupLabels": {"alertname": "QueueGrows"},
        "alerts": [one(number) for number in numbers],
    }  # fmt: skip
    return json.dumps(body).encode()


class Sender:
    """The API of an Alertmanager in which alerts fire."""

    def __init__(self, *numbers: int) -> None:
        self.found: Answer = told([active(number) for number in numbers])

    def __call__(self, asked: Asked) -> Answer:
        assert asked.path == "/prefix/api/v2/alerts"
        return self.found


def world(folder: Path, url: str | None, name: str = "alertmanager") -> World:
    api = f"intake: {{senders: {{{name}: {{api: {{url: '{url}/prefix', timeout: 2s}}}}}}}}" if url else ""
    return World(folder, MemoryStore(), SITE.format(intake=api))


async def deliver(at: World, body: bytes, form: str | None = None) -> None:
    """Take a delivery in, and wait until what it left out was asked for."""
    fetcher = LeftOutAlerts(at.intake)
    async with fetcher.fetching():
        await at.intake.receive(body, form)
        await fetcher.done()


async def kept(at: World) -> list[FiledDelivery]:
    return list(reversed(await at.store.filed(DeliveryFilter())))


async def test_they_are_taken_in_with_where_they_are_from(tmp_path: Path) -> None:
    with serving(Sender(1, 2, 3, 4)) as server:
        at = world(tmp_path, server.url)
        await deliver(at, notification(1, 2, left_out=3))
    first, second = await kept(at)
    assert first.outcomes[-1].reason == "3 more alerts of this group were not sent; they are fetched"
    origin = "fetched, 3 were truncated in delivery 1 and 2 of them fire"
    assert [(o.fingerprint, o.disposition) for o in second.outcomes] == [("f3", "joined"), ("f4", "joined")]
    assert all(outcome.reason.startswith(f"{origin}; ") for outcome in second.outcomes)
    (incident,) = [row.id for row in await at.store.page()]
    events = [event for event in await at.store.events(incident) if event.kind == "alerts"]
    (remarked,) = {alert.remarks for event in events for alert in event.alerts}
    assert remarked == (origin,)


async def test_the_group_alone_is_asked_for(tmp_path: Path) -> None:
    with serving(Sender()) as server:
        await deliver(world(tmp_path, server.url), notification(1, left_out=1))
        (asked,) = server.asked
    assert asked.query["filter"] == ['alertname="QueueGrows"']
    assert asked.one("receiver") == r"team\ \(mail\)"
    assert (asked.one("active"), asked.one("silenced"), asked.one("inhibited")) == ("true", "false", "false")


@pytest.mark.parametrize(
    ("label", "written"),
    [
        (("severity", "page"), 'severity="page"'),
        (("path", 'C:\\"x"\n'), r'path="C:\\\"x\"\n"'),
        (("service.name", "ä"), '"service.name"="ä"'),
    ],
)
def test_labels_are_written_as_matchers(label: tuple[str, str], written: str) -> None:
    assert matcher(Label(name=label[0], value=label[1])) == written


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("no", 500), "2 alerts of delivery 1 were not sent and could not be fetched: Alertmanager at"),
        (told({"hello": 1}), "answered no list of alerts"),
        (Answer("<html>"), "answered HTML"),
        (told([]), "its sender knows of no other that fires now"),
    ],
)
async def test_what_cannot_be_fetched_is_said_and_nothing_else_happens(
    tmp_path: Path, answer: Answer, words: str
) -> None:
    sender = Sender()
    sender.found = answer
    with serving(sender) as server:
        at = world(tmp_path, server.url)
        await deliver(at, notification(1, left_out=2))
    _, note = await kept(at)
    assert words in note.outcomes[0].reason
    assert (note.disposition, len(await at.store.page())) == ("ignored", 1)


async def test_without_an_address_it_is_said_what_would_fetch_them(tmp_path: Path) -> None:
    at = world(tmp_path, None)
    await deliver(at, notification(1, left_out=2))
    (only,) = await kept(at)
    assert "`api` of its sender in nexus.yaml would fetch them" in only.outcomes[-1].reason


async def test_the_address_of_the_senders_own_name_counts_and_an_alias_is_its_form(tmp_path: Path) -> None:
    with serving(Sender(1, 2)) as server:
        at = world(tmp_path, server.url, "mimir")
        await deliver(at, notification(1, left_out=1), "mimir")
        await deliver(at, notification(3, left_out=1))
        assert len(server.asked) == 2


async def test_more_than_a_delivery_holds_comes_in_several(tmp_path: Path) -> None:
    with serving(Sender(*range(1, 701))) as server:
        at = world(tmp_path, server.url)
        await deliver(at, notification(1, left_out=699))
    assert [len(one.outcomes) for one in await kept(at)] == [2, 500, 199]


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[tuple[str, Server]]:
    """A real one that sends at most two alerts of a group, and where it sends them."""
    bodies: list[bytes] = []

    def receives(asked: Asked) -> Answer:
        bodies.append(asked.body)
        return Answer()

    with serving(receives) as receiver:
        port = free_port()
        hook = {"url": f"{receiver.url}/alerts", "max_alerts": 2}
        file = tmp_path / "alertmanager.yml"
        route = {"receiver": "nexus", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "1s"}
        file.write_text(yaml.safe_dump({
            "route": route, "receivers": [{"name": "nexus", "webhook_configs": [hook]}]
        }))  # fmt: skip
        argv = [
            "prometheus-alertmanager", f"--config.file={file}", f"--storage.path={tmp_path / 'am'}",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        ]  # fmt: skip
        process = Process("alertmanager", argv, output=tmp_path / "alertmanager.txt")
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for("alertmanager", lambda: _ready(url), seconds=PATIENCE, pause=0.05)
            yield url, receiver
        finally:
            process.stop()


def _ready(url: str) -> bool | None:
    try:
        return patient.get(f"{url}/-/ready", timeout=1).is_success or None
    except httpx2.HTTPError:
        return None


@REAL
async def test_a_real_alertmanager_tells_what_its_notification_left_out(
    tmp_path: Path, alertmanager: tuple[str, Server]
) -> None:
    url, receiver = alertmanager
    now = datetime.now(UTC)
    fired = [
        {
            "labels": {"alertname": "QueueGrows", "service": "mail", "queue": f"q{n}", "path": 'a "b"'},
            "startsAt": now.isoformat(), "endsAt": (now + timedelta(minutes=5)).isoformat(),
        }
        for n in range(7)
    ]  # fmt: skip
    fired[6]["labels"]["alertname"] = "Other"  # type: ignore[index]
    async with httpx2.AsyncClient() as client:
        posted = await client.post(f"{url}/api/v2/alerts", json=fired, timeout=PATIENCE)
    assert posted.is_success, posted.text

    def body() -> bytes | None:
        found = [asked.body for asked in receiver.asked if json.loads(asked.body)["truncatedAlerts"]]
        return found[0] if found else None

    sent = wait_for("a truncated notification", body, seconds=PATIENCE, pause=0.05)
    assert json.loads(sent)["truncatedAlerts"] == 4
    api = f"intake: {{senders: {{alertmanager: {{api: {{url: '{url}'}}}}}}}}"
    at = World(tmp_path, MemoryStore(), SITE.format(intake=api))
    at.clock.advance_to(datetime.now(UTC))
    await deliver(at, sent)
    first, second = await kept(at)
    told_of = {o.fingerprint for one in (first, second) for o in one.outcomes if o.fingerprint}
    assert len(told_of) == 6, "those of the group, and no other"
    assert len(second.outcomes) == 4
    assert all("fetched, 4 were truncated in delivery 1" in outcome.reason for outcome in second.outcomes)
