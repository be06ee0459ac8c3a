"""What becomes of alerts, as a sender is answered and as the store tells afterwards."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from incidents.findings import Window
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home, open_home
from nexus.server.alerts import alert_routes
from nexus.server.limits import HttpLimits
from nexus.server.problems import HANDLERS
from nexus.server.senders import SenderDoor, TurnedAway
from nexus.service.intake import AlertIntake
from nexus.store.deliveries import DeliveryFilter, FiledDelivery
from nexus.store.memory import MemoryStore
from tests.nexus.server.test_serve import SITE, alert
from tools.clock import VirtualClock, WallClock


class Door:
    """The door for alerts in this process, over a store in memory."""

    def __init__(self, folder: Path, site: str = SITE) -> None:
        path = folder / "nexus.yaml"
        path.write_text(site)
        opened = open_home(Settings(home=folder / "home"), create=True)
        opened.store.close()
        self.store = MemoryStore()
        home = Home(opened.settings, self.store, opened.files, opened.folder)  # type: ignore[arg-type]  # its port
        self.rung: list[str] = []
        self.intake = intake = AlertIntake(
            home=home, site=load_site(path), path=path, mode="playbook", clock=WallClock(),
            ring=self.rung.append,
        )  # fmt: skip
        self.app = Starlette(routes=alert_routes(intake, SenderDoor()), exception_handlers=HANDLERS)
        self.app.state.limits = HttpLimits()

    async def send(
        self, body: object = None, *, raw: bytes | None = None, to: str = "/alerts"
    ) -> httpx2.Response:
        """Post a body."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://nexus") as client:
            return await client.post(to, content=raw) if raw is not None else await client.post(to, json=body)

    async def last(self) -> FiledDelivery:
        """The newest delivery."""
        (newest,) = await self.store.filed(DeliveryFilter(), limit=1)
        whole = await self.store.delivery(newest.number)
        assert whole is not None
        return whole

    async def reasons(self) -> list[tuple[str, str]]:
        """What became of each alert of the newest delivery, and why."""
        return [(one.disposition, one.reason) for one in (await self.last()).outcomes]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def changed(body: dict[str, Any], **fields: object) -> dict[str, Any]:
    body["alerts"][0] |= fields
    return body


async def test_each_alert_has_a_disposition_with_its_reason(door: Door) -> None:
    first = (await door.send(alert("checkout"))).json()["incident"]
    assert await door.reasons() == [("opened", "no young incident has anything to do with it")]
    await door.send(alert("web", fingerprint="f2"))
    path = f"path: web is on the path of what fails in {first}: web calls checkout"
    assert await door.reasons() == [("joined", path)]
    await door.send(alert("checkout"))
    ((kind, why),) = await door.reasons()
    assert (kind, why) == ("repeated", "that it fires since 2026-11-23 10:00:00 UTC was told before")
    await door.send(changed(alert("checkout", "resolved"), endsAt="2026-11-23T10:04:00Z"))
    assert await door.reasons() == [("resolved", "its firing of 2026-11-23 10:00:00 UTC is over")]
    await door.send(changed(alert("checkout"), startsAt="2026-11-23T10:09:00Z"))
    ((kind, why),) = await door.reasons()
    assert kind == "re-fired"
    ended = "2026-11-23 10:04:00 UTC"
    assert why == f"it fires again, after an end at {ended}; same alert: {first} has this alert already"
    assert door.rung == [first] * 4


async def test_what_its_sender_calls_most_severe_is_driven_first(door: Door) -> None:
    async def due() -> list[tuple[str, bool]]:
        return [(one.incident, one.first) for one in await door.store.due(datetime.now(UTC), 9, "default")]

    incidents = []
    for service, word in (("checkout", "warning"), ("mail", "critical"), ("search", "disaster")):
        body = alert(service, fingerprint=service)
        body["alerts"][0]["labels"]["severity"] = word
        incidents.append((await door.send(body)).json()["incident"])
    mild, severe, worst = incidents
    assert await due() == [(worst, True), (severe, False), (mild, False)]
    body = alert("checkout", fingerprint="worse")
    body["alerts"][0]["labels"]["severity"] = "P0"
    assert (await door.send(body)).json() == {"taken": "joined", "incident": mild, "delivery": 4}
    assert await due() == [(mild, True), (worst, True), (severe, False)]


