"""nexus.yaml read again while the server goes on: all of it or nothing, and said in words."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
import yaml
from starlette.testclient import TestClient

from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import open_home
from nexus.server.app import web
from nexus.server.reloading import Doors as ComeIn
from nexus.server.reloading import SiteReload
from nexus.server.senders import SenderDoor
from nexus.service.identity import People
from nexus.service.intake import AlertIntake
from nexus.service.metrics import ServerMetrics
from tests.nexus.server.rooms import shown, token_of
from tests.nexus.server.test_serve import alert
from tools.clock import WallClock

KIM_AND_SAM = [{"name": "kim", "token": "env:KIM"}, {"name": "sam", "token": "env:SAM"}]
#: What nexus.yaml says at the start.
START: dict[str, object] = {
    "services": [{"name": "web"}],
    "people": KIM_AND_SAM,
    "intake": {"token": "env:SENDERS"},
}
SENDERS = {"Authorization": "Bearer the-token-of-senders"}


@dataclass
class Doors:
    """A server's doors, and its file."""

    path: Path
    client: TestClient
    reload: SiteReload
    told: list[str] = field(default_factory=list)

    def again(self, **parts: object) -> str:
        """The file says something else and is read again; what was told."""
        self.path.write_text(yaml.safe_dump(START | parts))
        asyncio.run(self.reload.again())
        return self.told[-1]

    def send(self, service: str, headers: dict[str, str] = SENDERS, name: str = "f") -> httpx2.Response:
        body = json.dumps(alert(service, fingerprint=f"{service}-{name}"))
        return self.client.post("/alerts", content=body, headers=headers)

    def matched(self, service: str, name: str = "f") -> str | None:
        """Which service an alert is found to be about."""
        incident = self.send(service, name=name).json()["incident"]
        view = self.client.get(f"/api/v1/incidents/{incident}", headers=shown("kim")).json()
        found: str | None = view["dispositions"][-1]["service"]
        return found

    def comes_in(self, who: str) -> bool:
        return self.client.get("/api/v1/incidents", headers=shown(who)).status_code == 200


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    yield from made(tmp_path, of_this_machine=True)


def made(folder: Path, *, of_this_machine: bool) -> Iterator[Doors]:
    path = folder / "nexus.yaml"
    path.write_text(yaml.safe_dump(START))
    tokens = {name.upper(): token_of(name) for name in ("kim", "sam", "senders", "others")}
    site = load_site(path)
    with open_home(Settings(home=folder), create=True, environment=tokens) as home:
        intake = AlertIntake(home, site, path, "playbook", WallClock())
        door = SenderDoor(site.intake.senders, home.secrets("env:SENDERS"), home.secrets)
        metrics = ServerMetrics.of(site)
        app = web(intake, None, door, People.checked(site, home.secrets))
        told: list[str] = []
        known = app.state.authenticator
        come_in = ComeIn(door, known, of_this_machine)
        reload = SiteReload(intake, metrics, lambda: load_site(path), told.append, come_in)
        yield Doors(path, TestClient(app), reload, told)


def test_a_service_that_is_new_is_found_from_the_next_alert_on(doors: Doors) -> None:
    assert doors.matched("cart") is None
    said = doors.again(services=[{"name": "web"}, {"name": "cart"}])
    assert said == "nexus.yaml was read again; changed: services (added cart)"
    assert doors.matched("cart", name="g") == "cart"


def test_senders_show_what_the_file_says_now(doors: Doors) -> None:
    assert doors.send("web").status_code == 202
    doors.again(intake={"token": "env:OTHERS"})
    assert doors.send("web", name="g").status_code == 401
    others = {"Authorization": f"Bearer {token_of('others')}"}
    assert doors.send("web", others, name="g").status_code == 202


def test_whoever_is_gone_from_the_file_is_known_no_longer(doors: Doors) -> None:
    assert (doors.comes_in("kim"), doors.comes_in("sam")) == (True, True)
    said = doors.again(people=[{"name": "kim", "token": "env:KIM"}])
    assert "people (removed sam)" in said
    assert (doors.comes_in("kim"), doors.comes_in("sam")) == (True, False)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"services": [{"name": "cart", "depends_on": ["nobody"]}]}, "there is no service 'nobody'"),
        (
            {"services": [{"name": "cart"}], "people": [*KIM_AND_SAM, {"name": "eva", "token": "env:NONE"}]},
            "NONE",
        ),
        ({"services": [{"name": "cart"}], "intake": {"token": "env:KIM"}}, "show the same token"),
        ({"services": [{"name": "cart"}], "senders": {}}, "senders"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_is_told_with_its_mistake(
    doors: Doors, parts: dict[str, object], why: str
) -> None:
    said = doors.again(**parts)
    assert said.startswith("nexus.yaml cannot be used, what it said before stays in force: ")
    assert why in said
    assert doors.send("web").status_code == 202
    assert (doors.comes_in("kim"), doors.comes_in("sam")) == (True, True)
    assert doors.matched("cart") is None
    doors.path.unlink()
    asyncio.run(doors.reload.again())
    assert "stays in force" in doors.told[-1]


def test_who_is_reached_from_elsewhere_goes_on_asking_for_a_token(tmp_path: Path) -> None:
    for doors in made(tmp_path, of_this_machine=False):
        assert "listening beyond this machine" in doors.again(intake={})
        assert doors.send("web", {}).status_code == 401


def test_what_a_server_was_made_of_stays_and_is_named(doors: Doors) -> None:
    said = doors.again(site="other", worker={"at_once": 2}, services=[{"name": "web"}, {"name": "cart"}])
    assert said.endswith("changed: services (added cart); only a restart brings: site, worker")
    site = doors.reload.intake.site
    assert (site.site, site.worker.at_once) == ("default", 8)


def test_where_services_run_is_asked_of_the_metrics_of_the_start(doors: Doors) -> None:
    metrics = {"kind": "prometheus", "url": "http://127.0.0.1:9", "conventions": ["up"]}
    said = doors.again(backends={"metrics": metrics})
    assert said.endswith("where services run is asked of the metrics of before until a restart")


def test_what_is_the_same_is_said_so_and_two_at_once_come_one_after_the_other(doors: Doors) -> None:
    assert doors.again() == "nexus.yaml was read again; nothing that is used at once has changed"

    async def twice() -> None:
        await asyncio.gather(doors.reload.again(), doors.reload.again())

    doors.path.write_text(yaml.safe_dump(START | {"services": [{"name": "web"}, {"name": "cart"}]}))
    asyncio.run(twice())
    assert ["added cart" in said for said in doors.told[-2:]] == [True, False]


def test_what_waits_at_most_and_the_heartbeats_follow_the_file(doors: Doors) -> None:
    doors.again(intake={"token": "env:SENDERS", "backlog": 9, "heartbeats": {"Watchdog2": "5m"}})
    assert doors.reload.intake.admission.most == 9
    assert list(doors.reload.intake.site.intake.heartbeats) == ["Watchdog2"]
