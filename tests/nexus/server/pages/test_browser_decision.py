"""Decisions and post-mortems in a real browser: by keyboard alone, on a phone's width, without a reload."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from incidents.incident import Incident
from incidents.verification import Recovery
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at
from tests.nexus.server.pages.test_browser import WarRoom, chromium, room, run
from tests.nexus.server.pages.test_decision import after
from tests.nexus.server.rooms import LATE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["chromium", "room"]  # the fixtures of the room next door

#: More often nobody presses a key to come to a button.
_MOST_TABS = 80


def becomes(war: WarRoom, change: Callable[[Incident], Incident]) -> None:
    """Whoever drives the incident goes on."""
    with Store.existing(war.home) as store:
        kept = run(store.load(ID))
        assert kept is not None
        run(saved(store, change(kept), at(20)))


def waits(incident: Incident) -> Incident:
    return incident.evolve(proposals=(sample.proposal(expires_at=LATE),))


def tab_to(page: "Page", words: str) -> None:
    """Press the tabulator until something that is called so has the focus."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.innerText || ''"):
            return
    raise AssertionError(f"no key leads to {words!r}")


def test_from_the_link_to_the_signed_decision_and_its_recovery_by_keyboard(
    room: WarRoom, chromium: "Browser"
) -> None:
    becomes(room, waits)
    page = room.open(chromium, 360)
    page.locator(".decision").get_by_text("waits for you").wait_for()
    tab_to(page, "Sign and roll back")
    page.keyboard.press("Enter")
    page.wait_for_url("**/decisions/A1")
    page.get_by_text("It was signed and begins in a moment.").wait_for()
    becomes(room, after(Recovery.UNKNOWN))
    page.get_by_text("the telemetry is silent, and silence is no recovery").wait_for()
    becomes(room, after(Recovery.RECOVERED))
    page.locator(".decision .badge").get_by_text("recovered", exact=True).wait_for()
    assert room.said == []


def test_a_proposal_comes_onto_an_open_page_and_nothing_is_replaced_under_a_hand(
    room: WarRoom, chromium: "Browser"
) -> None:
    becomes(room, lambda incident: incident.evolve(proposals=()))
    page = room.open(chromium)
    becomes(room, waits)
    page.locator(".decision").get_by_text("waits for you").wait_for()
    page.get_by_text("Reject …").click()
    page.locator(".decision textarea").first.fill("not before the cart team")
    becomes(room, after(None))
    page.locator(".decision").get_by_text("This card is no longer how it stands.").wait_for()
    assert page.locator(".decision textarea").first.input_value() == "not before the cart team"
    assert room.said == []


def test_a_post_mortem_is_edited_by_keyboard(room: WarRoom, chromium: "Browser") -> None:
    becomes(room, lambda _: sample.resolved().evolve(post_mortem_report=sample.REPORT, backlog=()))
    page = room.open(chromium)
    page.goto(f"{room.root}/incidents/{ID}/post-mortem")
    tab_to(page, "Edit the title")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("A third of the orders failed")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="A third of the orders failed").wait_for()
    page.get_by_text("checked by a person").wait_for()
    assert room.said == []


@pytest.mark.parametrize("width", [360, 1600])
def test_no_page_of_these_is_wider_than_it_may_be(room: WarRoom, chromium: "Browser", width: int) -> None:
    page = room.open(chromium, width)
    for change in (waits, after(Recovery.WORSE)):
        becomes(room, change)
        for path in (f"/incidents/{ID}/decisions/A1", f"/incidents/{ID}/post-mortem"):
            page.goto(f"{room.root}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert room.said == []
