"""How destinations stand for who looks after them, and what is shown of every delivery."""

import asyncio
from pathlib import Path

import pytest

from incidents.access import AccessRole
from incidents.actor import Actor
from incidents.errors import Forbidden, Refused, UnknownName
from nexus.config.settings import Settings
from nexus.config.site import Site
from nexus.home import open_home
from nexus.notify.destination import Outcome
from nexus.service.destinations import Destinations, how_destinations_stand
from nexus.service.messages_view import messages_view
from nexus.service.pages.ways import Tone, ways
from nexus.store.audit import DeedKind
from nexus.store.outbox import DeliveryState, Disabled
from nexus.store.records import MessageKind
from tests.nexus.notify.telling import DOWN, Scripted, Telling
from tests.nexus.sample import ID, at


def site(folder: Path) -> Site:
    return Site.model_validate(
        {
            "services": [{"name": "web"}],
            "people": [{"name": "dana", "roles": ["commander"]}, {"name": "kim", "roles": ["responder"]}],
            "backends": {},
            "notify": {
                "destinations": [
                    {"kind": "file", "name": "log", "path": str(folder / "told.jsonl")},
                    {"kind": "webhook", "name": "ops", "url": "https://ops.example/", "secret": "env:GONE"},
                ]
            },
        }
    )


def actor(name: str, role: AccessRole) -> Actor:
    return Actor(id=name, name=name, roles=(role,), via="cli", authenticated=True)


def test_a_disabled_destination_is_enabled_by_who_may_and_that_is_audited(tmp_path: Path) -> None:
    known = site(tmp_path)
    with open_home(Settings(home=tmp_path / "home"), create=True) as home:
        door = Destinations.of(home, known)
        gone = Disabled(destination="ops", since=at(3), reason="it answered 401")
        assert asyncio.run(home.store.disable(known.site, gone))
        stands = {one.name: one for one in asyncio.run(door.view()).items}
        assert (stands["ops"].disabled_since, stands["ops"].reason) == (at(3), "it answered 401")
        assert stands["log"].disabled_since is None
        with pytest.raises(Forbidden):
            asyncio.run(door.enable("ops", actor("kim", AccessRole.RESPONDER)))
        dana = actor("dana", AccessRole.COMMANDER)
        assert asyncio.run(door.enable("ops", dana)).disabled_since is None
        with pytest.raises(Refused, match="not disabled"):
            asyncio.run(door.enable("ops", dana))
        with pytest.raises(UnknownName, match="ops"):
            asyncio.run(door.enable("opss", dana))
        (row,) = asyncio.run(home.store.audit())
        assert (row.deed.kind, row.deed.about, row.deed.person) == (DeedKind.DESTINATION, "ops", "dana")


def test_a_test_says_what_became_of_it_also_where_a_secret_is_missing(tmp_path: Path) -> None:
    with open_home(Settings(home=tmp_path / "home"), create=True) as home:
        door = Destinations.of(home, site(tmp_path))
        assert asyncio.run(door.test("log")).outcome is Outcome.DELIVERED
        assert "A test of Nexus" in (tmp_path / "told.jsonl").read_text()
        missing = asyncio.run(door.test("ops"))
        assert missing.outcome is Outcome.FAILED_FOR_GOOD
        assert "GONE is not set" in missing.reason


async def test_every_way_and_every_try_is_shown() -> None:
    chat, down = Scripted("chat"), Scripted("down", always=DOWN)
    told = Telling((chat, down))
    await told.opens()
    await told.says("look at it")
    await told.goes_on()
    await told.later(3)
    kept = await told.kept()
    (shown,) = messages_view(await told.store.messages(ID), kept)
    assert [(one.destination, one.state) for one in shown.deliveries] == [
        ("chat", DeliveryState.ACCEPTED),
        ("down", DeliveryState.FAILED_FOR_NOW),
    ]
    assert [tried.reason for tried in shown.deliveries[1].attempts] == ["it cannot be reached"] * 2
    good, bad = ways(kept)
    assert (good.tone, good.words) == (Tone.GOOD, "taken")
    assert (bad.tone, bad.words, len(bad.tries)) == (Tone.BAD, "not yet", 2)
    assert "again at" in bad.why


async def test_what_fails_is_counted_where_it_waits() -> None:
    told = Telling((Scripted("ops", always=DOWN),))
    await told.opens()
    await told.says("look at it")
    await told.says("we look", MessageKind.CHANNEL)
    await told.goes_on()
    known = site(Path("/x")).model_copy(update={"site": "shop"})
    stands = {one.name: one for one in (await how_destinations_stand(told.store, known)).items}
    line = stands["ops"]
    assert (line.waiting, line.failing, line.reason) == (2, 2, "it cannot be reached")