async def test_a_delivery_of_several_tells_of_each(door: Door) -> None:
    body = alert("checkout")
    body["alerts"] += [
        *alert("web", fingerprint="f2")["alerts"], *alert("mail", "resolved", "f3")["alerts"],
        *alert("checkout")["alerts"],
    ]  # fmt: skip
    await door.send(body)
    kinds = [kind for kind, _ in await door.reasons()]
    assert kinds == ["opened", "opened", "taken note of", "repeated"]
    assert len(await door.store.page()) == 1


@pytest.mark.parametrize("seconds", [0, 3])
async def test_a_repetition_of_a_cluster_or_by_its_own_word_changes_nothing(door: Door, seconds: int) -> None:
    await door.send(alert("checkout"))
    again = changed(alert("checkout"), startsAt=f"2026-11-23T10:00:0{seconds}Z")
    assert (await door.send(again)).json()["taken"] == "known"
    told = changed(alert("checkout"), startsAt="2026-11-23T11:00:00Z") | {"notification_reason": "repeat"}
    assert (await door.send(told)).json()["taken"] == "known"
    assert (await door.last()).body is None
    assert len(door.rung) == 1


async def test_after_its_incident_has_ended_a_repeat_changes_nothing_and_a_new_firing_follows_it(
    door: Door,
) -> None:
    first = (await door.send(alert("checkout"))).json()["incident"]
    over = changed(alert("checkout", "resolved"), endsAt="2026-11-23T10:04:00Z")
    await door.send(over)
    store, incident = door.store, await door.store.load(first)
    assert incident is not None
    number = await store.lease(first, "me", incident.opened_at, incident.opened_at)
    assert number is not None
    ended = incident.evolve(status="resolved", ended_at=incident.opened_at)
    await store.save(ended, incident.opened_at, number)
    for late in (over, alert("checkout")):
        assert (await door.send(late)).json() == {"taken": "known", "incident": first, "delivery": 3} | {
            "delivery": (await door.last()).number
        }
    again = (await door.send(changed(alert("checkout"), startsAt="2026-11-23T11:00:00Z"))).json()
    assert again["taken"] == "opened"
    ((kind, why),) = await door.reasons()
    assert kind == "re-fired"
    assert why.endswith(f"it follows {first}, which has ended")
    second = await store.load(again["incident"])
    assert second is not None
    assert second.follows == first


async def test_an_alert_that_always_fires_opens_nothing(door: Door) -> None:
    body = alert("checkout", fingerprint="dog")
    body["alerts"][0]["labels"]["alertname"] = "Watchdog"
    for _ in range(2):
        assert (await door.send(body)).json()["taken"] == "ignored"
        assert (await door.reasons())[0][0] == "heartbeat"
    assert await door.store.page() == ()


async def test_what_cannot_be_read_or_is_too_large_leaves_a_row_with_the_reason(door: Door) -> None:
    answer = await door.send({"hello": "there"}, to="/alerts/grafana")
    assert answer.status_code == 400
    kept = await door.last()
    assert (kept.disposition, kept.sender, kept.reason) == ("unreadable", "grafana", answer.json()["error"])
    assert kept.body == b'{"hello":"there"}', "as it came"
    assert (await door.send(raw=b" " * 1_100_000)).status_code == 413
    kept = await door.last()
    assert (kept.disposition, kept.body) == ("refused", None)
    assert "larger than" in kept.reason


async def test_past_the_backlog_what_is_new_is_sent_away_and_nothing_of_it_kept(tmp_path: Path) -> None:
    door = Door(tmp_path, SITE.replace("intake: {", "intake: {backlog: 1, "))
    door.intake.clock = VirtualClock(datetime(2026, 11, 23, 10, 5, tzinfo=UTC))
    assert (await door.send(alert("checkout"))).status_code == 202
    door.intake.clock.advance(timedelta(seconds=2))
    away = await door.send(alert("mail", fingerprint="f2"))
    assert (away.status_code, away.headers["Retry-After"]) == (503, "30")
    assert "1 alerts wait, oldest 2 s" in away.json()["error"]
    own = {"title": "mails wait", "service": "mail", "status": "firing"}
    assert (await door.send(own, to="/alerts/nexus")).status_code == 429
    assert (await door.last()).number == 1
    assert (await door.send(alert("checkout"))).json()["taken"] == "known"
    worst = alert("mail", fingerprint="f3")
    worst["alerts"][0]["labels"]["severity"] = "P0"
    assert (await door.send(worst)).json()["taken"] == "opened"
    assert (await door.send(alert("checkout", "resolved"))).status_code == 202
    assert door.intake.admission.turned_away == 2
    never = {"heartbeat": {"status": 0, "msg": "down"}, "monitor": {"id": 7, "name": "mail"}, "msg": "down"}
    taken = await door.send(never, to="/alerts/uptime-kuma")
    assert taken.status_code == 202, "it would not be sent again"


