"""Intake by itself: a delivery opens an incident, joins one, or changes nothing; it never drives."""

import json
from pathlib import Path

import pytest

from incidents.errors import AlertError
from incidents.severity import Status
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home, open_home
from nexus.service.intake import AlertIntake
from nexus.store.memory import MemoryStore
from tests.nexus.sample import at
from tools.clock import VirtualClock

SITE = """
site: shop
services:
  - {name: web, depends_on: [checkout]}
  - {name: checkout}
  - {name: search}
intake: {join_within: 30m}
"""


class Taking:
    """An intake over the twin in memory; what it rings for is kept."""

    def __init__(self, folder: Path) -> None:
        path = folder / "nexus.yaml"
        path.write_text(SITE)
        opened = open_home(Settings(home=folder / "home"), create=True)
        opened.close()
        self.store, self.clock, self.rung = MemoryStore(), VirtualClock(at(0)), list[str]()
        home = Home(opened.settings, self.store, opened.files, opened.folder)  # type: ignore[arg-type]  # its port
        self.intake = AlertIntake(
            home=home, site=load_site(path), path=path, mode="playbook", clock=self.clock,
            ring=self.rung.append,
        )  # fmt: skip

    async def told(
        self, title: str, service: str, status: str = "firing", **more: str
    ) -> tuple[str, str | None]:
        body = {"title": title, "service": service, "status": status, **more}
        result = await self.intake.receive(json.dumps(body).encode())
        return result.taken.value, result.incident


@pytest.fixture
def taking(tmp_path: Path) -> Taking:
    return Taking(tmp_path)


async def test_what_fires_opens_an_incident_that_is_due_at_once(taking: Taking) -> None:
    taken, identity = await taking.told("errors", "checkout")
    assert taken == "opened"
    assert identity is not None
    opened = await taking.store.load(identity)
    assert opened is not None
    assert (opened.status, opened.title, opened.turn) == (Status.OPEN, "errors", 0)  # filed, not driven
    assert [due.incident for due in await taking.store.due(at(0), 5, "shop")] == [identity]
    assert taking.rung == [identity]


async def test_a_neighbour_s_alert_joins_within_its_time_only(taking: Taking) -> None:
    _, first = await taking.told("errors", "checkout")
    taking.clock.advance_to(at(29))
    assert await taking.told("slow", "web") == ("joined", first)
    taking.clock.advance_to(at(31))
    taken, other = await taking.told("empty results", "search")
    assert (taken, other == first) == ("opened", False)
    assert [event.kind for event in await taking.store.events(str(first))] == ["alerts"]
    assert taking.rung == [first, first, other]


async def test_the_same_again_is_known_and_rings_for_nothing_new(taking: Taking) -> None:
    _, first = await taking.told("errors", "checkout", starts_at="2026-11-23T02:56:00Z")
    assert await taking.told("errors", "checkout", starts_at="2026-11-23T02:56:00Z") == ("known", first)
    assert await taking.store.events(str(first)) == ()


async def test_the_end_of_something_that_nobody_works_on_opens_nothing(taking: Taking) -> None:
    assert await taking.told("errors", "checkout", status="resolved") == ("ignored", None)
    assert await taking.store.page() == ()
    assert taking.rung == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 10_000, b'{"a":' * 400 + b"1" + b"}" * 400, b'"errors"']
)
async def test_what_cannot_be_read_is_refused_and_opens_nothing(taking: Taking, body: bytes) -> None:
    with pytest.raises(AlertError):
        await taking.intake.receive(body)
    assert await taking.store.page() == ()
    assert taking.rung == []


async def test_secrets_stay_outside(taking: Taking) -> None:
    _, identity = await taking.told("errors", "checkout", description="password=hunter2hunter2")
    opened = await taking.store.load(str(identity))
    assert opened is not None
    assert "hunter2" not in opened.model_dump_json()
