"""How often it was right: by its page and its data twin."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.verdicts import Judgement
from nexus.store.records import DEFAULT_SITE
from tests.conformance.test_backtests import replay
from tests.conformance.test_drills import STEP, drill
from tests.nexus.cli.test_trust import said, stood
from tests.nexus.sample import ID, at
from tests.nexus.server.rooms import Room, room

SHADOW = "INC-2026-11-23-005"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def shadowed(made: Room, by: str | None) -> None:
    """One that stood in shadow, and perhaps somebody's word on it."""

    async def keep() -> None:
        world = await made.home.store.world_of(ID)
        await made.home.store.register(stood(SHADOW), world, at(50), DEFAULT_SITE)
        if by is not None:
            await made.home.store.keep_verdict(said(SHADOW, by))

    asyncio.run(keep())


def test_what_stood_in_shadow_is_apart_and_of_few_nothing_is_said(made: Room) -> None:
    shadowed(made, "Kim")
    (line,) = (one for one in made.get("/trust", "viewer").json()["lines"] if one["where"] == "shadow")
    assert (line["service"], line["proposed"], line["wrong"], line["enough"]) == ("checkout", 1, 1, False)
    page = made.browser("viewer").get("/trust").text
    for words in (
        "In shadow, where nobody was asked",
        "too few to tell",
        "What would have gone wrong",
        "4 min",
    ):
        assert words in page
    assert f'href="/incidents/{SHADOW}"' in page


def test_what_nobody_judged_is_asked_for(made: Room) -> None:
    shadowed(made, None)
    page = made.browser("viewer").get("/trust").text
    assert "Nothing that people know of." in page
    assert f'href="/incidents/{SHADOW}"' in page
    assert "nobody has judged any" in page


def test_replays_and_drills_are_told_apart_from_what_was_asked(made: Room) -> None:
    step = STEP.model_copy(update={"passed": False, "said": "2026.11.1 is no longer in the registry"})
    drilled = drill(1, 40).model_copy(update={"steps": (step, STEP.model_copy(update={"kind": None}))})
    replays = [replay(number, Judgement.RIGHT if number else Judgement.WRONG) for number in range(12)]

    async def keep() -> None:
        await made.home.store.keep_drill(drilled)
        await made.home.store.keep_replays("default", [*replays, replay(12, None)])

    asyncio.run(keep())
    view = made.get("/trust", "viewer").json()
    (line,) = (one for one in view["lines"] if one["where"] == "backtest")
    assert (line["proposed"], line["judged"], line["right"], line["wrong"]) == (13, 12, 11, 1)
    assert (view["drills"][0]["tried"], len(view["drills"][0]["failed"])) == (2, 1)
    page = made.browser("viewer").get("/trust").text
    for words in (
        "In replays of past alerts",
        "in the long run between 65 and 99 %, with 95 % certainty",
        "1 of 2 failed",
        "2026.11.1 is no longer in the registry",
        "cannot be planned",
    ):
        assert words in page
    assert 'href="/incidents/2026-' not in page, "a replay is no incident"


def test_a_shadow_says_so_wherever_it_stands(made: Room) -> None:
    shadowed(made, None)
    browser = made.browser("viewer")
    for path in ("/history", f"/incidents/{SHADOW}"):
        assert '<span class="badge shadow">shadow</span>' in browser.get(path).text
    page = browser.get(f"/incidents/{SHADOW}").text
    assert "nothing of it leaves Nexus" in page
    assert "People made the same change 4m later" in page