def test_who_shows_no_token_is_counted_and_one_line_tells_of_many(tmp_path: Path) -> None:
    moments = iter((0.0, 0.0, 1.0, 59.0, 61.0, 61.0))
    away = TurnedAway(now=lambda: next(moments))
    with structlog.testing.capture_logs() as lines:
        for _ in range(4):
            away.count("192.0.2.7", "it shows no token")
    assert away.total == 4
    assert [line["so_far"] for line in lines] == [1, 4]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["alerts", "labels", "status", "startsAt", "title", "service", "fingerprint", "state"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60).map(lambda raw: (raw, None)),
        st.dictionaries(_FIELDS | st.text(max_size=5), _JSON, max_size=5).map(lambda value: (None, value)),
        st.dictionaries(_FIELDS, _JSON, max_size=4).map(
            lambda fields: (None, alert("checkout") | {"alerts": [alert("checkout")["alerts"][0] | fields]})
        ),
    )
)
async def test_whatever_comes_is_answered_and_leaves_exactly_one_row(
    door: Door, sent: tuple[bytes | None, Any]
) -> None:
    before = len(door.store._deliveries)
    raw = sent[0] if sent[0] is not None else json.dumps(sent[1]).encode()
    answer = await door.send(raw=raw)
    assert answer.status_code < 500, answer.text
    assert len(door.store._deliveries) == before + 1


def deployment(environment: str = "production", name: str = "checkout") -> dict[str, Any]:
    """What GitHub sends of one that succeeded."""
    return {
        "action": "created",
        "deployment_status": {"state": "success", "created_at": "2026-11-23T09:55:00Z"},
        "deployment": {"id": 71, "sha": "3f2a9c1d5e6b", "ref": "v7", "environment": environment},
        "repository": {"name": name},
    }


async def test_a_change_is_kept_once_with_what_it_is_evidence_for(door: Door) -> None:
    assert (await door.send(deployment())).json()["taken"] == "ignored"
    assert await door.reasons() == [("change", "a change of the system, kept as evidence for causes")]
    assert (await door.last()).body is not None
    await door.send(deployment())
    assert await door.reasons() == [("repeated", "the same change was told before")]
    assert (await door.last()).body is None
    await door.send(deployment("staging"))
    assert await door.reasons() == [("change", "a change of staging, not of production: no evidence here")]
    await door.send(deployment(name="till-api"))
    ((kind, why),) = await door.reasons()
    assert (kind, why.partition(",")[0]) == ("change", "a change of 'till-api'")
    await door.send(deployment(name="checkout-prod"))
    assert (await door.last()).outcomes[0].service == "checkout"


async def test_a_change_that_is_replayed_takes_the_place_of_the_first_reading(door: Door) -> None:
    await door.send(deployment())
    await door.intake.replay(await door.last())
    assert await door.reasons() == [("change", "a change of the system, kept as evidence for causes")]
    at = datetime(2026, 11, 23, tzinfo=UTC)
    (kept,) = await door.store.changes("default", Window(start=at, end=at + timedelta(days=1)))
    assert kept.sent is not None
    assert kept.sent.delivery == 2


async def test_a_cloud_event_in_binary_mode_is_read_again_with_its_headers(door: Door) -> None:
    headers = {
        "ce-specversion": "1.0", "ce-id": "1", "ce-type": "org.example.disk.raised", "ce-source": "/racks/7",
        "ce-subject": "checkout", "ce-time": "2026-11-23T09:55:00Z", "Authorization": "Bearer of-nobody",
    }  # fmt: skip
    transport = httpx2.ASGITransport(app=door.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://nexus") as client:
        answer = await client.post("/alerts", json={"full": 97}, headers=headers)
    assert answer.status_code == 202, answer.text
    first = await door.last()
    assert {one.name for one in first.headers} == {name for name in headers if name.startswith("ce-")}
    again = await door.intake.replay(first)
    assert [one.service for one in again.alerts] == ["checkout"]
    assert (await door.last()).outcomes[0].disposition == "repeated"
