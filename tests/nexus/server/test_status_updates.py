"""Drafts of the status page through the doors: written, released by a named person, dropped, refused."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nexus.service.status_requests import STATUS_REQUESTS
from nexus.store.audit import DeedKind
from tests.nexus.command_line import Terminal
from tests.nexus.sample import ID
from tests.nexus.server.rooms import ENDED, Room, csrf_of, room, token_of
from tests.nexus.server.test_status_page import PUBLIC

UPDATES = f"/incidents/{ID}/status-updates"
WORDS = {"impact": "Orders may fail.", "current_action": "We are taking a change back."}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path, services=PUBLIC) as one:
        yield one


def headline(made: Room) -> str:
    return str(json.loads(made.browser().get("/status.json").text)["headline"])


def said(made: Room) -> list[tuple[str, str]]:
    rows = asyncio.run(made.home.store.audit(kind=DeedKind.STATUS_UPDATE))
    return [(row.deed.person, row.deed.said) for row in rows]


def test_what_a_person_writes_is_read_once_a_person_releases_it(made: Room) -> None:
    draft = made.post(UPDATES, WORDS).json()
    assert (draft["state"], draft["components"]) == ("draft", ["Ordering", "Browsing"])
    assert headline(made) == "Everything works"
    released = made.post(f"{UPDATES}/release", {}, by="responder").json()
    assert (released["state"], released["released_by"], released["place"]) == ("published", "responder", 1)
    assert headline(made) == "Ordering and Browsing are disturbed"
    page = made.browser().get("/status").text
    assert WORDS["impact"] in page
    assert "responder" not in page
    assert said(made) == [("dana", "written"), ("responder", "released")]


def test_a_draft_is_released_or_dropped_once(made: Room) -> None:
    made.post(UPDATES, WORDS)
    assert made.post(f"{UPDATES}/drop", {}).status_code == 200
    for verb in ("release", "drop"):
        refused = made.post(f"{UPDATES}/{verb}", {})
        assert (refused.status_code, "waits for a person" in refused.json()["detail"]) == (409, True)
    assert headline(made) == "Everything works"


def test_of_several_drafts_one_is_named(made: Room) -> None:
    first, second = (made.post(UPDATES, WORDS).json()["id"] for _ in range(2))
    assert made.post(f"{UPDATES}/release", {}).status_code == 400
    assert made.post(f"{UPDATES}/release", {"draft": "nope"}).status_code == 404
    assert made.post(f"{UPDATES}/release", {"draft": second[:8]}).json()["id"] == second
    states = {one["id"]: one["state"] for one in made.get(UPDATES).json()["items"]}
    assert states == {first: "dropped", second: "published"}


@pytest.mark.parametrize(
    "impact",
    ["checkout is broken", "2026.11.2 is broken", "see INC-2026-11-23-001", "ask dana", "vault is full"],
)
def test_words_of_the_inside_are_refused_by_name(made: Room, impact: str) -> None:
    refused = made.post(UPDATES, WORDS | {"impact": impact})
    assert refused.status_code == 400
    assert "as customers know it" in refused.json()["detail"]
    assert made.get(UPDATES).json()["items"] == []


@pytest.mark.parametrize("kind", STATUS_REQUESTS, ids=lambda one: one.path)
def test_who_only_looks_may_not_speak(made: Room, kind: type) -> None:
    made.post(UPDATES, WORDS)
    body = WORDS if kind is STATUS_REQUESTS[0] else {}
    assert made.post(f"/incidents/{ID}/{kind.path}", body, by="viewer").status_code == 403  # type: ignore[attr-defined]
    assert headline(made) == "Everything works"


def test_the_page_of_drafts_releases_with_one_click(made: Room) -> None:
    browser, path = made.browser("dana"), f"/incidents/{ID}/updates"
    csrf = csrf_of(browser.get(path).text)
    assert browser.post(path, data=WORDS | {"csrf": csrf}).status_code == 200
    shown = browser.get(path).text
    assert ", Ordering, Browsing</h2>" in shown
    assert WORDS["impact"] in shown
    assert browser.post(f"{path}/release", data={"csrf": csrf}).status_code == 200
    assert "released by dana" in browser.get(path).text
    assert headline(made) == "Ordering and Browsing are disturbed"


def test_of_an_incident_that_there_is_not_nothing_is_told(made: Room) -> None:
    assert made.get("/incidents/INC-1999-01-01-001/status-updates").status_code == 404
    assert made.get(f"/incidents/{ENDED}/status-updates").json()["items"] == []


@pytest.fixture
def terminal(made: Room, nexus: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    nexus.home.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(made.home.settings.home / "nexus.db")) as file, file:
        file.execute(f"vacuum into '{nexus.home / 'nexus.db'}'")
    monkeypatch.setenv("NEXUS_CONFIG", str(made.home.settings.home / "nexus.yaml"))
    monkeypatch.setenv("NEXUS_TOKEN", token_of("dana"))
    for name in ("dana", "viewer", "responder", "approver", "commander", "admin"):
        monkeypatch.setenv(name.upper(), token_of(name))
    return nexus


def test_it_can_be_typed_as_well(terminal: Terminal) -> None:
    assert "Everything works" in terminal("status").out
    words = ("--impact", WORDS["impact"], "--doing", WORDS["current_action"])
    assert "nexus status release" in terminal("status", "write", ID, *words).out
    assert "draft" in terminal("status", "updates", ID).out
    assert "Published" in terminal("status", "release", ID).out
    assert json.loads(terminal("status", "--json").out)["headline"] == "Ordering and Browsing are disturbed"
    (one,) = json.loads(terminal("status", "updates", ID, "--json").out)["items"]
    assert one["released_by"] == "dana"
