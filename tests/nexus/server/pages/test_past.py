"""The same alert again: the pages say that it was seen before, what was done, and what people judged."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from incidents.action_items import ActionItem
from incidents.past import CAUTION
from incidents.restriction import Restriction, Sensitive
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import at
from tests.nexus.server.pages.test_decision import text_of
from tests.nexus.server.rooms import ENDED, Room, room

AGAIN = "INC-2026-12-24-001"
LINE = "Checkout was rolled back to 2026.11.1, and recovery held."
CAUSE = sample.DIAGNOSIS.summary


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    """A room in which the alert of what has ended comes again a month later."""
    with room(tmp_path) as one:
        world = WorldRef(kind=WorldKind.LIVE, path=str(tmp_path / "nexus.yaml"))
        again = sample.opened(AGAIN, 44_000)
        asyncio.run(one.home.store.register(again, world, at(44_000), "default"))
        yield one


def page(made: Room, by: str = "dana", path: str = f"/incidents/{AGAIN}") -> str:
    return text_of(made.browser(by).get(path))


def judged(made: Room, judgement: str) -> None:
    answer = made.post(f"/incidents/{ENDED}/verdict", {"judgement": judgement})
    assert answer.status_code == 200, answer.text


def test_it_says_what_was_done_and_that_nobody_has_judged_it(made: Room) -> None:
    told = page(made)
    assert f"Seen before Incidents that look alike. {CAUTION} {ENDED} 23 Nov 2026 " in told
    assert "the same alert; the same service, checkout" in told
    assert LINE in told
    assert f"Nobody has judged the cause that was named: {CAUSE}" in told
    assert "Looking alike is not having the same cause." in told
    assert "Nothing is suspected yet." in told, "the causes are what they are without it"


def test_what_people_judged_wrong_is_said_and_its_cause_is_not_repeated(made: Room) -> None:
    judged(made, "right")
    assert f"People judged the cause right: {CAUSE}" in page(made)
    judged(made, "wrong")
    told = page(made)
    assert "People judged the cause that was named then wrong" in told
    assert CAUSE not in told


def test_what_was_meant_to_prevent_it_is_named_on_both_pages(made: Room) -> None:
    item = ActionItem(
        id=f"{ENDED}-P1", incident=ENDED, action="Test old carts", owner="backend", due=date(2026, 12, 1),
        version=1, by="dana", at=at(60),
    )  # fmt: skip
    asyncio.run(made.home.store.change_item(item))
    meant = "“Test old carts” (due 1 Dec 2026) was meant to prevent this: still open."
    assert meant in page(made)
    assert meant in page(made, path=f"/incidents/{AGAIN}/post-mortem")


def test_who_may_not_see_it_is_not_told_of_it(made: Room) -> None:
    said = Restriction(incident=ENDED, why=Sensitive.BREACH, people=("dana",), by="commander", at=at(70))
    asyncio.run(made.home.store.restrict(said))
    assert ENDED in page(made)
    told = page(made, by="viewer")
    assert ENDED not in told
    assert LINE not in told


def test_of_the_older_one_nothing_younger_is_of_before(made: Room) -> None:
    assert AGAIN not in page(made, path=f"/incidents/{ENDED}")
