"""An alert that always fires opens nothing; when it stays away, the monitoring itself is an incident."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.incident import Incident
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home, open_home
from nexus.service.heartbeats import HeartbeatWatch
from nexus.service.intake import AlertIntake
from nexus.store.deliveries import Disposition
from nexus.store.lists import EVERY
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.sqlite.store import Store
from tools.clock import VirtualClock

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IncidentStore]:
    """Both stores."""
    if request.param == "memory":
        yield MemoryStore()
        return
    (tmp_path / "rows").mkdir()
    with Store.open(tmp_path / "rows") as opened:
        yield opened


class Site:
    """An intake and its watch on a clock that the test moves."""

    def __init__(self, folder: Path, store: IncidentStore, heartbeats: str = "{}") -> None:
        path = folder / "nexus.yaml"
        path.write_text(f"services: [{{name: web}}]\nintake: {{heartbeats: {heartbeats}}}\n")
        opened = open_home(Settings(home=folder / "home"), create=True)
        opened.store.close()
        home = Home(opened.settings, store, opened.files, opened.folder)  # type: ignore[arg-type]  # its port
        self.store, self.clock = store, VirtualClock(NOW)
        self.intake = AlertIntake(
            home=home, site=load_site(path), path=path, mode="playbook", clock=self.clock
        )

    async def beats(self, name: str = "Watchdog") -> Disposition:
        """The same body as ever."""
        alert = {
            "labels": {"alertname": name},
            "startsAt": "2026-03-12T03:00:00Z",
            "fingerprint": f"f-{name}",
        }
        body = {"version": "4", "groupKey": "{}:{}", "status": "firing", "alerts": [alert]}
        return (await self.intake.receive(json.dumps(body).encode())).taken

    async def after(self, minutes: float) -> None:
        """Time passes, and it is looked whether one is late."""
        self.clock.advance(timedelta(minutes=minutes))
        await HeartbeatWatch(self.intake).look()

    async def incident(self) -> Incident | None:
        """The one that is open, with what waits in its inbox."""
        rows = await self.store.page(EVERY)
        assert len(rows) <= 1
        return await self.store.load(rows[0].id) if rows else None


async def test_its_absence_opens_one_incident_and_its_return_tells_so(
    tmp_path: Path, store: IncidentStore
) -> None:
    site = Site(tmp_path, store)
    for _ in range(4):
        assert await site.beats() is Disposition.IGNORED
        await site.after(5)
    await site.after(1)
    assert await site.incident() is None, "it is late after two intervals and a minute"
    for _ in range(3):
        await site.after(10)
    found = await site.incident()
    assert found is not None
    (alert,) = found.alerts
    assert alert.title == "The monitoring itself is silent: Watchdog is not heard"
    assert (alert.starts_at, alert.severity) == (NOW + timedelta(minutes=26), "critical")
    await site.beats()
    await site.after(0.1)
    await site.after(0.1)
    (told,) = await store.events(found.id)
    assert told.kind == "alerts"
    assert [(one.fingerprint, one.firing) for one in told.alerts] == [(alert.fingerprint, False)]


async def test_an_interval_of_silence_is_not_learnt(tmp_path: Path, store: IncidentStore) -> None:
    site = Site(tmp_path, store)
    for _ in range(3):
        await site.beats()
        await site.after(5)
    await site.after(600)
    await site.beats()
    (beat,) = await store.heartbeats("default")
    assert beat.gaps == (300.0, 300.0)


async def test_one_that_the_site_expects_is_missed_though_it_was_never_heard(
    tmp_path: Path, store: IncidentStore
) -> None:
    site = Site(tmp_path, store, "{Pulse: 2m}")
    await site.after(0)
    await site.after(4.5)
    assert await site.incident() is None
    await site.after(1)
    found = await site.incident()
    assert found is not None
    assert "Pulse is not heard" in found.title
    assert await site.beats("Pulse") is Disposition.IGNORED, "the name alone makes it a heartbeat"
    await site.after(0.1)
    (told,) = await store.events(found.id)
    assert told.kind == "alerts"
    assert not told.alerts[0].firing


async def test_what_is_expected_and_heard_is_missed_once(tmp_path: Path, store: IncidentStore) -> None:
    site = Site(tmp_path, store, "{Watchdog: 2m}")
    await site.after(0)
    await site.beats()
    await site.after(3)
    await site.after(3)
    assert len(await store.page(EVERY)) == 1


async def test_a_short_interval_is_missed_after_three(tmp_path: Path, store: IncidentStore) -> None:
    site = Site(tmp_path, store, "{Watchdog: 10s}")
    await site.beats()
    await site.after(0.45)
    assert await site.incident() is None
    await site.after(0.1)
    assert await site.incident() is not None


async def test_one_of_which_no_interval_is_known_is_given_the_usual_one(
    tmp_path: Path, store: IncidentStore
) -> None:
    site = Site(tmp_path, store)
    await site.beats()
    await site.after(8 * 60)
    assert await site.incident() is None
    await site.after(2)
    assert await site.incident() is not None


async def test_one_name_that_is_silent_twice_is_one_incident(tmp_path: Path, store: IncidentStore) -> None:
    site = Site(tmp_path, store, "{Pulse: 2m}")
    await site.after(0)
    await site.after(6)
    first = await site.incident()
    assert first is not None
    assert "Pulse is not heard" in first.title
    await site.beats("Pulse")  # under a fingerprint of its own
    await site.after(0.1)
    await site.after(7)
    assert await site.incident() == first, "it is silent again: no second one opens"
    told = [alert for event in await store.events(first.id) for alert in getattr(event, "alerts", ())]
    assert [alert.firing for alert in told] == [False, True]
    await site.beats("Pulse")
    await site.after(0.1)
    ends = [alert.firing for event in await store.events(first.id) for alert in getattr(event, "alerts", ())]
    assert ends == [False, True, False]
