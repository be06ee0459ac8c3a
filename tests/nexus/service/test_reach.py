"""Who on duty can be woken: by what stands in `nexus.yaml`, and what the doctor says of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home
from nexus.service.check import State
from nexus.service.reach_watch import ReachWatch, check_reach, waking
from tests.nexus.sample import at
from tests.nexus.service.test_intake import Taking
from tests.tools.live.fakes.server import Answer, serving
from tools.clock import VirtualClock
from tools.live.secrets import Secrets

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
SECRETS = Secrets({"PAGER": "R0123456789", "TOPIC": "shop"})
DESTINATIONS = """
notify:
  destinations:
    - {name: pager, kind: pagerduty, routing_key: 'env:PAGER'}
    - {name: push, kind: ntfy, url: 'https://ntfy.example.org', topic: 'env:TOPIC'}
    - {name: log, kind: file, path: never-written}
"""
SERVICES = "services: [{name: web}, {name: checkout}]\n"


@pytest.fixture
def taking(tmp_path: Path) -> Taking:
    return Taking(tmp_path)


async def told(folder: Path, people: str, more: str = "") -> list[tuple[State, str]]:
    path = folder / "nexus.yaml"
    path.write_text(f"{SERVICES}people: [{people}]\n{more or DESTINATIONS}")
    found = await check_reach(load_site(path), Settings(home=folder), SECRETS, VirtualClock(NOW))
    return [(one.state, one.found) for one in found]


BOTH = "contacts: [{to: pager, at: phone}, {to: push, at: tablet}]"


async def test_two_providers_on_two_devices_are_enough(tmp_path: Path) -> None:
    ((state, said),) = await told(tmp_path, f"{{name: Dana, {BOTH}}}")
    assert state is State.OK
    assert "everybody on duty is woken" in said


@pytest.mark.parametrize(
    ("contacts", "state", "says"),
    [
        ("[{to: pager, at: phone}]", State.MISSING, "no two ways"),
        ("[{to: pager, at: phone}, {to: push, at: Phone}]", State.MISSING, "no two ways"),
        ("[{to: pager, at: phone}, {to: pager, at: tablet}]", State.MISSING, "no two ways"),
        ("[{to: log, at: disk}]", State.BROKEN, "nobody on duty is woken (Dana)"),
    ],
    ids=["one way", "one device", "one provider", "no way that wakes"],
)
async def test_what_fails_together_is_one_way(tmp_path: Path, contacts: str, state: State, says: str) -> None:
    ((found, said),) = await told(tmp_path, f"{{name: Dana, contacts: {contacts}}}")
    assert (found, says in said) == (state, True), said
    assert said.startswith("P0 of web, P0 of checkout, P1 of web, P1 of checkout: ")


async def test_who_has_no_contacts_is_named_beside_who_has(tmp_path: Path) -> None:
    ((state, said),) = await told(tmp_path, f"{{name: Dana, {BOTH}}}, {{name: Kim}}")
    assert (state, "Kim has no way that wakes a sleeper" in said) == (State.MISSING, True)
    ((state, said),) = await told(tmp_path, "{name: Dana}, {name: Kim}")
    assert (state, "no person has `contacts`" in said) == (State.MISSING, True)


async def test_a_viewer_and_who_has_left_need_not_be_woken(tmp_path: Path) -> None:
    others = "{name: Kim, roles: [viewer]}, {name: Sam, disabled: true}"
    ((state, _),) = await told(tmp_path, f"{{name: Dana, {BOTH}}}, {others}")
    assert state is State.OK


async def test_only_who_is_on_duty_counts_and_a_gap_is_loud(tmp_path: Path) -> None:
    schedule = """
oncall:
  - name: first
    services: [web]
    kind: rotation
    layers: [{people: [Dana, Kim], begins: 2026-11-23, handover: '00:00'}]
"""
    found = await told(tmp_path, f"{{name: Dana, {BOTH}}}, {{name: Kim, {BOTH}}}", DESTINATIONS + schedule)
    assert found == [(State.BROKEN, "P0 of checkout, P1 of checkout: nobody is on duty")]


async def test_a_route_that_leaves_a_way_out_leaves_it_out(tmp_path: Path) -> None:
    routes = DESTINATIONS + "  routes: [{to: [log]}, {to: [pager, push], severities: [P0]}]\n"
    found = await told(tmp_path, f"{{name: Dana, {BOTH}}}", routes)
    assert found == [(State.BROKEN, "P1 of web, P1 of checkout: nobody on duty is woken (Dana)")]


async def test_a_way_that_is_no_destination_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no destination 'pagr'; did you mean pager"):
        await told(tmp_path, "{name: Dana, contacts: [{to: pagr, at: phone}]}")


async def test_what_wakes_is_what_the_test_is_sent_to(tmp_path: Path) -> None:
    await told(tmp_path, "{name: Dana}")
    assert await waking(load_site(tmp_path / "nexus.yaml"), SECRETS) == ("pager", "push")


@pytest.mark.parametrize("shadow", ["", "shadow: {mode: shadow}\n"])
async def test_who_cannot_be_reached_is_told_once_a_day(taking: Taking, shadow: str) -> None:
    with serving(lambda asked: Answer("{}")) as server:
        path = taking.intake.path
        hook = f"{{name: team, kind: webhook, url: '{server.url}/hook', secret: 'env:HOOK'}}"
        path.write_text(
            f"{SERVICES}people: [{{name: Dana, contacts: [{{to: team, at: desk}}]}}]\n"
            f"notify: {{destinations: [{hook}]}}\n{shadow}"
        )
        home = taking.intake.home
        keys = {"HOOK": "whsec_" + "A" * 32}
        taking.intake.home = Home(home.settings, home.store, home.files, home.folder, environment=keys)
        taking.intake.use(load_site(path))
        for minutes, letters in ((0, 1), (60, 1), (24 * 60, 2)):
            taking.clock.advance_to(at(minutes))
            await ReachWatch(taking.intake).look()
            assert len(server.asked) == (0 if shadow else letters), minutes
        if not shadow:
            assert b"nobody on duty is woken (Dana)" in server.asked[0].body
