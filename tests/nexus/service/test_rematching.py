"""What waits without a service is matched again once more is known, and joins or goes on rightly."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.events import AlertsMatched, AlertsTakenIn, AlertsTakenOut, Event
from incidents.severity import Status
from nexus.config.service_aliases import ConfirmedAlias, aliases_beside, confirm_alias
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home, open_home
from nexus.service.intake import AlertIntake
from nexus.service.rematching import RematchWatch
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.sqlite.store import Store
from tests.conformance.test_leases import leased
from tests.nexus.live import live
from tools.alerts.matching.topology import Thing, Topology, place_key
from tools.clock import VirtualClock

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
SITE = "services: [{name: web, depends_on: [checkout]}, {name: checkout}, {name: mail}]\n"


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IncidentStore]:
    """Both stores."""
    if request.param == "memory":
        yield MemoryStore()
        return
    (tmp_path / "rows").mkdir()
    with Store.open(tmp_path / "rows") as opened:
        yield opened


class World:
    """An intake and its watch; what is known of where services run is the test's to say."""

    def __init__(self, folder: Path, store: IncidentStore, site: str = SITE) -> None:
        self.path = folder / "nexus.yaml"
        self.path.write_text(site)
        opened = open_home(Settings(home=folder / "home"), create=True)
        opened.store.close()
        home = Home(opened.settings, store, opened.files, opened.folder)  # type: ignore[arg-type]  # its port
        self.rung: list[str] = []
        self.store, self.clock = store, VirtualClock(NOW)
        self.intake = AlertIntake(
            home=home, site=load_site(self.path), path=self.path, mode="playbook", clock=self.clock,
            ring=self.rung.append,
        )  # fmt: skip
        self.watch = RematchWatch(self.intake)

    async def fires(self, name: str, **labels: str) -> str:
        """The incident that an alert reaches."""
        alert = {
            "labels": {"alertname": name, **labels}, "startsAt": "2026-11-29T02:59:00Z", "fingerprint": name
        }  # fmt: skip
        body = {"version": "4", "groupKey": "{}:{}", "status": "firing", "alerts": [alert]}
        taken = await self.intake.receive(json.dumps(body).encode())
        assert taken.incident is not None
        return taken.incident

    def runs(self, pod: str, service: str) -> None:
        """The backends tell of a pod."""
        at = self.clock.now()
        known = Topology(at=at, services={place_key(Thing.POD, pod, "shop"): (service,)})
        self.intake.matcher.topology = lambda: known

    def confirm(self, name: str, service: str) -> None:
        """Ann says what a name means."""
        alias = ConfirmedAlias(name=name, service=service, by="Ann", at=self.clock.now())
        confirm_alias(aliases_beside(self.path), alias, self.intake.site.catalogue.names)

    async def told(self, incident: str) -> list[Event]:
        """What waits in its inbox."""
        return list(await self.store.events(incident))


@pytest.fixture
def world(tmp_path: Path, store: IncidentStore) -> World:
    return World(tmp_path, store)


async def test_what_the_backends_learn_is_told_to_the_incident_that_waits(world: World) -> None:
    waits = await world.fires("Crash", pod="till-0", namespace="shop")
    await world.watch.look()
    assert await world.told(waits) == []
    world.runs("till-0", "checkout")
    await world.watch.look()
    (event,) = await world.told(waits)
    assert isinstance(event, AlertsMatched)
    (alert,) = event.alerts
    assert (alert.service, alert.matched_by and alert.matched_by.rule) == ("checkout", "pod")
    assert world.rung[-1] == waits
    await world.watch.look()
    world.runs("till-0", "checkout")
    await world.watch.look()
    assert len(await world.told(waits)) == 1, "it is told once"


async def test_from_then_on_it_is_found_by_its_service(world: World) -> None:
    waits = await world.fires("Crash", deployment="kasse")
    world.confirm("kasse", "checkout")
    await world.watch.look()
    assert await world.fires("Slow", service="web") == waits


async def test_an_alert_that_a_name_makes_known_joins_what_it_would_have_joined(world: World) -> None:
    first = await world.fires("Errors", service="checkout")
    waits = await world.fires("Crash", deployment="kasse")
    assert waits != first
    world.confirm("kasse", "checkout")
    await world.watch.look()
    (out,), (back,) = await world.told(waits), await world.told(first)
    assert isinstance(out, AlertsTakenOut)
    assert isinstance(back, AlertsTakenIn)
    assert (out.merged, out.into, out.by, back.source) == (True, first, "Nexus", waits)
    assert [alert.service for alert in back.alerts] == ["checkout"]
    assert "kasse" in out.reason
    assert "as a person confirmed" in out.reason
    assert f"{first} is about checkout too" in out.reason
    assert set(world.rung[-2:]) == {first, waits}
    lessons = await world.store.lessons("default")
    assert lessons.taught == (), "nobody taught anything"


@pytest.mark.parametrize("why", ["taken", "later", "unrelated"])
async def test_it_goes_on_by_itself_where_that_is_not_sure(world: World, why: str) -> None:
    first = await world.fires("Errors", service="mail" if why == "unrelated" else "checkout")
    if why == "later":
        world.clock.advance(timedelta(minutes=16))
    waits = await world.fires("Crash", deployment="kasse")
    if why == "taken":
        incident = await world.store.load(waits)
        assert incident is not None
        held = incident.evolve(status=Status.HANDED_OVER, handed_over_at=NOW)
        await world.store.save(held, NOW, await leased(world.store, waits))
    world.confirm("kasse", "checkout")
    await world.watch.look()
    assert [event.kind for event in await world.told(waits)] == ["matched"]
    assert await world.told(first) == []


async def test_a_name_that_is_sent_in_a_field_is_matched_again(world: World) -> None:
    body = {"title": "Tills are slow", "service": "kasse", "fingerprint": "x"}
    taken = await world.intake.receive(json.dumps(body).encode(), "nexus")
    assert taken.incident is not None
    world.confirm("kasse", "mail")
    await world.watch.look()
    assert [event.kind for event in await world.told(taken.incident)] == ["matched"]


def test_a_running_server_tells_what_a_confirmed_name_means() -> None:
    with live() as one:
        assert one.alert(service="kasse") == (202, "opened")
        site = one.made.folder / "nexus.yaml"
        one.types("services", "alias", "kasse", "--is", "web", "--config", site)
        one.nexus.until("what it is about is known now", "as a person confirmed")
        one.seen(lambda incident: incident.alerts[0].service == "web")
