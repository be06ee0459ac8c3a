"""Tickets as people ask for them: typed, by the API, and on the page of a post-mortem."""

import asyncio
import json
from pathlib import Path

from incidents.actor import Actor, Via
from nexus.service.hindsight import IncidentHindsight
from tests.nexus.command_line import Terminal
from tests.nexus.notify.tickets.trackers import TOKEN, FakeGitHub
from tests.nexus.sample import at
from tests.nexus.server.rooms import ENDED, PEOPLE, Room, csrf_of, room
from tests.tools.live.fakes.server import serving


def tracker(url: str) -> str:
    return f"tickets: {{kind: github, repository: acme/shop, url: '{url}', token: 'env:TRACKER'}}"


def to_be_done(made: Room) -> None:
    """Somebody writes an action item down."""
    dana, day = Actor.named("dana", Via.CLI), at(9000).date()
    change = IncidentHindsight.of(made.home).change_item
    asyncio.run(change(ENDED, None, 0, actor=dana, action="Alert on the pool", owner="backend", due=day))


def test_typed_they_are_made_at_once_and_listed(nexus: Terminal, tmp_path: Path) -> None:
    fake = FakeGitHub()
    with serving(lambda asked: fake.handle(asked)) as server:
        with room(tmp_path, people={}, more=tracker(server.url)) as made:
            to_be_done(made)
        nexus.set("NEXUS_HOME", str(tmp_path))
        nexus.set("TRACKER", TOKEN)
        assert "No ticket was asked for" in nexus("tickets", ENDED).out
        typed = nexus("tickets", ENDED, "--create", "--by", "dana", "--json")
        assert typed.code == 0, typed.err
        (ticket,) = [one for one in json.loads(typed.out) if one["item"] == f"{ENDED}-P1"]
        assert (ticket["making"], ticket["outside"], ticket["by"]) == ("made", "open", "dana")
        assert ticket["url"] == fake.issues[ticket["reference"]]["html_url"]
        before = len(fake.issues)
        assert nexus("tickets", ENDED, "--create", "--by", "dana").code == 0
        assert len(fake.issues) == before
    assert ticket["url"] in nexus("tickets").out
    refused = nexus("tickets", "--create")
    assert (refused.code, refused.err.startswith("nexus: Say of which incident")) == (2, True)
    assert TOKEN not in typed.out + typed.err


def test_without_a_tracker_nothing_is_asked_for(nexus: Terminal, tmp_path: Path) -> None:
    with room(tmp_path, people={}) as made:
        to_be_done(made)
    nexus.set("NEXUS_HOME", str(tmp_path))
    refused = nexus("tickets", ENDED, "--create", "--by", "dana")
    assert refused.code == 1
    assert "nexus.yaml names no tracker under `tickets`" in refused.err


def test_the_page_has_a_button_for_those_who_may(tmp_path: Path) -> None:
    people = {name: more for name, more in PEOPLE.items() if name in {"responder", "viewer"}}
    with room(tmp_path, people=people, more=tracker("http://127.0.0.1:9")) as made:
        added = {"action": "Alert on the pool", "owner": "backend", "due": "2026-12-30"}
        assert made.post(f"/incidents/{ENDED}/action-items", added, "responder").status_code == 200
        path = f"/incidents/{ENDED}/post-mortem"
        assert "Make tickets in GitHub" not in made.browser("viewer").get(path).text
        browser = made.browser("responder")
        page = browser.get(path).text
        assert "Make tickets in GitHub" in page
        # The room's environment holds no token of a tracker: the reason is told, and nothing is kept.
        answer = browser.post(f"/incidents/{ENDED}/tickets", data={"csrf": csrf_of(page)})
        assert "the variable TRACKER is not set" in answer.text
        assert made.get(f"/incidents/{ENDED}/tickets", "viewer").json() == {"items": []}
